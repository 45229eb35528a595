using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// The server that a step promotes, beyond its proof: what is foreseen of its commits before, and what is found of it afterwards. The former primary is asked before
/// the promotion, while it may still answer; nothing here lies between the last write of the one and the first of the other.
/// </summary>
internal sealed class PromotedServer
{
    // Each statement has a bound of its own; this one is for all of them. Whoever does not answer within it is looked at by people.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FailoverWorld world;
    private readonly DatabaseServerSettings server;
    private readonly ServerProvision? former;

    private PromotedServer(FailoverWorld world, DatabaseServerSettings server, ServerProvision? former, IReadOnlyList<Precondition> preconditions)
    {
        this.world = world;
        this.server = server;
        this.former = former;
        Preconditions = preconditions;
    }

    /// <summary>What must hold before: a server whose commits would hang is no use as a primary.</summary>
    public IReadOnlyList<Precondition> Preconditions { get; }

    /// <summary>Looks at what the former primary has; null where none is seen, and where several are. The gates tell why.</summary>
    public static async Task<ServerProvision?> FindFormerAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var all = await Task.WhenAll((world.Active.Site.Database?.Servers ?? []).Select(one => world.Active.FindProvisionAsync(one, cancellationToken))).ConfigureAwait(false);
        return all.Where(one => one is { IsInRecovery: false }).ToList() is [var primary] ? primary : null;
    }

    /// <summary>Looks at what it has as a standby.</summary>
    /// <param name="world">Both sites.</param>
    /// <param name="candidate">The server.</param>
    /// <param name="former">What the former primary has; null where that can't be seen.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PromotedServer> MeasureAsync(FailoverWorld world, PromotionCandidate candidate, ServerProvision? former, CancellationToken cancellationToken) => new(
        world, candidate.Server, former, candidate is { CanBeLookedAt: true, IsPromoted: false } ? await CommitsAsync(world, candidate.Server, cancellationToken).ConfigureAwait(false) : []);

    /// <summary>Finds what it has as a primary. Throws nothing: what can't be seen is a finding too.</summary>
    public async Task<IReadOnlyList<DalpCheckResult>> LookAsync(CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Patience, world.Time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        IReadOnlyList<(string Check, Finding Finding)> found;
        try
        {
            found = [.. WayBackRule.Judge(await ViewAsync(bound.Token).ConfigureAwait(false)), .. await FrozenHeirsAsync(bound.Token).ConfigureAwait(false)];
        }
        catch (DalpException exception)
        {
            found = [Unseen(exception.Message, exception.RecommendedAction)];
        }
        catch (OperationCanceledException)
        {
            var why = cancellationToken.IsCancellationRequested ? "The operator asked to stop." : $"It did not answer within {Patience.TotalSeconds:0} s.";
            found = [Unseen($"{why} The promotion was proven before.", "Look at its slots, archive and synchronous_standby_names yourself.")];
        }
        var at = world.Time.GetUtcNow();
        return [.. found.Select(one => DalpCheckResult.Of(one.Check, one.Finding, at))];
    }

    // What follows it on its site may have been frozen with it, and would take no writes on the day that it is promoted. Nobody waits for that now.
    private async Task<IEnumerable<(string Check, Finding Finding)>> FrozenHeirsAsync(CancellationToken cancellationToken)
    {
        var others = await Task.WhenAll((world.Standby.Site.Database?.Servers ?? []).Where(one => one.Name != server.Name).Select(one => world.Standby.ReadServerAsync(one, cancellationToken))).ConfigureAwait(false);
        return others.Where(one => one.Now is { IsInRecovery: true, IsReadOnlyByDefault: true }).Select(one => ("Replicas", Finding.Warn(
            world.Standby.Name, one.Server.Name, "read-only by default", "takes writes when it is promoted", $"It follows {server.Name}, and was frozen with it.",
            $"Let it go when there is time: Resume-DalpWrite -Site {world.Standby.Site.Role}{(ClusterOf(world) is { } cluster ? $" -PostgresCluster {cluster}" : "")}.")));
    }

    private async Task<PromotedView> ViewAsync(CancellationToken cancellationToken)
    {
        var control = await world.Standby.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
        var view = new PromotedView(world.Standby.Name, server.Name, await control.ReadProvisionAsync(cancellationToken).ConfigureAwait(false))
        {
            Cluster = ClusterOf(world),
            Former = former,
            FormerNames = [.. (world.Active.Site.Database?.Servers ?? []).Select(one => one.Name)],
            Kind = world.Runbook.Promotion switch
            {
                { UsesCloudNativePg: false } => WayBackKind.Server,
                { Method: PromotionMethod.CloudNativePgDistributed } when await IsByTokenAsync(cancellationToken).ConfigureAwait(false) => WayBackKind.DemotedCluster,
                _ => WayBackKind.LostCluster,
            },
        };
        try
        {
            return view with { History = await control.ReadHistoryAsync(view.Now.Timeline, cancellationToken).ConfigureAwait(false) };
        }
        catch (DalpException exception)
        {
            return view with { HistoryFailure = exception };
        }
    }

    // A Cluster that is promoted without a token has none in its specification: the demotion took out what was there.
    private async Task<bool> IsByTokenAsync(CancellationToken cancellationToken) =>
        (await SitePostgresCluster.FindAsync(world.Standby, world.Runbook.Promotion.StandbyCluster!, cancellationToken).ConfigureAwait(false)).PromotionToken is not null;

    private static string? ClusterOf(FailoverWorld world) => world.Runbook.Promotion is { UsesCloudNativePg: true, StandbyCluster: var name } ? name : null;

    private (string Check, Finding Finding) Unseen(string why, string remediation) =>
        ("WayBack", Finding.Unknown(world.Standby.Name, server.Name, "can't be seen", "its slots, archive and timeline", why, remediation));

    private static async Task<IReadOnlyList<Precondition>> CommitsAsync(FailoverWorld world, DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        const string Name = "CommitsReturn";
        try
        {
            var control = await world.Standby.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
            var provision = await control.ReadProvisionAsync(cancellationToken).ConfigureAwait(false);
            var finding = WayBackRule.Commits(world.Standby.Name, server.Name, ClusterOf(world), provision, CheckStatus.Fail);
            // Nobody has to read of a setting that is not used.
            return finding is { Status: CheckStatus.Pass, Detail: "" } ? [] : [new Precondition(Name, finding)];
        }
        catch (DalpException exception)
        {
            return [new Precondition(Name, Finding.Unknown(world.Standby.Name, server.Name, "can't be seen", "commits wait for nobody who is not there", exception.Message, exception.RecommendedAction))];
        }
    }
}
