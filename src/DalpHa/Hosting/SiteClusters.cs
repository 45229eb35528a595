using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Hosting;

/// <summary>The clusters of a topology's sites, each opened when it is first asked for, and closed with this.</summary>
internal sealed class SiteClusters(DalpTopology topology, TimeSpan timeout) : IAsyncDisposable
{
    private readonly Dictionary<SiteRole, Lazy<ICluster>> clusters =
        topology.Sites.ToDictionary(site => site.Role, site => new Lazy<ICluster>(() => InfrastructureContext.Infrastructure.OpenCluster(site.Cluster, timeout)));

    /// <summary>A site's cluster.</summary>
    /// <exception cref="Core.Errors.DalpException">The kubeconfig is missing or malformed, or the context is not in it.</exception>
    public ICluster Open(SiteRole role) => clusters[role].Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in clusters.Values.Where(cluster => cluster.IsValueCreated))
        {
            await cluster.Value.DisposeAsync().ConfigureAwait(false);
        }
    }
}
