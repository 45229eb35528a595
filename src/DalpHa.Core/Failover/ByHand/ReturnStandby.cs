using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// The return of a former active site: its database servers follow the promoted one. Acts on the world's standby site, so the world's topology is the one that
/// holds afterwards. What only a former primary holds is gone then: where that is, or may be, anything that somebody committed, a person has to accept it by name.
/// </summary>
/// <param name="lossAccepted">Who accepts that, and why; null when nobody does.</param>
/// <param name="timeout">How long each outcome may take, but that of the runbook's script, which says so itself.</param>
public sealed class ReturnStandby(Attestation? lossAccepted, TimeSpan timeout) : IStepRecipe
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public string Name => "return standby";

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = world.Standby;
        SitePostgresCluster? cluster;
        try
        {
            cluster = await SitePostgresCluster.FindAsync(world.Facing(SiteRole.Standby), timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception)
        {
            return SiteUnseen.Step(Name, site, exception);
        }
        var primary = await SolePrimary.MeasureAsync(world.Active, cancellationToken).ConfigureAwait(false);
        var servers = site.Site.Database?.Servers ?? [];
        var away = await AwayAsync(world, servers, primary, cluster, cancellationToken).ConfigureAwait(false);
        // A Cluster that is a replica by its specification follows by itself, or not at all: nothing of it is thrown away here.
        var follows = cluster is { Now.IsReplica: true };
        var divergences = away.Count > 0 && !follows ? await world.CompareAsync(cancellationToken).ConfigureAwait(false) : [];
        return new FailoverStep
        {
            Name = Name,
            Measured = away.Count == 0 && servers.Count > 0 ? $"{site.Name} follows {primary.Name}." : string.Join(" ", divergences.Select(one => $"{one.Server}: {one.Verdict}. {one.Detail}").DefaultIfEmpty($"{site.Name} does not follow yet.")),
            Preconditions =
            [
                new Precondition("OnePrimary", primary.Finding),
                .. away.Count > 0 || servers.Count == 0 ? await FencedAsync(world, cluster, cancellationToken).ConfigureAwait(false) : [],
                .. divergences.Where(one => away.Any(server => server.Name == one.Server)).Select(one => new Precondition("LossAccepted", Judge(one))),
                .. away.Count > 0 && !follows ? [new Precondition("RejoinHook", Way(world, cluster))] : (Precondition[])[],
            ],
            Facts = Facts(divergences),
            Stages =
            [
                .. follows ? (IReadOnlyList<IReadOnlyList<FailoverAction>>)[[cluster!.Unfence()]] : [],
                [.. servers.Select(server => Return(world, server, primary.Name, follows, divergences.FirstOrDefault(one => one.Server == server.Name)))],
                // A later promotion must find it ready to take writes. Until then it is in recovery, and takes none.
                // A standby takes no writes: it is only no longer to come back read-only when it is promoted one day.
                [.. servers.Select(server => SiteDatabase.OfActive(world.Facing(SiteRole.Standby), timeout).Thaw(server) with { Name = $"Take the freeze off {server.Name}, a standby now" })],
            ],
        };
    }

    private static async Task<IReadOnlyList<DatabaseServerSettings>> AwayAsync(
        FailoverWorld world, IReadOnlyList<DatabaseServerSettings> servers, SolePrimary primary, SitePostgresCluster? cluster, CancellationToken cancellationToken)
    {
        var lags = await world.MeasureLagAsync(cancellationToken).ConfigureAwait(false);
        return [.. servers.Where(server => cluster is { Now.IsReplica: false } || !lags.Any(lag => lag.Standby == server.Name && Follows(lag, primary.Name)))];
    }

    private static bool Follows(DalpReplicationLag lag, string primary) => lag is { Link: ReplicationLink.Streaming, Status: CheckStatus.Pass or CheckStatus.Warn } && lag.Primary == primary;

    private static async Task<IReadOnlyList<Precondition>> FencedAsync(FailoverWorld world, SitePostgresCluster? cluster, CancellationToken cancellationToken)
    {
        var fence = new SiteFence(world.Standby, world.Topology, world.OtherIsFenced, "-FormerIsFenced", cluster?.Now.Name, world.Time) { IsStandby = true };
        var writers = fence.WritersAsync(cancellationToken);
        var databases = await fence.DatabasesAsync(cancellationToken).ConfigureAwait(false);
        return [new Precondition("FormerFenced", await writers.ConfigureAwait(false)), .. databases.Select(finding => new Precondition("FormerFenced", finding))];
    }

    // For the journal: what was measured, and on whose word it was given up.
    private Dictionary<string, string> Facts(IReadOnlyList<DalpDivergence> divergences)
    {
        var facts = divergences.ToDictionary(one => JournalFact.DivergenceOf + one.Server, one => $"{one.Verdict}. {one.Detail}");
        if (lossAccepted is { } word)
        {
            facts[JournalFact.LossAccepted] = word.ToString();
        }
        return facts;
    }

    private Finding Judge(DalpDivergence divergence)
    {
        const string Expected = "nothing is lost";
        var lost = divergence switch
        {
            { LostTransactions: { } count } => $"{(divergence.IsTransactionBound ? "up to " : "")}{Wording.Count(count, "transaction")} would be lost",
            { LostBytes: { } bytes } => $"{Wording.Bytes(bytes)} would be lost, in how many transactions is not known",
            _ => "what would be lost is not known",
        };
        var remediation = "Save what only it holds, as a dump or its data directory, and reconcile it. Then who decides on it accepts the loss: -AcceptLoss '<name>: <why>'.";
        return divergence switch
        {
            { LosesNothing: true } => Finding.Pass(divergence.Site, divergence.Server, "nothing would be lost", Expected, divergence.Detail),
            { Verdict: DivergenceVerdict.Foreign } => Finding.Fail(
                divergence.Site, divergence.Server, "another database", Expected, divergence.Detail, "Correct the topology. A server that really is to be overwritten is emptied first, by people."),
            _ when lossAccepted is { } word => Finding.Warn(divergence.Site, divergence.Server, lost, Expected, $"{word.Person} accepts it: {word.Statement.TrimEnd('.')}. {divergence.Detail}", "Save what only it holds before it is gone."),
            { Verdict: DivergenceVerdict.Unknown } => Finding.Unknown(divergence.Site, divergence.Server, lost, Expected, divergence.Detail, remediation),
            _ => Finding.Fail(divergence.Site, divergence.Server, lost, Expected, divergence.Detail, remediation),
        };
    }

    private static Finding Way(FailoverWorld world, SitePostgresCluster? cluster)
    {
        const string Expected = "a script that makes it follow";
        var (site, hook) = (world.Standby.Name, world.Runbook.Promotion.RejoinHook);
        return (hook, cluster) switch
        {
            ({ } script, _) => Finding.Pass(site, Path.GetFileName(script), "given", Expected),
            (null, { Now.Name: var name }) => Finding.Fail(
                site, $"Cluster/{name}", "none is given", Expected, "It was not demoted with a token, so CloudNativePG can't make it follow: the Cluster has to be built anew, as a replica, from a copy of the primary.",
                "Delete it with its volumes and create it with bootstrap.pg_basebackup or a recovery, and spec.replica naming the primary; then run this again. Or give a script that does so: promotion.rejoinHook, -RejoinHook."),
            _ => Finding.Fail(
                site, "database", "none is given", Expected, "pg_rewind and pg_basebackup run on the server's own host, which no statement reaches.",
                "Give a script that runs them there: promotion.rejoinHook in the runbook, or -RejoinHook. Or do it by hand, and run this again: it then verifies."),
        };
    }

    private FailoverAction Return(FailoverWorld world, DatabaseServerSettings server, string primary, bool follows, DalpDivergence? divergence)
    {
        var accepted = divergence is { LosesNothing: false } && lossAccepted is { } word ? $" {word.Person} accepted what it alone held: {word.Statement.TrimEnd('.')}." : "";
        return new FailoverAction
        {
            Name = $"Return {server.Name} as standby of {primary}",
            Site = world.Standby.Name,
            Outcome = $"{server.Name} streams from {primary}, on its timeline and within the lag that the topology allows",
            LookAsync = async cancellationToken =>
            {
                var lag = (await world.MeasureLagAsync(cancellationToken).ConfigureAwait(false)).First(one => one.Standby == server.Name);
                if (!Follows(lag, primary))
                {
                    return Sighting.NotYet($"{lag.Detail} {divergence?.Detail}".TrimEnd());
                }
                var (own, others) = (await TimelineAsync(world.Standby, server.Name, cancellationToken).ConfigureAwait(false), await TimelineAsync(world.Active, primary, cancellationToken).ConfigureAwait(false));
                return own == others
                    ? Sighting.Yes($"It streams from {primary} on timeline {own}, {(lag.Slot is { } slot ? $"by its slot '{slot}'" : "without a slot")}. {lag.Detail}{accepted}")
                    : Sighting.NotYet($"It is on timeline {own}, and {primary} on {others}.");
            },
            ActAsync = cancellationToken => follows
                ? Task.CompletedTask
                : world.RunHookAsync(
                    new HookCall(world.Runbook.Promotion.RejoinHook!, "rejoin") { Facts = new Dictionary<string, string> { ["Server"] = server.Name, ["Primary"] = primary } }, cancellationToken),
            Timeout = follows ? timeout : world.Runbook.Promotion.RejoinTimeout,
            LookEvery = LookEvery,
            CanBeUndone = follows,
        };
    }

    private static async Task<int> TimelineAsync(FailoverSite site, string server, CancellationToken cancellationToken) =>
        (await site.ReadActivityAsync(site.Site.Database!.Servers.First(one => one.Name == server), cancellationToken).ConfigureAwait(false)).Timeline;
}
