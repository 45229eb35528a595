using System.Collections.Concurrent;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness;

/// <summary>
/// One site as one run sees it. Each thing is read at most once, when the first check asks for it, and all checks see the same answer or
/// the same failure: a verdict never rests on two different moments of one list.
/// </summary>
public sealed class SiteView
{
    private readonly ConcurrentDictionary<string, Lazy<Task>> reads = new(StringComparer.Ordinal);
    private readonly ICluster? cluster;
    private readonly DalpException? openFailure;
    private readonly DigestKey digestKey;
    private readonly Func<ValidatorSettings, IValidatorNode>? openValidator;
    private readonly CancellationToken runToken;

    /// <summary>Makes a view.</summary>
    /// <param name="site">The site.</param>
    /// <param name="cluster">Its cluster, or null when it could not be opened.</param>
    /// <param name="openFailure">Why it could not be opened; every read fails with it.</param>
    /// <param name="digestKey">The run's key, the same for both sites, so that digests compare.</param>
    /// <param name="openValidator">Opens a validator's endpoint.</param>
    /// <param name="runToken">Ends the run, and with it every read.</param>
    public SiteView(
        DalpSite site,
        ICluster? cluster,
        DalpException? openFailure,
        DigestKey digestKey,
        Func<ValidatorSettings, IValidatorNode>? openValidator,
        CancellationToken runToken)
    {
        Site = site;
        this.cluster = cluster;
        this.openFailure = openFailure;
        this.digestKey = digestKey;
        this.openValidator = openValidator;
        this.runToken = runToken;
    }

    /// <summary>The site.</summary>
    public DalpSite Site { get; }

    /// <summary>The site's name.</summary>
    public string Name => Site.Name;

    /// <summary>The API server's version.</summary>
    public Task<ClusterVersion> Version => Read("version", c => c.GetVersionAsync(runToken));

    /// <summary>Whether the namespace exists.</summary>
    public Task<bool> NamespaceExists => Read("namespace", c => c.NamespaceExistsAsync(Site.Namespace, runToken));

    /// <summary>The workloads.</summary>
    public Task<IReadOnlyList<Workload>> Workloads => ReadInNamespace("workloads", c => c.ListWorkloadsAsync(Site.Namespace, runToken));

    /// <summary>The CronJobs.</summary>
    public Task<IReadOnlyList<CronJob>> CronJobs => ReadInNamespace("cronjobs", c => c.ListCronJobsAsync(Site.Namespace, runToken));

    /// <summary>The pods.</summary>
    public Task<IReadOnlyList<Pod>> Pods => ReadInNamespace("pods", c => c.ListPodsAsync(Site.Namespace, runToken));

    /// <summary>What all namespaces' pods hold of their nodes.</summary>
    public Task<IReadOnlyList<PodRequests>> PodRequests => Read("podrequests", c => Placement.ListRequestsAsync(c, Site.Namespace, Pods, runToken));

    /// <summary>All Secrets that workloads may need, as digests.</summary>
    public Task<IReadOnlyList<SecretDigest>> Secrets => ReadInNamespace("secrets", c => c.ListSecretsAsync(Site.Namespace, digestKey, runToken));

    /// <summary>The TLS certificates.</summary>
    public Task<IReadOnlyList<TlsCertificate>> TlsCertificates => ReadInNamespace("tls", c => c.ListTlsCertificatesAsync(Site.Namespace, runToken));

    /// <summary>The ConfigMaps.</summary>
    public Task<IReadOnlyList<ConfigMapDigest>> ConfigMaps => ReadInNamespace("configmaps", c => c.ListConfigMapsAsync(Site.Namespace, digestKey, runToken));

    /// <summary>The Ingresses and Routes.</summary>
    public Task<IReadOnlyList<IngressRoute>> IngressRoutes => ReadInNamespace("ingresses", c => c.ListIngressRoutesAsync(Site.Namespace, runToken));

