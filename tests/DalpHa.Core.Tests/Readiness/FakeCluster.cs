using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Tests.Readiness;

/// <summary>A cluster out of lists. A read named in <see cref="Failures"/> fails, one in <see cref="Hung"/> never answers.</summary>
internal sealed class FakeCluster : ICluster
{
    public ClusterVersion Version { get; set; } = new(1, 32, "v1.32.4");
    public bool HasNamespace { get; set; } = true;
    public List<Workload> Workloads { get; set; } = [];
    public List<CronJob> CronJobs { get; set; } = [];
    public List<Pod> Pods { get; set; } = [];
    public List<PodRequests> PodRequests { get; set; } = [];
    public List<SecretDigest> Secrets { get; set; } = [];
    public List<TlsCertificate> Certificates { get; set; } = [];
    public List<ConfigMapDigest> ConfigMaps { get; set; } = [];
    public List<IngressRoute> Routes { get; set; } = [];
    public List<HelmRelease> Releases { get; set; } = [];
    public List<Node> Nodes { get; set; } = [];
    public List<ResourceQuota> Quotas { get; set; } = [];
    public List<LimitRange> LimitRanges { get; set; } = [];
    public List<VolumeClaim> Claims { get; set; } = [];
    public List<ClusterClass> StorageClasses { get; set; } = [];
    public List<ClusterClass> IngressClasses { get; set; } = [];
    public Func<AccessRequest, bool> IsAllowed { get; set; } = _ => true;
    public Dictionary<string, DalpException> Failures { get; } = [];
    public HashSet<string> Hung { get; } = [];
    public DalpException? Down { get; set; }
    public bool IsDisposed { get; private set; }

    public string Context => "fake";
    public Uri Server => new("https://fake.invalid");

    public Task<ClusterVersion> GetVersionAsync(CancellationToken cancellationToken) => Answer("version", Version);
    public Task<bool> NamespaceExistsAsync(string @namespace, CancellationToken cancellationToken) => Answer("namespace", HasNamespace);
    public Task<IReadOnlyList<Workload>> ListWorkloadsAsync(string @namespace, CancellationToken cancellationToken) => List("workloads", Workloads);
    public Task<IReadOnlyList<CronJob>> ListCronJobsAsync(string @namespace, CancellationToken cancellationToken) => List("cronjobs", CronJobs);
    public Task<IReadOnlyList<Pod>> ListPodsAsync(string @namespace, CancellationToken cancellationToken) => List("pods", Pods);
    public Task<IReadOnlyList<PodRequests>> ListPodRequestsElsewhereAsync(string @namespace, CancellationToken cancellationToken) => List("podrequests", PodRequests);
    public Task<SecretDigest?> GetSecretAsync(string @namespace, string name, DigestKey key, CancellationToken cancellationToken) =>
        Answer("secret", Secrets.FirstOrDefault(secret => secret.Name == name));
    public Task<IReadOnlyList<SecretDigest>> ListSecretsAsync(string @namespace, DigestKey key, CancellationToken cancellationToken) => List("secrets", Secrets);
    public Task<IReadOnlyList<TlsCertificate>> ListTlsCertificatesAsync(string @namespace, CancellationToken cancellationToken) => List("tls", Certificates);
    public Task<IReadOnlyList<ConfigMapDigest>> ListConfigMapsAsync(string @namespace, DigestKey key, CancellationToken cancellationToken) => List("configmaps", ConfigMaps);
    public Task<IReadOnlyList<IngressRoute>> ListIngressRoutesAsync(string @namespace, CancellationToken cancellationToken) => List("ingresses", Routes);
    public Task<IReadOnlyList<HelmRelease>> ListHelmReleasesAsync(string @namespace, DigestKey key, CancellationToken cancellationToken) => List("helm", Releases);
    public Task<IReadOnlyList<Node>> ListNodesAsync(CancellationToken cancellationToken) => List("nodes", Nodes);
    public Task<IReadOnlyList<ResourceQuota>> ListQuotasAsync(string @namespace, CancellationToken cancellationToken) => List("quotas", Quotas);
    public Task<IReadOnlyList<LimitRange>> ListLimitRangesAsync(string @namespace, CancellationToken cancellationToken) => List("limitranges", LimitRanges);
    public Task<IReadOnlyList<VolumeClaim>> ListVolumeClaimsAsync(string @namespace, CancellationToken cancellationToken) => List("claims", Claims);
    public Task<IReadOnlyList<ClusterClass>> ListStorageClassesAsync(CancellationToken cancellationToken) => List("storageclasses", StorageClasses);
    public Task<IReadOnlyList<ClusterClass>> ListIngressClassesAsync(CancellationToken cancellationToken) => List("ingressclasses", IngressClasses);
    public Task<IReadOnlyList<AccessDecision>> ReviewAccessAsync(IReadOnlyList<AccessRequest> requests, CancellationToken cancellationToken) =>
        List("access", requests.Select(request => new AccessDecision(request, IsAllowed(request), null)).ToList());
    public Task<(string UserName, string Password)> ReadLoginAsync(string @namespace, string secret, string userNameKey, string passwordKey, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
    public Task<IPortForward> ForwardAsync(ForwardTarget target, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private Task<IReadOnlyList<T>> List<T>(string name, List<T> items) => Answer<IReadOnlyList<T>>(name, items);

    private Task<T> Answer<T>(string name, T value)
    {
        if (Hung.Contains(name) || Hung.Contains("*"))
        {
            return new TaskCompletionSource<T>().Task;
        }
        return (Down ?? Failures.GetValueOrDefault(name)) is { } failure ? Task.FromException<T>(failure) : Task.FromResult(value);
    }
}
