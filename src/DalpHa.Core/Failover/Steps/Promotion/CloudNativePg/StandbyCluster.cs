using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The Cluster that becomes the primary, as its operator tells of it before, meanwhile and afterwards.</summary>
/// <param name="world">Both sites.</param>
/// <param name="timeout">How long each outcome may take.</param>
/// <param name="isDistributed">Whether it belongs to a distributed topology.</param>
internal sealed class StandbyCluster(FailoverWorld world, TimeSpan timeout, bool isDistributed)
{
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(1);
    private long? lastSaid;
    private string said = "";
    private readonly string name = world.Runbook.Promotion.StandbyCluster!;

    /// <summary>Reads it.</summary>
    /// <exception cref="DalpException">It is not there, or can't be seen.</exception>
    public Task<PostgresCluster> FindAsync(CancellationToken cancellationToken) => SitePostgresCluster.FindAsync(world.Standby, name, cancellationToken);

    /// <summary>What must hold before it is told to become the primary.</summary>
    public async Task<IReadOnlyList<Precondition>> MeasureAsync(CancellationToken cancellationToken)
    {
        try
        {
            return [new Precondition("ClusterReady", Judge(await FindAsync(cancellationToken).ConfigureAwait(false)))];
        }
        catch (DalpException exception)
        {
            return [new Precondition("ClusterReady", Finding.Unknown(world.Standby.Name, $"Cluster/{name}", "can't be seen", "a healthy replica", exception.Message, exception.RecommendedAction))];
        }
    }

    /// <summary>Tells it to become the primary; done when its server has committed a write.</summary>
    /// <param name="server">The server.</param>
    /// <param name="promoteAsync">Reads the Cluster, and tells it.</param>
    public FailoverAction BecomePrimary(DatabaseServerSettings server, Func<CancellationToken, Task> promoteAsync) => SiteDatabase.OfStandby(world, timeout).BecomePrimary(
        server, Promotions.MarkOf(world), cancellationToken => ClusterChange.OnNewestAsync(promoteAsync, world.Time, cancellationToken), SayAsync) with
    {
        // Its operator takes seconds, and each look asks the cluster's API as well.
        LookEvery = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>Waits until its operator is through with it.</summary>
    public FailoverAction Settle() => new()
    {
        Name = $"See Cluster/{name} settle",
        Site = world.Standby.Name,
        Outcome = $"the operator calls Cluster/{name} healthy, and primary",
        LookAsync = async cancellationToken =>
        {
            var now = await FindAsync(cancellationToken).ConfigureAwait(false);
            return now is { IsReplica: false, IsSwitching: false, Phase: PostgresCluster.HealthyPhase }
                ? Sighting.Yes($"Timeline {now.Timeline}, {now.ReadyInstances} of {now.Instances} instances ready.")
                : Sighting.NotYet(now.Phase ?? "The operator says nothing.");
        },
        ActAsync = _ => Task.CompletedTask,
        Timeout = timeout,
    };

    // For the reader alone: it must neither hold up the look for a write nor keep its outcome from being told.
    private async Task<string> SayAsync(CancellationToken cancellationToken)
    {
        if (lastSaid is { } asked && world.Time.GetElapsedTime(asked) < SayEvery)
        {
            return said;
        }
        try
        {
            said = Say(await FindAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (DalpException exception)
        {
            said = exception.Message;
        }
        lastSaid = world.Time.GetTimestamp();
        return said;
    }

    private string Say(PostgresCluster now) =>
        $"Cluster/{name} is {(now.IsReplica ? "a replica" : "primary by its spec")}; its operator says: {now.Phase ?? "nothing"}{(now.PhaseReason is { Length: > 0 } reason ? $" ({reason})" : "")}.";

    private Finding Judge(PostgresCluster now)
    {
        var (site, target) = (world.Standby.Name, $"Cluster/{name}");
        const string Expected = "a healthy replica";
        return now switch
        {
            { IsReplica: false, Phase: not PostgresCluster.HealthyPhase } => Finding.Warn(
                site, target, $"told to be primary: {now.Phase ?? "its operator says nothing"}", Expected, now.PhaseReason ?? "",
                "Wait for its operator, or see what it says: kubectl cnpg status. What it refuses it does not do later by itself."),
            { IsReplica: false } => Finding.Pass(site, target, "is primary already", Expected),
            { IsFenced: true } or { IsHibernated: true } => Finding.Fail(site, target, now.IsFenced ? "fenced" : "hibernated", Expected, "Its PostgreSQL does not run.", "Take the annotation away, and let it catch up."),
            { IsSwitching: true } => Finding.Fail(site, target, "is changing its role", Expected, "The operator refuses a change of role during another.", "Wait until it is done."),
            { Phase: not PostgresCluster.HealthyPhase } => Finding.Fail(site, target, now.Phase ?? "no phase", Expected, now.PhaseReason ?? "", "See what the operator says: kubectl cnpg status."),
            { Primary: null } when isDistributed => Finding.Fail(site, target, "no distributed topology", Expected, "It names no primary (spec.replica.primary).", "Correct the runbook's promotion.method, or the Cluster."),
            _ => Finding.Pass(site, target, "a healthy replica", Expected),
        };
    }
}
