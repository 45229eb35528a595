using DalpHa.Core.Failover;

namespace DalpHa.Core.Ports;

/// <summary>
/// The CloudNativePG clusters of one Kubernetes cluster. Each change is one patch that rests on what was read: it is refused when the cluster has changed since
/// (<c>ApiConflict</c>). None waits for the operator; <see cref="FindAsync"/> shows what it has made of it. Throws <see cref="Errors.DalpException"/> for
/// every failure; a refusal of the operator's admission webhook carries its words (<c>ApiRefused</c> or <c>ApiForbidden</c>).
/// </summary>
public interface ICloudNativePg
{
    /// <summary>A cluster, or null when there is none of that name.</summary>
    Task<PostgresCluster?> FindAsync(string @namespace, string name, CancellationToken cancellationToken);

    /// <summary>Distributed topology: makes another cluster the primary, so that this one stops, leaves a demotion token, and follows. The token that it was once promoted with is taken away, since a replica may have none.</summary>
    /// <param name="cluster">The cluster, as read.</param>
    /// <param name="primary">The other cluster's name in the topology.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>The cluster as it was accepted.</returns>
    Task<PostgresCluster> DemoteAsync(PostgresCluster cluster, string primary, CancellationToken cancellationToken);

    /// <summary>Distributed topology: makes this cluster the primary, by one patch of role and token. An apply delay is taken away with it, since the operator takes none beside a token.</summary>
    /// <param name="cluster">The cluster, as read.</param>
    /// <param name="token">The demoted cluster's token; null for a failover without one, after which the former primary must be rebuilt.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>The cluster as it was accepted.</returns>
    Task<PostgresCluster> PromoteAsync(PostgresCluster cluster, string? token, CancellationToken cancellationToken);

    /// <summary>Stand-alone replica cluster: makes it a primary (<c>spec.replica.enabled: false</c>).</summary>
    /// <returns>The cluster as it was accepted.</returns>
    Task<PostgresCluster> DisableReplicaAsync(PostgresCluster cluster, CancellationToken cancellationToken);

    /// <summary>
    /// Sets what transactions are by default on all of its instances (<c>spec.postgresql.parameters.default_transaction_read_only</c>), and notes on it what was there
    /// before, in one patch. Its instance managers write it down and reload.
    /// </summary>
    /// <param name="cluster">The cluster, as read.</param>
    /// <param name="value">The value; null takes it out.</param>
    /// <param name="before">What is noted, as <see cref="PostgresCluster.ReadOnlyBefore"/>; null takes the note away.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>The cluster as it was accepted.</returns>
    Task<PostgresCluster> SetReadOnlyDefaultAsync(PostgresCluster cluster, string? value, string? before, CancellationToken cancellationToken);

    /// <summary>Fences all of its instances, or none.</summary>
    /// <returns>The cluster as it was accepted.</returns>
    Task<PostgresCluster> SetFencedAsync(PostgresCluster cluster, bool isFenced, CancellationToken cancellationToken);
}
