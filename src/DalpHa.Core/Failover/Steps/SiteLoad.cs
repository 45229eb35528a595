using DalpHa.Core.Clusters;

namespace DalpHa.Core.Failover;

/// <summary>What runs on a site, and what may start there by itself.</summary>
/// <param name="Workloads">Its workloads.</param>
/// <param name="CronJobs">Its CronJobs.</param>
/// <param name="Pods">Its pods.</param>
public sealed record SiteLoad(IReadOnlyList<Workload> Workloads, IReadOnlyList<CronJob> CronJobs, IReadOnlyList<Pod> Pods)
{
    /// <summary>Reads all of it at once.</summary>
    /// <exception cref="Errors.DalpException">It can't be reached, or refuses: what is seen in part is not known.</exception>
    public static async Task<SiteLoad> ReadAsync(FailoverSite site, CancellationToken cancellationToken)
    {
        var reading = SiteWorkloads.ListAsync(site, cancellationToken);
        var pods = site.Cluster.ListPodsAsync(site.Namespace, cancellationToken);
        await Task.WhenAll(reading, pods).ConfigureAwait(false);
        var (workloads, cronJobs) = await reading.ConfigureAwait(false);
        return new SiteLoad(workloads, cronJobs, await pods.ConfigureAwait(false));
    }
}
