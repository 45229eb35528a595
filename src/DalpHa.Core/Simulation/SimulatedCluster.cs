using System.Globalization;
using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Simulation;

/// <summary>
/// A cluster as it is, with what <see cref="TellingClusterControl"/> was asked to change shown as done: a workload has the replicas that it was scaled to, all
/// ready, and so many pods; a CronJob that was suspended has no Job left; a route is open or closed. What the pods would hold of the nodes is not simulated.
/// </summary>
/// <param name="inner">The real cluster.</param>
/// <param name="changes">What would be changed.</param>
public sealed class SimulatedCluster(ICluster inner, SimulatedChanges changes) : ICluster
{
    /// <inheritdoc/>
    public string Context => inner.Context;

    /// <inheritdoc/>
    public Uri Server => inner.Server;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Workload>> ListWorkloadsAsync(string @namespace, CancellationToken cancellationToken)
    {
        var workloads = await inner.ListWorkloadsAsync(@namespace, cancellationToken).ConfigureAwait(false);
        return
        [
            .. workloads.Select(workload => changes.Scaled.TryGetValue((@namespace, workload.Kind, workload.Name), out var to)
                ? workload with { Desired = to.Replicas, Ready = to.Replicas, Updated = to.Replicas, IsObserved = true, RememberedReplicas = to.Remember }
                : workload),
        ];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CronJob>> ListCronJobsAsync(string @namespace, CancellationToken cancellationToken)
    {
        var cronJobs = await inner.ListCronJobsAsync(@namespace, cancellationToken).ConfigureAwait(false);
        return
        [
            .. cronJobs.Select(one => changes.Suspended.TryGetValue((@namespace, one.Name), out var suspended)
                ? one with { IsSuspended = suspended, IsRemembered = suspended && one.IsWanted(), ActiveJobs = suspended ? [] : one.ActiveJobs }
                : one),
        ];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Pod>> ListPodsAsync(string @namespace, CancellationToken cancellationToken)
    {
        var pods = await inner.ListPodsAsync(@namespace, cancellationToken).ConfigureAwait(false);
        var workloads = changes.Scaled.IsEmpty ? [] : await inner.ListWorkloadsAsync(@namespace, cancellationToken).ConfigureAwait(false);
        foreach (var workload in workloads)
        {
            if (changes.Scaled.TryGetValue((@namespace, workload.Kind, workload.Name), out var to))
            {
                pods = [.. pods.Except(workload.LivePods(pods)), .. Enumerable.Range(0, to.Replicas).Select(index => PodOf(@namespace, workload, index))];
            }
        }
        var cronJobs = changes.Suspended.IsEmpty ? [] : await inner.ListCronJobsAsync(@namespace, cancellationToken).ConfigureAwait(false);
        var ended = cronJobs.Where(one => changes.Suspended.GetValueOrDefault((@namespace, one.Name))).SelectMany(one => one.RunningJobs(pods)).ToHashSet();
        return ended.Count == 0 ? pods : [.. pods.Where(pod => pod.Owner is null || !ended.Contains(pod.Owner))];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IngressRoute>> ListIngressRoutesAsync(string @namespace, CancellationToken cancellationToken)
    {
        var routes = await inner.ListIngressRoutesAsync(@namespace, cancellationToken).ConfigureAwait(false);
        return [.. routes.Select(route => changes.Opened.TryGetValue((@namespace, route.Kind, route.Name), out var open) ? route with { IsClosed = !open } : route)];
    }

    /// <inheritdoc/>
    public Task<ClusterVersion> GetVersionAsync(CancellationToken cancellationToken) => inner.GetVersionAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<bool> NamespaceExistsAsync(string @namespace, CancellationToken cancellationToken) => inner.NamespaceExistsAsync(@namespace, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<PodRequests>> ListPodRequestsElsewhereAsync(string @namespace, CancellationToken cancellationToken) =>
        inner.ListPodRequestsElsewhereAsync(@namespace, cancellationToken);

    /// <inheritdoc/>
    public Task<SecretDigest?> GetSecretAsync(string @namespace, string name, DigestKey key, CancellationToken cancellationToken) => inner.GetSecretAsync(@namespace, name, key, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<SecretDigest>> ListSecretsAsync(string @namespace, DigestKey key, CancellationToken cancellationToken) => inner.ListSecretsAsync(@namespace, key, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TlsCertificate>> ListTlsCertificatesAsync(string @namespace, CancellationToken cancellationToken) => inner.ListTlsCertificatesAsync(@namespace, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ConfigMapDigest>> ListConfigMapsAsync(string @namespace, DigestKey key, CancellationToken cancellationToken) => inner.ListConfigMapsAsync(@namespace, key, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HelmRelease>> ListHelmReleasesAsync(string @namespace, DigestKey key, CancellationToken cancellationToken) => inner.ListHelmReleasesAsync(@namespace, key, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> ListNodesAsync(CancellationToken cancellationToken) => inner.ListNodesAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ResourceQuota>> ListQuotasAsync(string @namespace, CancellationToken cancellationToken) => inner.ListQuotasAsync(@namespace, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LimitRange>> ListLimitRangesAsync(string @namespace, CancellationToken cancellationToken) => inner.ListLimitRangesAsync(@namespace, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<VolumeClaim>> ListVolumeClaimsAsync(string @namespace, CancellationToken cancellationToken) => inner.ListVolumeClaimsAsync(@namespace, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterClass>> ListStorageClassesAsync(CancellationToken cancellationToken) => inner.ListStorageClassesAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterClass>> ListIngressClassesAsync(CancellationToken cancellationToken) => inner.ListIngressClassesAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AccessDecision>> ReviewAccessAsync(IReadOnlyList<AccessRequest> requests, CancellationToken cancellationToken) => inner.ReviewAccessAsync(requests, cancellationToken);

    /// <inheritdoc/>
    public Task<(string UserName, string Password)> ReadLoginAsync(string @namespace, string secret, string userNameKey, string passwordKey, CancellationToken cancellationToken) =>
        inner.ReadLoginAsync(@namespace, secret, userNameKey, passwordKey, cancellationToken);

    /// <inheritdoc/>
    public Task<IPortForward> ForwardAsync(ForwardTarget target, CancellationToken cancellationToken) => inner.ForwardAsync(target, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static Pod PodOf(string @namespace, Workload workload, int index) => new(
        @namespace, string.Create(CultureInfo.InvariantCulture, $"{workload.Name}-{index}"), workload.PodLabels, "Running", IsReady: true, IsDeleting: false, NodeName: null, Containers: []);
}
