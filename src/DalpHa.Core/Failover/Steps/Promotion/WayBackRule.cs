using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Failover;

/// <summary>How the former active site comes back, as far as the procedure decides it.</summary>
public enum WayBackKind
{
    /// <summary>Its server is rewound or copied anew, and follows through a slot.</summary>
    Server,
    /// <summary>Its CloudNativePG Cluster was demoted by token, and follows by itself.</summary>
    DemotedCluster,
    /// <summary>Its CloudNativePG Cluster left no token, and is built anew.</summary>
    LostCluster,
}

/// <summary>What a promoted server is judged by.</summary>
/// <param name="Site">Its site.</param>
/// <param name="Server">Its name.</param>
/// <param name="Now">What it has now, as a primary.</param>
public sealed record PromotedView(string Site, string Server, ServerProvision Now)
{
    /// <summary>How the former active site comes back.</summary>
    public WayBackKind Kind { get; init; }

    /// <summary>The CloudNativePG Cluster that runs it; null where nobody does. Its operator keeps the settings, and forbids <c>ALTER SYSTEM</c> by default.</summary>
    public string? Cluster { get; init; }

    /// <summary>The timelines that it came through; null when they can't be seen.</summary>
    public TimelineHistory? History { get; init; }

    /// <summary>Why they can't be seen; null when they can.</summary>
    public DalpException? HistoryFailure { get; init; }

    /// <summary>What the former primary had before the promotion; null when that could not be seen.</summary>
    public ServerProvision? Former { get; init; }

    /// <summary>The former primary's names in the topology, which are those that it streams by.</summary>
    public IReadOnlyList<string> FormerNames { get; init; } = [];
}

/// <summary>
/// Judges what a promoted server has for what comes next: those that follow it, the recovery of what it writes from now on, and the return of the former active site.
/// None of it takes the promotion back; all of it is cheaper to mend at once than when it is needed.
/// </summary>
public static class WayBackRule
{
    /// <summary>One finding for each check.</summary>
    public static IReadOnlyList<(string Check, Finding Finding)> Judge(PromotedView view) =>
    [
        ("Timeline", Timeline(view)),
        ("SynchronousCommit", Commits(view)),
        ("WalArchive", Archive(view)),
        .. view.Kind == WayBackKind.Server ? [("ReturnSlot", Slot(view)), ("Rewind", Rewind(view))] : (IEnumerable<(string, Finding)>)[("ReturnCluster", Cluster(view))],
        ("LogicalSlots", Logical(view)),
    ];

    /// <summary>Whether the commits of a server return once it is a primary, while these stream from it. Until then it keeps the setting and does not go by it.</summary>
    /// <param name="site">Its site.</param>
    /// <param name="server">Its name.</param>
    /// <param name="cluster">The CloudNativePG Cluster that runs it; null where nobody does.</param>
    /// <param name="provision">What it has.</param>
    /// <param name="whenNot">What it means where they don't.</param>
    public static Finding Commits(string site, string server, string? cluster, ServerProvision provision, CheckStatus whenNot)
    {
        const string Expected = "commits wait for nobody who is not there";
        var names = SynchronousNames.Parse(provision.SynchronousStandbyNames);
        var setting = $"synchronous_standby_names = '{provision.SynchronousStandbyNames}'";
        return (names.Needed, provision.Attached) switch
        {
            (0, _) => Finding.Pass(site, server, "they wait for nobody", Expected),
            (_, null) => Finding.Unknown(site, server, setting, Expected, "Who streams from it can't be seen.", "GRANT pg_monitor TO the role that logs in."),
            (_, { } attached) when names.AreServedBy(attached) => Finding.Pass(site, server, $"they wait for {Wording.List(attached)}", Expected, $"{setting}. When too few of those are left, every commit hangs."),
            (_, { } attached) => new Finding(
                whenNot,
                site,
                server,
                attached.Count == 0 ? "they wait, and nobody streams" : $"they wait; only {Wording.List(attached)} streams",
                Expected,
                $"{setting}: as a primary it tells no commit done before one that it names has it, and whoever writes hangs.",
                cluster is null
                    ? $"On {server}: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf(); and set it back when the other site follows."
                    : $"In Cluster/{cluster}, whose operator makes that setting: take out spec.postgresql.synchronous (or set minSyncReplicas to 0), and put it back when those that it waits for stream."),
        };
    }

