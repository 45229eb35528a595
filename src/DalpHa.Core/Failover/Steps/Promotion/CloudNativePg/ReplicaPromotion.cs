using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>CloudNativePG, stand-alone replica cluster: it is cut off from its source.</summary>
internal sealed class ReplicaPromotion(FailoverWorld world, TimeSpan timeout) : IPromotion
{
    private readonly StandbyCluster cluster = new(world, timeout, isDistributed: false);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Precondition>> MeasureAsync(CancellationToken cancellationToken) => cluster.MeasureAsync(cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<FailoverAction>> Stages(DatabaseServerSettings server) => [[cluster.BecomePrimary(server, PromoteAsync)], [cluster.Settle()]];

    private async Task PromoteAsync(CancellationToken cancellationToken)
    {
        // Whoever is primary by its spec was told before, and is on its way.
        if (await cluster.FindAsync(cancellationToken).ConfigureAwait(false) is { IsReplica: true } replica)
        {
            await world.Standby.CloudNativePg.DisableReplicaAsync(replica, cancellationToken).ConfigureAwait(false);
        }
    }
}
