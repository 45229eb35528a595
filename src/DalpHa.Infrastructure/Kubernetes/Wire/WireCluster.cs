namespace DalpHa.Infrastructure.Kubernetes;

/// <summary><c>v1 Node</c>.</summary>
internal sealed record WireNode(WireMetadata Metadata, WireNodeSpec? Spec, WireNodeStatus? Status);

/// <summary>What keeps pods off a node.</summary>
internal sealed record WireNodeSpec(bool Unschedulable, List<WireTaint>? Taints);

/// <summary>A taint.</summary>
internal sealed record WireTaint(string Key, string? Value, string Effect);

/// <summary>How a node fares, and what it can give.</summary>
internal sealed record WireNodeStatus
{
    public Dictionary<string, string>? Allocatable { get; init; }

    public List<WireCondition>? Conditions { get; init; }

    public WireNodeInfo? NodeInfo { get; init; }
}

/// <summary>What the node's kubelet says of itself.</summary>
internal sealed record WireNodeInfo(string? KubeletVersion);

/// <summary><c>v1 ResourceQuota</c>.</summary>
internal sealed record WireQuota(WireMetadata Metadata, WireQuotaStatus? Status);

/// <summary>A quota's limits and what is used of them.</summary>
internal sealed record WireQuotaStatus(Dictionary<string, string>? Hard, Dictionary<string, string>? Used);

/// <summary><c>v1 LimitRange</c>.</summary>
internal sealed record WireLimitRange(WireMetadata Metadata, WireLimitRangeSpec? Spec);

/// <summary>A limit range's items.</summary>
internal sealed record WireLimitRangeSpec(List<WireLimits>? Limits);

/// <summary>What holds for each <c>Container</c>, <c>Pod</c> or <c>PersistentVolumeClaim</c>.</summary>
internal sealed record WireLimits
{
    public string? Type { get; init; }

    public Dictionary<string, string>? Default { get; init; }

    public Dictionary<string, string>? DefaultRequest { get; init; }

    public Dictionary<string, string>? Min { get; init; }

    public Dictionary<string, string>? Max { get; init; }
}

/// <summary><c>v1 PersistentVolumeClaim</c>.</summary>
internal sealed record WireClaim(WireMetadata Metadata, WireClaimSpec? Spec, WireClaimStatus? Status);

/// <summary>What a claim asks.</summary>
internal sealed record WireClaimSpec(string? StorageClassName);

/// <summary>Whether a claim got it.</summary>
internal sealed record WireClaimStatus(string? Phase);

/// <summary><c>storage.k8s.io/v1 StorageClass</c>.</summary>
internal sealed record WireStorageClass(WireMetadata Metadata, string? Provisioner);

/// <summary><c>networking.k8s.io/v1 IngressClass</c>.</summary>
internal sealed record WireIngressClass(WireMetadata Metadata, WireIngressClassSpec? Spec);

/// <summary>Who serves an ingress class.</summary>
internal sealed record WireIngressClassSpec(string? Controller);

/// <summary><c>networking.k8s.io/v1 Ingress</c>.</summary>
internal sealed record WireIngress(WireMetadata Metadata, WireIngressSpec? Spec);

/// <summary>What an ingress answers for.</summary>
internal sealed record WireIngressSpec(string? IngressClassName, List<WireIngressRule>? Rules, List<WireIngressTls>? Tls);

/// <summary>A host of an ingress; none means every host.</summary>
internal sealed record WireIngressRule(string? Host);

/// <summary>The Secret whose certificate some hosts of an ingress are served with; no hosts means all.</summary>
internal sealed record WireIngressTls(List<string>? Hosts, string? SecretName);

/// <summary><c>route.openshift.io/v1 Route</c>.</summary>
internal sealed record WireRoute(WireMetadata Metadata, WireRouteSpec? Spec);

/// <summary>What a route answers for.</summary>
internal sealed record WireRouteSpec(string? Host, WireRouteBackend? To, List<WireRouteBackend>? AlternateBackends);

/// <summary>A service that a route leads to.</summary>
internal sealed record WireRouteBackend(string? Kind, string? Name, int? Weight);

/// <summary><c>v1 Service</c>.</summary>
internal sealed record WireService(WireMetadata Metadata, WireServiceSpec? Spec);

/// <summary>Which pods serve, and at which port.</summary>
internal sealed record WireServiceSpec(Dictionary<string, string>? Selector, List<WireServicePort>? Ports);

/// <summary>A service's port; the target is a number, a name, or absent for the same number.</summary>
internal sealed record WireServicePort(int Port, System.Text.Json.JsonElement TargetPort);

/// <summary><c>authorization.k8s.io/v1 SelfSubjectAccessReview</c>, question and answer.</summary>
internal sealed record WireAccessReview
{
    public string? ApiVersion { get; init; }

    public string? Kind { get; init; }

    public WireAccessSpec? Spec { get; init; }

    public WireAccessStatus? Status { get; init; }
}

/// <summary>The question.</summary>
internal sealed record WireAccessSpec(WireAccessAttributes? ResourceAttributes);

/// <summary>May I do this verb on this resource?</summary>
internal sealed record WireAccessAttributes(string? Namespace, string? Verb, string? Group, string? Resource, string? Subresource);

/// <summary>The answer.</summary>
internal sealed record WireAccessStatus(bool Allowed, string? Reason, string? EvaluationError);
