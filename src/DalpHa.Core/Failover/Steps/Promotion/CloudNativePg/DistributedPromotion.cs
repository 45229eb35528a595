using DalpHa.Core.Errors;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// CloudNativePG in a distributed topology: the active Cluster is demoted first, and the token that it leaves promotes the standby without loss. When the active site is
/// gone there is no token, and the former primary must be rebuilt.
/// </summary>
internal sealed class DistributedPromotion(FailoverWorld world, TimeSpan timeout) : IPromotion
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private readonly StandbyCluster cluster = new(world, timeout, isDistributed: true);

    /// <inheritdoc/>
    public bool StopsTheActive => true;

    /// <inheritdoc/>
    public async Task<bool> IsUnderWayAsync(CancellationToken cancellationToken) =>
        await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false) is { Active.IsReplica: true, Standby.IsReplica: true };

    /// <inheritdoc/>
    public Task<IReadOnlyList<Precondition>> MeasureAsync(CancellationToken cancellationToken) => cluster.MeasureAsync(cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<FailoverAction>> Stages(DatabaseServerSettings server) =>
    [
        .. world.ActiveIsGone is null ? (IReadOnlyList<FailoverAction>[])[[new ClusterDemotion(world, server, timeout).Action()]] : [],
        [cluster.BecomePrimary(server, token => PromoteAsync(server, token))],
        [cluster.Settle()],
    ];

    private async Task PromoteAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        if (world.ActiveIsGone is not null)
        {
            if (await cluster.FindAsync(cancellationToken).ConfigureAwait(false) is { IsReplica: true } alone)
            {
                await world.Standby.CloudNativePg.PromoteAsync(alone, null, cancellationToken).ConfigureAwait(false);
            }
            return;
        }
        var asked = world.Time.GetTimestamp();
        while (await TokenOfAsync(server, isLast: world.Time.GetElapsedTime(asked) > timeout * 0.75, cancellationToken).ConfigureAwait(false) is (var pair, var token))
        {
            if (token is not null)
            {
                await world.Standby.CloudNativePg.PromoteAsync(pair.Standby, token, cancellationToken).ConfigureAwait(false);
                return;
            }
            await Task.Delay(LookEvery, world.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    // The operator takes a token that the standby has passed as a failure for good. One that it has not come up to may have been usable a moment ago: with its primary gone a
    // standby tells the timeline of its last restart point, until the next one.
    private async Task<(ClusterPair Pair, string? Token)?> TokenOfAsync(DatabaseServerSettings server, bool isLast, CancellationToken cancellationToken)
    {
        var pair = await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false);
        if (!pair.Standby.IsReplica)
        {
            // It was told before, and is on its way.
            return null;
        }
        var check = pair.Check(await ClusterPair.ReplayedAsync(world, server, cancellationToken).ConfigureAwait(false));
        return check.Verdict switch
        {
            TokenVerdict.Usable => (pair, pair.Token),
            TokenVerdict.Wait when !isLast => (pair, null),
            TokenVerdict.Wait => throw new DalpException(
                "DemotionTokenNotYet",
                FaultKind.Conflict,
                $"The token of Cluster/{pair.Active.Name} does not promote Cluster/{pair.Standby.Name} yet: {check.Reason}",
                "See that the standby goes on replaying, then resume: Get-DalpReplicationLag.",
                pair.Standby.Name),
            _ => throw new DalpException(
                "DemotionTokenRefused",
                FaultKind.Conflict,
                $"The token of Cluster/{pair.Active.Name} can't promote Cluster/{pair.Standby.Name}: {check.Reason}",
                $"Make Cluster/{pair.Active.Name} the primary again (spec.replica.primary), and find out what the standby followed.",
                pair.Standby.Name),
        };
    }
}
