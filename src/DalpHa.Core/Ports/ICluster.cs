using DalpHa.Core.Clusters;

namespace DalpHa.Core.Ports;

/// <summary>
/// One cluster, as DalpHa reads it. Every method pages through long lists, keeps only the fields of its result, is bounded in time, and
/// throws <see cref="Errors.DalpException"/> for every failure. Safe for concurrent calls.
/// </summary>
public interface ICluster : IAsyncDisposable
{
    /// <summary>The kubeconfig context's name.</summary>
    string Context { get; }

    /// <summary>The API server's address.</summary>
    Uri Server { get; }

    /// <summary>Reads the server's version.</summary>
    Task<ClusterVersion> GetVersionAsync(CancellationToken cancellationToken);

    /// <summary>Whether the namespace exists. A list of an absent namespace is empty and looks like an idle one.</summary>
    Task<bool> NamespaceExistsAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>Deployments, StatefulSets and DaemonSets of a namespace.</summary>
    Task<IReadOnlyList<Workload>> ListWorkloadsAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The CronJobs of a namespace; none where the cluster knows no such kind.</summary>
    Task<IReadOnlyList<CronJob>> ListCronJobsAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The pods of a namespace.</summary>
    Task<IReadOnlyList<Pod>> ListPodsAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>What the bound, unfinished pods of all other namespaces hold of their nodes; <see cref="Pod.Holds"/> says it of this one's.</summary>
    Task<IReadOnlyList<PodRequests>> ListPodRequestsElsewhereAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>One Secret as digests, or null when there is none of that name.</summary>
    Task<SecretDigest?> GetSecretAsync(string @namespace, string name, DigestKey key, CancellationToken cancellationToken);

    /// <summary>Every Secret as digests but service-account tokens and Helm's own records: what a namespace's workloads may need.</summary>
    Task<IReadOnlyList<SecretDigest>> ListSecretsAsync(string @namespace, DigestKey key, CancellationToken cancellationToken);

    /// <summary>The certificates in Secrets of type <c>kubernetes.io/tls</c>.</summary>
    Task<IReadOnlyList<TlsCertificate>> ListTlsCertificatesAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The ConfigMaps of a namespace but those that the cluster itself puts there (<c>kube-root-ca.crt</c>, <c>openshift-service-ca.crt</c>), Helm's own records, and DalpHa's own notes.</summary>
    Task<IReadOnlyList<ConfigMapDigest>> ListConfigMapsAsync(string @namespace, DigestKey key, CancellationToken cancellationToken);

    /// <summary>Ingresses, and OpenShift Routes where the cluster has them.</summary>
    Task<IReadOnlyList<IngressRoute>> ListIngressRoutesAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The deployed Helm releases, whether Helm keeps its records in Secrets or, by HELM_DRIVER, in ConfigMaps.</summary>
    Task<IReadOnlyList<HelmRelease>> ListHelmReleasesAsync(string @namespace, DigestKey key, CancellationToken cancellationToken);

    /// <summary>All nodes.</summary>
    Task<IReadOnlyList<Node>> ListNodesAsync(CancellationToken cancellationToken);

    /// <summary>The quotas of a namespace.</summary>
    Task<IReadOnlyList<ResourceQuota>> ListQuotasAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The items of a namespace's LimitRanges that hold for pods and containers.</summary>
    Task<IReadOnlyList<LimitRange>> ListLimitRangesAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The volume claims of a namespace.</summary>
    Task<IReadOnlyList<VolumeClaim>> ListVolumeClaimsAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The cluster's storage classes.</summary>
    Task<IReadOnlyList<ClusterClass>> ListStorageClassesAsync(CancellationToken cancellationToken);

    /// <summary>The cluster's ingress classes.</summary>
    Task<IReadOnlyList<ClusterClass>> ListIngressClassesAsync(CancellationToken cancellationToken);

    /// <summary>Asks by SelfSubjectAccessReview, in parallel; the answers come in the order of the questions.</summary>
    Task<IReadOnlyList<AccessDecision>> ReviewAccessAsync(IReadOnlyList<AccessRequest> requests, CancellationToken cancellationToken);

    /// <summary>Reads a user name and password from a Secret, for a database login.</summary>
    Task<(string UserName, string Password)> ReadLoginAsync(string @namespace, string secret, string userNameKey, string passwordKey, CancellationToken cancellationToken);

    /// <summary>Opens a tunnel to a port inside the cluster. It ends when disposed.</summary>
    Task<IPortForward> ForwardAsync(ForwardTarget target, CancellationToken cancellationToken);
}

/// <summary>A tunnel from a loopback port to a port inside a cluster.</summary>
public interface IPortForward : IAsyncDisposable
{
    /// <summary>The loopback address to connect to.</summary>
    System.Net.IPEndPoint LocalEndPoint { get; }

    /// <summary>Why a connection through the tunnel broke last, or null: its client sees only that it broke.</summary>
    Errors.DalpException? Failure => null;
}
