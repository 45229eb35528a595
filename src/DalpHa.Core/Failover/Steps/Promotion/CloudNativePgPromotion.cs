using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// CloudNativePG. In a distributed topology the active cluster is demoted first, and the token that it leaves promotes the standby without loss; when the active
/// site is gone there is no token, and the former primary must be rebuilt. A stand-alone replica cluster is cut off from its source.
/// </summary>
internal sealed class CloudNativePgPromotion(FailoverWorld world, TimeSpan timeout) : IPromotion
{
    private const string DemotionOf = "Demote Cluster/";
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private readonly SiteDatabase database = SiteDatabase.OfStandby(world, timeout);

    private bool IsDistributed => world.Runbook.Promotion.Method == PromotionMethod.CloudNativePgDistributed;

    private string ActiveName => world.Runbook.Promotion.ActiveCluster!;

    private string StandbyName => world.Runbook.Promotion.StandbyCluster!;

    public bool StopsTheActive => IsDistributed;

    /// <summary>Whether an action is the demotion of the active cluster.</summary>
    public static bool IsDemotion(string action) => action.StartsWith(DemotionOf, StringComparison.Ordinal);

    public async Task<bool> IsUnderWayAsync(CancellationToken cancellationToken) => IsDistributed
        && await FindAsync(world.Active, ActiveName, cancellationToken).ConfigureAwait(false) is { IsReplica: true }
        && await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false) is { IsReplica: true };

    public async Task<IReadOnlyList<Precondition>> MeasureAsync(CancellationToken cancellationToken)
    {
        try
        {
            var standby = await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false);
            return [new Precondition("ClusterReady", Judge(standby))];
        }
        catch (DalpException exception)
        {
            return [new Precondition("ClusterReady", Finding.Unknown(world.Standby.Name, $"Cluster/{StandbyName}", "can't be seen", "a healthy replica", exception.Message, exception.RecommendedAction))];
        }
    }

    public IReadOnlyList<IReadOnlyList<FailoverAction>> Stages(DatabaseServerSettings server) =>
    [
        .. IsDistributed && world.ActiveIsGone is null ? (IReadOnlyList<FailoverAction>[])[[Demote()]] : [],
        [database.BecomePrimary(server, Promotions.MarkOf(world), cancellationToken => ClusterChange.OnNewestAsync(PromoteAsync, world.Time, cancellationToken), WhyNotYetAsync)],
        [Settle()],
    ];

    private Finding Judge(PostgresCluster standby)
    {
        var target = $"Cluster/{StandbyName}";
        const string Expected = "a healthy replica";
        return standby switch
        {
            { IsReplica: false, Phase: not PostgresCluster.HealthyPhase } => Finding.Warn(
                world.Standby.Name, target, $"told to be primary: {standby.Phase ?? "its operator says nothing"}", Expected, standby.PhaseReason ?? "",
                "Wait for its operator, or see what it says: kubectl cnpg status. What it refuses it does not do later by itself."),
            { IsReplica: false } => Finding.Pass(world.Standby.Name, target, "is primary already", Expected),
            { IsFenced: true } or { IsHibernated: true } => Finding.Fail(world.Standby.Name, target, standby.IsFenced ? "fenced" : "hibernated", Expected, "Its PostgreSQL does not run.", "Take the annotation away, and let it catch up."),
            { IsSwitching: true } => Finding.Fail(world.Standby.Name, target, "is changing its role", Expected, "The operator refuses a change of role during another.", "Wait until it is done."),
            { Phase: not PostgresCluster.HealthyPhase } => Finding.Fail(world.Standby.Name, target, standby.Phase ?? "no phase", Expected, standby.PhaseReason ?? "", "See what the operator says: kubectl cnpg status."),
            _ when IsDistributed && standby.Primary is null => Finding.Fail(world.Standby.Name, target, "no distributed topology", Expected, "It names no primary (spec.replica.primary).", "Correct the runbook's promotion.method, or the Cluster."),
            _ => Finding.Pass(world.Standby.Name, target, "a healthy replica", Expected),
        };
    }

    private async Task<string> WhyNotYetAsync(CancellationToken cancellationToken)
    {
        var standby = await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false);
        return $"Cluster/{StandbyName} is {(standby.IsReplica ? "a replica" : "primary by its spec")}; its operator says: {standby.Phase ?? "nothing"}{(standby.PhaseReason is { Length: > 0 } reason ? $" ({reason})" : "")}.";
    }

    private FailoverAction Demote() => new()
    {
        Name = DemotionOf + ActiveName,
        Site = world.Active.Name,
        Outcome = $"Cluster/{ActiveName} has stopped as primary and left its token, and Cluster/{StandbyName} has all that it wrote",
        LookAsync = LookDemotedAsync,
        ActAsync = async cancellationToken =>
        {
            await ClusterChange.OnNewestAsync(DemoteAsync, world.Time, cancellationToken).ConfigureAwait(false);
            await ShowDemotedAsync(cancellationToken).ConfigureAwait(false);
        },
        Timeout = timeout,
        LookEvery = LookEvery,
    };

    // In a rehearsal no server follows what an operator was only told.
    private async Task ShowDemotedAsync(CancellationToken cancellationToken)
    {
        foreach (var server in world.Active.CloudNativePg is TellingCloudNativePg ? world.Active.Site.Database?.Servers ?? [] : [])
        {
            (await world.Active.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false) as TellingDatabaseControl)?.ShowDemoted();
        }
    }

    // A token that can't be used ends it too: the promotion then says why it is refused, and asks for nothing.
    private async Task<Sighting> LookDemotedAsync(CancellationToken cancellationToken)
    {
        var active = await FindAsync(world.Active, ActiveName, cancellationToken).ConfigureAwait(false);
        if (active is not { IsReplica: true, IsSwitching: false } || await TokenOfAsync(active, cancellationToken).ConfigureAwait(false) is not { } token)
        {
            return Sighting.NotYet(active.IsReplica ? $"It is being demoted: {active.Phase}." : "It is primary.");
        }
        // What was promoted has used its token, and stands where it wants since.
        var standby = await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false);
        if (!standby.IsReplica || token is TellingCloudNativePg.TokenToCome)
        {
            return Sighting.Yes("It follows, and its token is there.");
        }
        var check = await CheckAsync(token, cancellationToken).ConfigureAwait(false);
        return check.Verdict == TokenVerdict.Wait ? Sighting.NotYet(check.Reason) : Sighting.Yes($"It follows, and its token is there. {check.Reason}");
    }

    private async Task DemoteAsync(CancellationToken cancellationToken)
    {
        var active = await FindAsync(world.Active, ActiveName, cancellationToken).ConfigureAwait(false);
        if (!active.IsReplica)
        {
            var standby = await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false);
            await world.Active.CloudNativePg.DemoteAsync(active, standby.NameInTopology, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task PromoteAsync(CancellationToken cancellationToken)
    {
        var standby = await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false);
        if (!standby.IsReplica)
        {
            // It was asked for before, and is on its way.
            return;
        }
        if (!IsDistributed)
        {
            await world.Standby.CloudNativePg.DisableReplicaAsync(standby, cancellationToken).ConfigureAwait(false);
            return;
        }
        var token = world.ActiveIsGone is null ? await AwaitTokenAsync(cancellationToken).ConfigureAwait(false) : null;
        await world.Standby.CloudNativePg.PromoteAsync(standby, token, cancellationToken).ConfigureAwait(false);
    }

    // The operator takes a token that the standby has not come up to as a reason to wait, and one that it has passed as a failure for good.
    private async Task<string> AwaitTokenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var active = await FindAsync(world.Active, ActiveName, cancellationToken).ConfigureAwait(false);
            // A rehearsal has no token to check.
            var left = await TokenOfAsync(active, cancellationToken).ConfigureAwait(false);
            var check = left is TellingCloudNativePg.TokenToCome ? new TokenCheck(TokenVerdict.Usable, "")
                : left is { } token ? await CheckAsync(token, cancellationToken).ConfigureAwait(false)
                : new TokenCheck(TokenVerdict.Wait, "There is no token.");
            switch (check.Verdict)
            {
                case TokenVerdict.Usable:
                    return left!;
                case TokenVerdict.Refuse:
                    throw new DalpException(
                        "DemotionTokenRefused",
                        FaultKind.Conflict,
                        $"The token of Cluster/{ActiveName} can't promote Cluster/{StandbyName}: {check.Reason}",
                        $"Make Cluster/{ActiveName} the primary again (spec.replica.primary), and find out what the standby followed.",
                        StandbyName);
            }
            await Task.Delay(LookEvery, world.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    // The operator leaves the token of an earlier demotion where it was. It is the one with which the standby was promoted last.
    private async Task<string?> TokenOfAsync(PostgresCluster active, CancellationToken cancellationToken)
    {
        var standby = await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false);
        return active.DemotionToken is { } token && (token != standby.LastPromotionToken || !standby.IsReplica) ? token : null;
    }

    private async Task<TokenCheck> CheckAsync(string token, CancellationToken cancellationToken)
    {
        var standby = await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false);
        var replayed = (await world.MeasureLagAsync(cancellationToken).ConfigureAwait(false))
            .Where(lag => world.Runbook.Promotion.Server is not { } name || lag.Standby == name).Select(lag => lag.ReplayLsn).FirstOrDefault();
        return standby is { SystemIdentifier: { } system, Timeline: { } timeline }
            ? DemotionToken.Check(token, system, timeline, replayed)
            : new TokenCheck(TokenVerdict.Wait, "The operator does not tell the standby's system identifier and timeline yet.");
    }

    private FailoverAction Settle() => new()
    {
        Name = $"See Cluster/{StandbyName} settle",
        Site = world.Standby.Name,
        Outcome = $"the operator calls Cluster/{StandbyName} healthy, and primary",
        LookAsync = async cancellationToken =>
        {
            var standby = await FindAsync(world.Standby, StandbyName, cancellationToken).ConfigureAwait(false);
            return standby is { IsReplica: false, IsSwitching: false, Phase: PostgresCluster.HealthyPhase }
                ? Sighting.Yes($"Timeline {standby.Timeline}, {standby.ReadyInstances} of {standby.Instances} instances ready.")
                : Sighting.NotYet(standby.Phase ?? "The operator says nothing.");
        },
        ActAsync = _ => Task.CompletedTask,
        Timeout = timeout,
    };

    private static async Task<PostgresCluster> FindAsync(FailoverSite site, string name, CancellationToken cancellationToken) =>
        await site.CloudNativePg.FindAsync(site.Namespace, name, cancellationToken).ConfigureAwait(false) ?? throw new DalpException(
            "PostgresClusterNotFound",
            FaultKind.NotFound,
            $"Namespace '{site.Namespace}' of site '{site.Name}' has no CloudNativePG Cluster '{name}'.",
            "Correct promotion.activeCluster or promotion.standbyCluster in the runbook.",
            name);
}
