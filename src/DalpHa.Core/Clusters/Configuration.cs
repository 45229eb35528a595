namespace DalpHa.Core.Clusters;

/// <summary>A Secret, without its values: what it holds is told only by a digest keyed with a random key of this process.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, as <c>Opaque</c>.</param>
/// <param name="KeyDigests">Each key with the keyed digest of its value; equal digests of one run mean equal values.</param>
public sealed record SecretDigest(string Name, string Type, IReadOnlyDictionary<string, string> KeyDigests);

/// <summary>A ConfigMap, its values as digests: configuration often holds what should have been a secret.</summary>
/// <param name="Name">Its name.</param>
/// <param name="KeyDigests">Each key with the keyed digest of its value.</param>
public sealed record ConfigMapDigest(string Name, IReadOnlyDictionary<string, string> KeyDigests);

/// <summary>A certificate found in a Secret of type <c>kubernetes.io/tls</c>.</summary>
/// <param name="SecretName">The Secret that holds it.</param>
/// <param name="Subject">The leaf certificate's subject; null when it can't be read.</param>
/// <param name="DnsNames">The names that it is valid for.</param>
/// <param name="NotBefore">Start of its validity; null when it can't be read.</param>
/// <param name="NotAfter">End of its validity; null when it can't be read.</param>
/// <param name="Problem">Why it can't be read, or null.</param>
public sealed record TlsCertificate(string SecretName, string? Subject, IReadOnlyList<string> DnsNames, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter, string? Problem);

/// <summary>A route into the cluster: an Ingress, or an OpenShift Route.</summary>
/// <param name="Kind"><c>Ingress</c> or <c>Route</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="ClassName">The ingress class, or null when the cluster's default serves it.</param>
/// <param name="Hosts">The host names that it answers for.</param>
public sealed record IngressRoute(string Kind, string Name, string? ClassName, IReadOnlyList<string> Hosts)
{
    /// <summary>Whether DalpHa took it out of service.</summary>
    public bool IsClosed { get; init; }

    /// <summary>What an Ingress says of the certificates that it is served with; nothing for a Route.</summary>
    public IReadOnlyList<RouteCertificate> Certificates { get; init; } = [];
}

/// <summary>The certificate that an Ingress serves some of its hosts with.</summary>
/// <param name="Hosts">The hosts; none means all of the Ingress.</param>
/// <param name="SecretName">The Secret that holds it; null where the controller's own is served.</param>
public sealed record RouteCertificate(IReadOnlyList<string> Hosts, string? SecretName);

/// <summary>A deployed Helm release, read from Helm 3's own Secret.</summary>
/// <param name="Name">The release.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Chart">The chart's name.</param>
/// <param name="ChartVersion">The chart's version.</param>
/// <param name="AppVersion">The application version that the chart states, or null.</param>
/// <param name="ValueDigests">
/// Each of the user's values with its keyed digest, by path as <c>helm --set</c> writes it: <c>global.region</c>, <c>hosts[0]</c>, <c>labels.app\.kubernetes\.io/name</c>.
/// </param>
public sealed record HelmRelease(string Name, int Revision, string Chart, string ChartVersion, string? AppVersion, IReadOnlyDictionary<string, string> ValueDigests)
{
    /// <summary>The status of a revision that Helm has finished.</summary>
    public const string Deployed = "deployed";

    /// <summary>How the newest attempt at the release ended, in Helm's word: <c>deployed</c>, <c>failed</c>, or <c>pending-upgrade</c> while it runs or hangs.</summary>
    public string LastStatus { get; init; } = Deployed;
}

/// <summary>A ResourceQuota: only the amounts that can stop a pod from starting.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hard">
/// Limits by resource name (<c>pods</c>, <c>requests.cpu</c>, <c>requests.memory</c>, <c>limits.cpu</c>, <c>limits.memory</c>), CPU in cores and memory in bytes.
/// </param>
/// <param name="Used">What is used of each.</param>
public sealed record ResourceQuota(string Name, IReadOnlyDictionary<string, decimal> Hard, IReadOnlyDictionary<string, decimal> Used);

/// <summary>One item of a LimitRange: what the API server gives to a pod or container that states nothing, and what it refuses. Nothing where it has no rule.</summary>
/// <param name="Name">The LimitRange.</param>
/// <param name="IsForPods">True when it holds for a pod as a whole, false when for each of its containers.</param>
/// <param name="DefaultRequest">What a container requests that states neither a request nor a limit.</param>
/// <param name="DefaultLimit">The limit of a container that states none.</param>
/// <param name="Min">The least that may be requested.</param>
/// <param name="Max">The highest limit.</param>
public sealed record LimitRange(string Name, bool IsForPods, ResourceAmounts DefaultRequest, ResourceAmounts DefaultLimit, ResourceAmounts Min, ResourceAmounts Max);

/// <summary>A StorageClass or IngressClass.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Provider">The provisioner or controller.</param>
/// <param name="IsDefault">True when it is the cluster's default.</param>
public sealed record ClusterClass(string Name, string Provider, bool IsDefault);

/// <summary>Whose storage a workload needs: a claim's name and class.</summary>
/// <param name="Name">The PersistentVolumeClaim.</param>
/// <param name="StorageClass">Its storage class, or null for the default.</param>
/// <param name="Phase"><c>Bound</c>, <c>Pending</c> or <c>Lost</c>.</param>
public sealed record VolumeClaim(string Name, string? StorageClass, string Phase);
