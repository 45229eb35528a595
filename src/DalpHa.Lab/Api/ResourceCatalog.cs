using System.Collections.Immutable;

namespace DalpHa.Lab.Api;

/// <summary>The kinds that the endpoint serves: the built-in ones, and those that CustomResourceDefinitions add.</summary>
internal sealed class ResourceCatalog
{
    private static readonly ResourceKind[] BuiltIn =
    [
        Cluster("", "v1", "namespaces", "Namespace", "ns") with { HasStatus = true, Subresources = [Sub("finalize", "Namespace", "update")] },
        In("", "v1", "pods", "Pod", "po") with
        {
            HasStatus = true, InAll = true, Subresources =
            [
                Sub("binding", "Binding", "create"), new("eviction", "Eviction", "policy", "v1", "create"),
                Sub("log", "Pod", "get"), Sub("portforward", "PodPortForwardOptions", "create", "get"), Sub("exec", "PodExecOptions", "create", "get"),
            ],
        },
        In("", "v1", "services", "Service", "svc") with { HasStatus = true, InAll = true },
        In("", "v1", "endpoints", "Endpoints", "ep"),
        In("", "v1", "secrets", "Secret"),
        In("", "v1", "configmaps", "ConfigMap", "cm"),
        In("", "v1", "serviceaccounts", "ServiceAccount", "sa"),
        In("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc") with { HasStatus = true },
        In("", "v1", "resourcequotas", "ResourceQuota", "quota") with { HasStatus = true },
        In("", "v1", "limitranges", "LimitRange", "limits"),
        In("", "v1", "events", "Event", "ev"),
        Cluster("", "v1", "nodes", "Node", "no") with { HasStatus = true },
        Cluster("", "v1", "persistentvolumes", "PersistentVolume", "pv") with { HasStatus = true },
        Workload("deployments", "Deployment", "deploy"),
        Workload("statefulsets", "StatefulSet", "sts"),
        Workload("replicasets", "ReplicaSet", "rs"),
        Workload("daemonsets", "DaemonSet", "ds") with { Scale = null },
        In("apps", "v1", "controllerrevisions", "ControllerRevision"),
        In("batch", "v1", "jobs", "Job") with { HasStatus = true, InAll = true, CountsGeneration = true },
        In("batch", "v1", "cronjobs", "CronJob", "cj") with { HasStatus = true, InAll = true, CountsGeneration = true },
        In("networking.k8s.io", "v1", "ingresses", "Ingress", "ing") with { HasStatus = true, CountsGeneration = true },
        Cluster("networking.k8s.io", "v1", "ingressclasses", "IngressClass") with { CountsGeneration = true },
        In("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol") with { CountsGeneration = true },
        Cluster("storage.k8s.io", "v1", "storageclasses", "StorageClass", "sc"),
        Cluster("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole"),
        Cluster("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding"),
        In("rbac.authorization.k8s.io", "v1", "roles", "Role"),
        In("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
        In("coordination.k8s.io", "v1", "leases", "Lease"),
        In("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb") with { HasStatus = true, CountsGeneration = true },
        In("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
        In("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa") with { HasStatus = true, InAll = true },
        Cluster("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", "pc") with { CountsGeneration = true },
        Cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", "crd", "crds") with
        {
            HasStatus = true, CountsGeneration = true,
        },
        Cluster("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview") with { Virtual = true },
        Cluster("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview") with { Virtual = true },
        Cluster("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview") with { Virtual = true },
        Cluster("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview") with { Virtual = true },
    ];

    private readonly Dictionary<(string Group, string Version, string Plural), ResourceKind> _builtIn =
        BuiltIn.ToDictionary(kind => (kind.Group, kind.Version, kind.Plural));

    private volatile ImmutableDictionary<string, IReadOnlyList<ResourceKind>> _custom = ImmutableDictionary<string, IReadOnlyList<ResourceKind>>.Empty;

    public static ResourceKind Namespaces { get; } = Known("namespaces");

    public static ResourceKind Pods { get; } = Known("pods");

    public static ResourceKind ServiceAccounts { get; } = Known("serviceaccounts");

    public static ResourceKind ConfigMaps { get; } = Known("configmaps");

    public static ResourceKind Definitions { get; } = Known("customresourcedefinitions");

    public static ResourceKind DisruptionBudgets { get; } = Known("poddisruptionbudgets");

    public IEnumerable<ResourceKind> All => BuiltIn.Concat(_custom.Values.SelectMany(kinds => kinds));

    public static ResourceKind Known(string plural) => BuiltIn.First(kind => kind.Plural == plural);

    public ResourceKind? Find(string group, string version, string plural) =>
        _builtIn.TryGetValue((group, version, plural), out var kind)
            ? kind
            : _custom.Values.SelectMany(kinds => kinds).FirstOrDefault(k => k.Group == group && k.Version == version && k.Plural == plural);

    /// <summary>Serves the kinds of one definition from now on, in place of those that it served before.</summary>
    public void Define(string definition, IReadOnlyList<ResourceKind> kinds) => _custom = _custom.SetItem(definition, kinds);

    public IReadOnlyList<ResourceKind> Undefine(string definition)
    {
        var gone = _custom.GetValueOrDefault(definition, []);
        _custom = _custom.Remove(definition);
        return gone;
    }

    private static ResourceKind In(string group, string version, string plural, string kind, params string[] shortNames) =>
        new(group, version, plural, kind) { ShortNames = shortNames };

    private static ResourceKind Cluster(string group, string version, string plural, string kind, params string[] shortNames) =>
        In(group, version, plural, kind, shortNames) with { Namespaced = false };

    private static ResourceKind Workload(string plural, string kind, string shortName) => In("apps", "v1", plural, kind, shortName) with
    {
        HasStatus = true, InAll = true, CountsGeneration = true, Scale = ScalePaths.Workload,
    };

    private static Subresource Sub(string name, string kind, params string[] verbs) => new(name, kind, "", "v1", verbs);
}