    private static Finding Timeline(PromotedView view)
    {
        const string Expected = "a timeline of its own";
        return view switch
        {
            { Now.Timeline: 1 } => Finding.Warn(
                view.Site, view.Server, "1", Expected, "It was opened for writes and not promoted: nobody who follows can tell its log from the former primary's.", "Copy every standby anew from it; a rewind sees no fork."),
            { History.LastSwitch: { } fork } => Finding.Pass(view.Site, view.Server, $"{view.Now.Timeline}, left {fork.Timeline} at {fork.End}", Expected),
            _ => Finding.Unknown(
                view.Site, view.Server, $"{view.Now.Timeline}, left at an unknown place", Expected, view.HistoryFailure?.Message ?? "It tells no history.", view.HistoryFailure?.RecommendedAction ?? "See pg_wal/*.history on the server."),
        };
    }

    private static Finding Commits(PromotedView view) => Commits(view.Site, view.Server, view.Cluster, view.Now, CheckStatus.Warn);

    private static Finding Archive(PromotedView view)
    {
        const string Expected = "its WAL is archived";
        var (mode, hasMethod, archiver) = view.Now.Archiving;
        return (mode, hasMethod) switch
        {
            ("off", _) => Finding.Warn(
                view.Site, view.Server, "archive_mode is off", Expected, "What is written from now on is in no archive: backups reach to the promotion, and no further.",
                view.Cluster is { } off ? ArchiveOf(off) : "Set archive_mode and how it archives (a restart), or take a backup that needs no archive."),
            (_, false) => Finding.Warn(
                view.Site, view.Server, "no command, no library", Expected, "WAL that can't be archived stays until the disk is full.",
                view.Cluster is { } none ? ArchiveOf(none) : "Set archive_command or archive_library, and SELECT pg_reload_conf()."),
            _ when archiver.LastFailedAt is { } failed && !(archiver.LastArchivedAt >= failed) => Finding.Warn(
                view.Site, view.Server, $"fails, last at {failed:HH:mm:ss}Z", Expected, "WAL that can't be archived stays until the disk is full.",
                view.Cluster is { } failing ? $"See the condition ContinuousArchiving of Cluster/{failing}, and the log of its primary's pod." : "See the server's log for what the command or library says."),
            // The first eight digits of a segment's or history file's name are its timeline.
            _ when archiver.LastArchivedWal is { Length: >= 8 } wal && string.CompareOrdinal(wal[..8], $"{view.Now.Timeline:X8}") >= 0 => Finding.Pass(view.Site, view.Server, $"up to {wal}", Expected),
            _ => Finding.Unknown(
                view.Site, view.Server, $"nothing of timeline {view.Now.Timeline} yet", Expected, "It was promoted just now, and nothing shows yet that its archive takes what it writes.", "Look again in a minute: SELECT * FROM pg_stat_archiver."),
        };
    }

    // Sources: FixedConfigurationParameters in pkg/postgres/configuration.go of CloudNativePG.
    private static string ArchiveOf(string cluster) =>
        $"In Cluster/{cluster}, whose operator makes these settings: name an archive (spec.plugins with isWALArchiver, or spec.backup.barmanObjectStore), or take a backup that needs none.";

    // A slot holds WAL from the moment at which it is made on, so every minute without one is WAL that a rewound server may lack.
    private static Finding Slot(PromotedView view)
    {
        const string Expected = "the former primary's WAL is held";
        if (view.Now.Attached is { } attached && view.FormerNames.FirstOrDefault(attached.Contains) is { } returned)
        {
            return Finding.Pass(view.Site, view.Server, $"{returned} streams already", Expected);
        }
        var free = view.Now.Slots.Where(slot => slot is { IsLogical: false, IsActive: false }).ToList();
        var sound = free.Where(slot => slot.IsSound && !(slot.RestartLsn > view.History?.LastSwitch?.End)).ToList();
        if (sound.Count > 0)
        {
            return Finding.Pass(view.Site, view.Server, $"by slot {Wording.List(sound.Select(slot => slot.Name))}", Expected, $"From {sound.Min(slot => slot.RestartLsn)} on. {Bound(view.Now)}");
        }
        var name = free.Count > 0 ? free[0].Name : NameFor(view.FormerNames.Count > 0 ? view.FormerNames[0] : "former");
        var kept = view.Now.WalKeepBytes > 0 ? $"wal_keep_size keeps the last {Wording.Bytes(view.Now.WalKeepBytes)} and no more" : "the next checkpoints remove it";
        return Finding.Warn(
            view.Site,
            view.Server,
            free.Count == 0 ? "no free physical slot" : $"slot {Wording.List(free.Select(slot => slot.Name))} is lost, or holds too little",
            Expected,
            $"Without a slot {kept}. A former primary that needs older WAL has to be copied whole.",
            $"On {view.Server}, now: {(free.Count > 0 ? $"SELECT pg_drop_replication_slot('{name}'); " : "")}SELECT pg_create_physical_replication_slot('{name}', true). {Bound(view.Now)} Drop it when nobody comes back for it.");
    }

