using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Replication;

/// <summary>
/// The instance that was the primary of a site's fenced CloudNativePG Cluster. Its PostgreSQL is stopped and answers nobody; its pod runs on, and its files can be
/// read there (documentation of CloudNativePG, "Fencing").
/// </summary>
/// <param name="site">The site.</param>
/// <param name="cluster">The Cluster's name.</param>
/// <param name="infrastructure">Opens the files.</param>
/// <param name="openCluster">Opens a site's cluster.</param>
/// <param name="timeout">The bound on each program that is run in the pod.</param>
internal sealed class FencedPrimary(DalpSite site, string cluster, IInfrastructure infrastructure, Func<SiteRole, ICluster> openCluster, TimeSpan timeout)
{
    /// <summary>Opens the files of the primary, for a server of the topology that leads to it.</summary>
    /// <returns>The files, and the pod that they are in.</returns>
    /// <exception cref="DalpException">There is no such Cluster (<c>PostgresClusterNotFound</c>), it is not one whose files can be read, or the server is another of its instances (<c>PostgresFilesNotReadable</c>).</exception>
    public async Task<(ILineageSource Files, string Pod)> OpenAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        var kubernetes = openCluster(site.Role);
        var found = await infrastructure.OpenCloudNativePg(kubernetes).FindAsync(site.Namespace, cluster, cancellationToken).ConfigureAwait(false) ?? throw new DalpException(
            "PostgresClusterNotFound", FaultKind.NotFound, $"Namespace '{site.Namespace}' of site '{site.Name}' has no CloudNativePG Cluster '{cluster}'.", "Correct the name.", cluster);
        return found switch
        {
            { IsHibernated: true } => throw NotReadable("is hibernated, and has no pod to look into", "End the hibernation while it is fenced (annotation cnpg.io/hibernation), and compare again."),
            { CurrentPrimary: null } => throw NotReadable("does not say which instance was its primary", "See what its operator says: kubectl cnpg status."),
            { CurrentPrimary: { } primary } when !found.IsFenced && !found.FencedInstances.Contains(primary) =>
                throw NotReadable("is not fenced, so that its PostgreSQL should answer", "See what its operator says: kubectl cnpg status. Then fence it (Protect-DalpSite -PostgresCluster), or mend the way to it."),
            { CurrentPrimary: { } primary } when !LeadsTo(server, primary) =>
                throw NotReadable($"had {primary} as its primary, and '{server.Name}' is another instance", $"What was committed is in the primary: compare {primary}."),
            { CurrentPrimary: { } primary } => (infrastructure.OpenStoppedDatabase(kubernetes, new StoppedInstance(server.Name, site.Namespace, primary), timeout), primary),
        };
    }

    // A service leads to the primary, but for the one that is for all others. Where an address leads is not known, and the primary is the most that it can be.
    private bool LeadsTo(DatabaseServerSettings server, string primary) => server.Forward is { Pod: { } pod } ? pod == primary : server.Forward?.Service != $"{cluster}-ro";

    private DalpException NotReadable(string why, string action) => new(
        "PostgresFilesNotReadable", FaultKind.Unavailable, $"CloudNativePG Cluster '{cluster}' of site '{site.Name}' {why}.", action, cluster);
}
