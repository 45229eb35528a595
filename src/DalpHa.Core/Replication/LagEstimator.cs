using DalpHa.Core.Readiness;

namespace DalpHa.Core.Replication;

/// <summary>What one standby's lag is decided from. The standby was sampled before the primary, so that what is seen as missing is never too little.</summary>
/// <param name="Site">The standby's site.</param>
/// <param name="Standby">What came of asking the standby.</param>
/// <param name="Active">What came of asking the active site's servers.</param>
/// <param name="Peers">What came of asking the other servers of the standby's site.</param>
/// <param name="History">What is remembered, this measurement's positions of the primary included.</param>
/// <param name="Threshold">What lag is held to.</param>
/// <param name="Now">Our clock.</param>
public sealed record LagQuestion(
    string Site,
    ServerObservation Standby,
    IReadOnlyList<ServerObservation> Active,
    IReadOnlyList<ServerObservation> Peers,
    ReplicationHistory History,
    LagThreshold Threshold,
    DateTimeOffset Now);

/// <summary>Decides how far a standby is behind, from samples and memory alone.</summary>
public static class LagEstimator
{
    /// <summary>The standby's lag.</summary>
    public static DalpReplicationLag Estimate(LagQuestion question)
    {
        var findings = new Findings();
        var primary = FindPrimary(question, findings);
        var lag = new DalpReplicationLag
        {
            Site = question.Site,
            Standby = question.Standby.Server,
            Primary = primary?.Server,
            Status = CheckStatus.Unknown,
            PrimaryLsn = primary?.CurrentLsn,
            Slot = question.History.Slot,
            LastHealthyAt = question.History.LastHealthyAt,
            Threshold = question.Threshold,
            Detail = "",
            At = question.Now,
        };
        lag = question.Standby switch
        {
            { Sample: null, Failure: var failure } => Unseen(lag, findings, failure?.Message ?? "It was not asked."),
            { Sample.IsInRecovery: false } => Promoted(lag, question, primary, findings),
            { Sample: { } standby } when primary is not null && primary.SystemIdentifier != standby.SystemIdentifier => Stranger(lag, standby, primary, findings),
            { Sample: { } standby } => Measure(lag, question, standby, primary, findings),
        };
        var (status, detail) = findings.Conclude(Describe(lag));
        return lag with { Status = status, Detail = detail, LastHealthyAt = status == CheckStatus.Pass ? question.Now : lag.LastHealthyAt };
    }

    /// <summary>
    /// The age of the oldest commit that the standby may lack: nothing when it has all; else counted from the newest moment up to which it is known to
    /// have everything, by the primary's clock: its last replayed commit, or a remembered position of the primary that it has passed.
    /// </summary>
    public static TimeSpan? BoundLag(DatabaseSample standby, DatabaseSample primary, ReplicationHistory history)
    {
        if (standby.ReplayLsn is not { } replayed || primary.CurrentLsn is not { } current)
        {
            return null;
        }
        if (replayed >= current)
        {
            return TimeSpan.Zero;
        }
        // A time later than the primary's own now is from before its clock was set back, and says nothing.
        var known = new[] { standby.LastReplayedCommitAt, history.NewestReached(replayed)?.PrimaryTime };
        return primary.ServerTime - known.Where(time => time <= primary.ServerTime).Max();
    }

    private static DatabaseSample? FindPrimary(LagQuestion question, Findings findings)
    {
        var writable = question.Active.Select(observation => observation.Sample).OfType<DatabaseSample>().Where(sample => !sample.IsInRecovery).ToList();
        if (writable.Count > 1)
        {
            findings.Add(CheckStatus.Fail, $"Two servers of the active site accept writes: {string.Join(" and ", writable.Select(sample => sample.Server))}");
        }
        foreach (var peer in question.Peers.Where(peer => peer.Sample is { IsInRecovery: false }))
        {
            findings.Add(CheckStatus.Fail, $"{peer.Server}, of the same site, accepts writes");
        }
        if (writable.Count == 0)
        {
            var unseen = question.Active.Where(observation => observation.Sample is null).ToList();
            findings.Add(
                question.Active.Count > 0 && unseen.Count == 0 ? CheckStatus.Fail : CheckStatus.Unknown,
                question.Active.Count == 0 ? "The topology names no database server of the active site"
                    : unseen.Count == 0 ? "No server of the active site accepts writes: all are in recovery"
                    : $"The primary can't be seen: {string.Join(" ", unseen.Select(observation => observation.Failure?.Message))}".TrimEnd('.'));
        }
        return writable.Find(sample => sample.SystemIdentifier == question.Standby.Sample?.SystemIdentifier) ?? writable.FirstOrDefault();
    }

    private static DalpReplicationLag Unseen(DalpReplicationLag lag, Findings findings, string why)
    {
        findings.Add(CheckStatus.Unknown, why.TrimEnd('.'));
        return lag;
    }