    /// <summary>The Helm releases.</summary>
    public Task<IReadOnlyList<HelmRelease>> HelmReleases => ReadInNamespace("helm", c => c.ListHelmReleasesAsync(Site.Namespace, digestKey, runToken));

    /// <summary>The nodes.</summary>
    public Task<IReadOnlyList<Node>> Nodes => Read("nodes", c => c.ListNodesAsync(runToken));

    /// <summary>The quotas.</summary>
    public Task<IReadOnlyList<ResourceQuota>> Quotas => ReadInNamespace("quotas", c => c.ListQuotasAsync(Site.Namespace, runToken));

    /// <summary>The limit ranges.</summary>
    public Task<IReadOnlyList<LimitRange>> LimitRanges => ReadInNamespace("limitranges", c => c.ListLimitRangesAsync(Site.Namespace, runToken));

    /// <summary>The volume claims.</summary>
    public Task<IReadOnlyList<VolumeClaim>> VolumeClaims => ReadInNamespace("claims", c => c.ListVolumeClaimsAsync(Site.Namespace, runToken));

    /// <summary>The storage classes.</summary>
    public Task<IReadOnlyList<ClusterClass>> StorageClasses => Read("storageclasses", c => c.ListStorageClassesAsync(runToken));

    /// <summary>The ingress classes.</summary>
    public Task<IReadOnlyList<ClusterClass>> IngressClasses => Read("ingressclasses", c => c.ListIngressClassesAsync(runToken));

    /// <summary>One Secret by name, or null when there is none.</summary>
    public Task<SecretDigest?> GetSecretAsync(string name) => ReadInNamespace("secret/" + name, c => c.GetSecretAsync(Site.Namespace, name, digestKey, runToken));

    /// <summary>Whether each request would be allowed.</summary>
    public Task<IReadOnlyList<AccessDecision>> ReviewAccessAsync(IReadOnlyList<AccessRequest> requests) => Read("access", c => c.ReviewAccessAsync(requests, runToken));

    /// <summary>What a validator's node says.</summary>
    public async Task<ValidatorSample> GetValidatorAsync(ValidatorSettings validator)
    {
        await using var node = openValidator!(validator);
        return await node.SampleAsync(runToken).ConfigureAwait(false);
    }

    /// <summary>What has been asked of the site and is not answered yet.</summary>
    public IReadOnlyList<string> PendingReads =>
        reads.Where(read => read.Value.IsValueCreated && !read.Value.Value.IsCompleted).Select(read => read.Key).Order(StringComparer.Ordinal).ToList();

    /// <summary>Whether a read of this site ended with this very failure.</summary>
    public bool FailedWith(Exception failure) =>
        ReferenceEquals(failure, openFailure)
        || reads.Values.Any(read => read.IsValueCreated && read.Value.Exception?.InnerExceptions.Contains(failure) == true);

    private Task<T> Read<T>(string name, Func<ICluster, Task<T>> read)
    {
        if (cluster is null)
        {
            return Task.FromException<T>(openFailure!);
        }
        return (Task<T>)reads.GetOrAdd(name, _ => new Lazy<Task>(() => read(cluster))).Value;
    }

    // A list of a namespace that is not there is empty, and an empty list reads as "nothing wrong".
    private Task<T> ReadInNamespace<T>(string name, Func<ICluster, Task<T>> read) => Read(name, async c =>
    {
        var exists = NamespaceExists;
        var value = await read(c).ConfigureAwait(false);
        if (!await exists.ConfigureAwait(false))
        {
            throw new DalpException(
                "NamespaceNotFound",
                FaultKind.NotFound,
                $"The cluster of context '{c.Context}' has no namespace '{Site.Namespace}'.",
                "Give the namespace that the platform runs in (topology: sites.*.namespace; parameter: -Namespace).",
                Site.Namespace);
        }
        return value;
    });
}