    // What a slot may be called: ReplicationSlotValidateName in slot.c of PostgreSQL's source.
    private static string NameFor(string server) => string.Concat(server.ToLowerInvariant().Select(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) ? letter : '_'));

    private static string Bound(ServerProvision now) => now.MaxSlotWalKeepBytes is { } most
        ? $"A slot is lost when it holds back more than {Wording.Bytes(most)} (max_slot_wal_keep_size)."
        : "Nothing bounds what a slot holds back: watch the disk.";

    private static Finding Rewind(PromotedView view)
    {
        const string Expected = "pg_rewind can take it back";
        const string Copy = "Plan its return as a whole copy (pg_basebackup). For the next time: wal_log_hints = on and full_page_writes = on on both servers.";
        return (view.Now.Rewind, view.Former?.Rewind) switch
        {
            ({ WritesFullPages: false }, _) or (_, { WritesFullPages: false }) => Finding.Warn(view.Site, view.Server, "full_page_writes is off", Expected, "pg_rewind refuses a server without it.", Copy),
            (_, { HasChecksums: true }) => Finding.Pass(view.Site, view.Server, "the former primary has data checksums", Expected),
            (_, { LogsHints: true }) => Finding.Pass(view.Site, view.Server, "the former primary had wal_log_hints", Expected),
            (_, { }) => Finding.Warn(view.Site, view.Server, "no checksums, no wal_log_hints", Expected, "pg_rewind refuses the former primary: it can't tell which pages it changed.", Copy),
            ({ HasChecksums: true }, null) => Finding.Pass(view.Site, view.Server, "data checksums", Expected, "The former primary was not asked; both have them from the same initdb."),
            ({ LogsHints: true }, null) => Finding.Unknown(
                view.Site, view.Server, "wal_log_hints here", Expected, "Whether the former primary had it too can't be seen, and it decides.", "On the former primary's host, before it starts again: pg_controldata, 'wal_log_hints setting'."),
            _ => Finding.Warn(
                view.Site, view.Server, "no checksums, no wal_log_hints", Expected, "Unless the former primary had wal_log_hints of its own, pg_rewind refuses it.", $"On its host: pg_controldata, 'wal_log_hints setting'. {Copy}"),
        };
    }

    private static Finding Cluster(PromotedView view)
    {
        const string Expected = "the former Cluster can follow";
        return view.Kind == WayBackKind.DemotedCluster
            ? Finding.Pass(view.Site, view.Server, "it was demoted by token", Expected, "It follows by itself as long as the WAL since then is in the archive, or kept.")
            : Finding.Warn(
                view.Site, view.Server, "it left no token", Expected,
                $"{(view.History?.LastSwitch is { } fork ? $"What it wrote after {fork.End} is not here" : "What it wrote beyond this server is not here")}, and CloudNativePG does not rewind one Cluster to another.",
                "Build it anew as a replica, from a backup or a copy of the new primary, once what only it holds was reconciled: Compare-DalpDatabase, Restore-DalpStandby.");
    }

    private static Finding Logical(PromotedView view)
    {
        const string Expected = "no consumer of changes is cut off";
        const string Remediation = "Make them anew, and let each consumer read its tables again from the start: what was committed meanwhile is in no slot.";
        var broken = view.Now.LogicalSlots.Where(slot => !slot.IsSound).Select(slot => slot.Name).ToList();
        if (view.Former is not { } former)
        {
            return broken.Count > 0
                ? Finding.Warn(view.Site, view.Server, $"{Wording.List(broken)} can't be used", Expected, "What they had to hold is gone. Which others the former primary had could not be seen.", Remediation)
                : Finding.Unknown(
                    view.Site, view.Server, $"{Wording.Count(view.Now.LogicalSlots.Count(), "logical slot")} here", Expected, "Which logical slots the former primary had could not be seen; those that were not synchronised are gone with it.",
                    "Ask whoever reads changes (subscriptions, Debezium and the like) whether they still get them.");
        }
        var missing = former.LogicalSlots.Select(slot => slot.Name).Except(view.Now.LogicalSlots.Select(slot => slot.Name)).Concat(broken).ToList();
        return missing.Count > 0
            ? Finding.Warn(view.Site, view.Server, $"{Wording.List(missing)} {(missing.Count == 1 ? "is" : "are")} lost", Expected, "A promotion takes along only logical slots that were synchronised to the standby (PostgreSQL 17 and later).", Remediation)
            : Finding.Pass(view.Site, view.Server, former.LogicalSlots.Any() ? $"{Wording.List(former.LogicalSlots.Select(slot => slot.Name))} came along" : "the former primary had none", Expected);
    }
}