    private static DalpReplicationLag Promoted(DalpReplicationLag lag, LagQuestion question, DatabaseSample? primary, Findings findings)
    {
        findings.Add(
            CheckStatus.Fail,
            (primary, question.Standby.Sample) switch
            {
                (null, _) => $"{lag.Standby} accepts writes: it was promoted, and is no standby any more",
                ({ IsReadOnly: true } former, { IsReadOnly: true }) => $"{former.Server} and {lag.Standby} are primaries both, and both are frozen: nobody can write. Resume-DalpWrite lets the one that shall go on",
                ({ IsReadOnly: true } former, _) => $"{lag.Standby} accepts writes: it was promoted, and {former.Server} is frozen. Compare-DalpDatabase shows what {former.Server} alone has, Restore-DalpStandby lets it follow",
                ({ } serving, { IsReadOnly: true }) => $"{lag.Standby} is no standby: it is a primary of its own, and frozen. Restore-DalpStandby lets it follow {serving.Server} again",
                ({ } other, _) => $"Two primaries: {other.Server} and {lag.Standby} both accept writes, and their data diverge. Stop one now",
            });
        return lag with { Link = ReplicationLink.Broken };
    }

    private static DalpReplicationLag Stranger(DalpReplicationLag lag, DatabaseSample standby, DatabaseSample primary, Findings findings)
    {
        findings.Add(
            CheckStatus.Fail,
            $"{standby.Server} is not a standby of {primary.Server}: its system identifier is {standby.SystemIdentifier}, the primary's {primary.SystemIdentifier}");
        return lag with { Link = ReplicationLink.Broken, ReplayLsn = standby.ReplayLsn, ReceiveLsn = standby.ReceiveLsn };
    }

    private static DalpReplicationLag Measure(DalpReplicationLag lag, LagQuestion question, DatabaseSample standby, DatabaseSample? primary, Findings findings)
    {
        var others = question.Active.Concat(question.Peers).ToList();
        var servers = others.Select(observation => observation.Sample).OfType<DatabaseSample>().OrderByDescending(sample => sample == primary).ToList();
        var link = LinkJudge.Judge(standby, primary, servers, others.All(observation => observation.Sample is not null), question.History);
        var slot = (link.Upstream ?? primary)?.Slots.FirstOrDefault(s => s.Name == (standby.Receiver?.SlotName ?? question.History.Slot));
        var received = LinkJudge.Received(standby);
        // Positions of two timelines compare only while the standby streams: then the primary has made sure that it wrote what the standby has.
        var current = standby.Timeline != primary?.Timeline && link.Link is not (ReplicationLink.Streaming or ReplicationLink.CatchingUp) ? null : primary?.CurrentLsn;
        lag = lag with
        {
            Link = link.Link,
            ReceiveLsn = standby.ReceiveLsn,
            ReplayLsn = standby.ReplayLsn,
            LagBytes = Behind(current, standby.ReplayLsn),
            ReceiveLagBytes = Behind(current, received),
            ReplayLagBytes = Behind(received, standby.ReplayLsn),
            LagTime = primary is not null && IsLive(link.Link) && standby.ReplayLsn <= current ? BoundLag(standby, primary, question.History) : null,
            Slot = slot?.Name ?? standby.Receiver?.SlotName ?? lag.Slot,
            SlotStatus = slot is null ? null : slot is { IsActive: false, WalStatus: not "lost" } ? "inactive" : slot.WalStatus,
            ArchiveAge = primary?.Archiver?.LastArchivedAt is { } archived ? NotNegative(primary.ServerTime - archived) : null,
            PossibleLoss = primary is null ? BoundLoss(standby, received, question) : !IsLive(link.Link) && received <= current ? BoundLag(standby, primary, question.History) : null,
        };
        StandbyFindings.Collect(lag, link, standby, primary, slot, findings);
        return lag;
    }

    /// <summary>Whether the primary has gone over to a timeline that the standby has not reached.</summary>
    internal static bool IsOnOlderTimeline(DatabaseSample standby, DatabaseSample? primary) => standby.Timeline < primary?.Timeline;

    private static bool IsLive(ReplicationLink link) => link is ReplicationLink.Streaming or ReplicationLink.CatchingUp or ReplicationLink.Archive;

    private static long? Behind(Lsn? ahead, Lsn? behind) => ahead is { } a && behind is { } b && a >= b ? a - b : null;

    // Every commit before a remembered position that has reached the standby is safe. So is every commit up to the last replayed one, whose time is the
    // primary's: we carry the primary's clock on from when it was last read, and take the standby's where that gives more. An age below zero comes of
    // clocks that disagree, and bounds nothing.
    private static TimeSpan? BoundLoss(DatabaseSample standby, Lsn? received, LagQuestion question)
    {
        var history = question.History.SystemIdentifier == standby.SystemIdentifier ? question.History : ReplicationHistory.Empty;
        var reached = received is { } position ? history.NewestReached(position) : null;
        var carriedOn = history.Points.Count > 0 ? history.Points[^1].PrimaryTime + (question.Now - history.Points[^1].ObservedAt) : standby.ServerTime;
        var primaryTime = carriedOn > standby.ServerTime ? carriedOn : standby.ServerTime;
        var ages = new[] { question.Now - reached?.ObservedAt, primaryTime - standby.LastReplayedCommitAt };
        return ages.Where(age => age >= TimeSpan.Zero).Min();
    }

    private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;

    private static string Describe(DalpReplicationLag lag) => lag switch
    {
        { LagBytes: 0 } => $"Has all of {lag.Primary}.",
        { LagTime: { } time } => $"At most {Text.Of(time)} behind {lag.Primary}.",
        _ => "Its lag is not known.",
    };
}
