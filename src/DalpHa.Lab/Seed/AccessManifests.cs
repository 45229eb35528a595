using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>
/// Least privilege, made of the very list that DalpHa checks itself against: a reader may look, an operator may also do what a failover writes.
/// </summary>
internal static class AccessManifests
{
    public const string ReaderGroup = "dalpha:readers";
    public const string OperatorGroup = "dalpha:operators";
    private const string Reader = "dalpha-reader";
    private const string Operator = "dalpha-operator";

    public static IEnumerable<IKubernetesObject<V1ObjectMeta>> All()
    {
        var reading = RequiredPermissions.ForReading(LabSite.Namespace).Concat(RequiredPermissions.ForTunnels(LabSite.Namespace)).ToList();
        var operating = reading.Concat(RequiredPermissions.ForFailover(LabSite.Namespace)).ToList();
        return
        [
            new V1ServiceAccount { Metadata = Naming.Platform(Reader) },
            new V1ServiceAccount { Metadata = Naming.Platform(Operator) },
            .. Grant(Reader, ReaderGroup, reading),
            .. Grant(Operator, OperatorGroup, operating),
        ];
    }

    private static IEnumerable<IKubernetesObject<V1ObjectMeta>> Grant(string name, string group, List<AccessRequest> requests)
    {
        var subjects = new List<Rbacv1Subject>
        {
            new() { Kind = "Group", Name = group, ApiGroup = "rbac.authorization.k8s.io" },
            new() { Kind = "ServiceAccount", Name = name, NamespaceProperty = LabSite.Namespace },
        };
        var clusterWide = $"{name}-cluster";
        return
        [
            Role(name, requests.Where(request => request.Namespace is not null)),
            Role(clusterWide, requests.Where(request => request.Namespace is null)),
            new V1RoleBinding { Metadata = Naming.Platform(name), RoleRef = RoleRef(name), Subjects = subjects },
            new V1ClusterRoleBinding { Metadata = Naming.Cluster(clusterWide), RoleRef = RoleRef(clusterWide), Subjects = subjects },
        ];
    }

    private static V1ClusterRole Role(string name, IEnumerable<AccessRequest> requests) => new()
    {
        Metadata = Naming.Cluster(name),
        Rules =
        [
            .. requests.GroupBy(request => (request.Group, Resource: request.Subresource is null ? request.Resource : $"{request.Resource}/{request.Subresource}"))
                .Select(rule => new V1PolicyRule { ApiGroups = [rule.Key.Group], Resources = [rule.Key.Resource], Verbs = [.. rule.Select(request => request.Verb).Distinct()] }),
        ],
    };

    private static V1RoleRef RoleRef(string name) => new() { ApiGroup = "rbac.authorization.k8s.io", Kind = "ClusterRole", Name = name };
}
