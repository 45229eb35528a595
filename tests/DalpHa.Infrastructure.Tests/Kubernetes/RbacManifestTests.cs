using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Models;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>The manifests that ship (<c>module/rbac</c>) and the list that DalpHa checks itself against say the same.</summary>
public sealed class RbacManifestTests
{
    private const string Namespace = "dalp";

    [Fact]
    public void Readers_are_granted_what_reading_needs() => AssertGranted(
        "dalpha:readers",
        AccessManifests.Reader(),
        [.. RequiredPermissions.ForReading(Namespace), .. RequiredPermissions.ForOpenShift(Namespace), .. RequiredPermissions.ForTunnels(Namespace), .. RequiredPermissions.ForRecoveryPoints(Namespace)]);

    [Fact]
    public void Operators_are_granted_what_a_failover_needs_too() => AssertGranted(
        "dalpha:operators",
        AccessManifests.All(),
        [
            .. RequiredPermissions.ForReading(Namespace), .. RequiredPermissions.ForOpenShift(Namespace), .. RequiredPermissions.ForTunnels(Namespace), .. RequiredPermissions.ForRecoveryPoints(Namespace),
            .. RequiredPermissions.ForFailover(Namespace), .. RequiredPermissions.ForOpenShiftFailover(Namespace),
        ]);

    [Theory]
    [InlineData("dalpha:readers")]
    [InlineData("dalpha:operators")]
    public void Who_lists_Veleros_backups_is_granted_that_and_no_more(string group) => AssertGranted(group, AccessManifests.Velero(), RequiredPermissions.ForVelero("velero"));

    [Fact]
    public void Who_looks_into_a_fenced_Cluster_is_granted_that_in_its_instances_pods_and_scheduled_checks_are_not()
    {
        AssertGranted("dalpha:operators", AccessManifests.StoppedDatabase("postgresql-1"), RequiredPermissions.ForStoppedDatabase(Namespace));
        AssertGranted("dalpha:readers", AccessManifests.StoppedDatabase("postgresql-1"), []);
        Assert.All(AccessManifests.StoppedDatabase("postgresql-1").OfType<V1ClusterRole>().SelectMany(role => role.Rules), rule => Assert.Equal(["postgresql-1"], rule.ResourceNames));
    }

    private static void AssertGranted(string group, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> manifests, IEnumerable<AccessRequest> needed)
    {
        var roles = manifests.OfType<V1ClusterRole>().ToDictionary(role => role.Metadata.Name, role => role.Rules);
        bool IsFor(IList<Rbacv1Subject> subjects) => subjects.Any(subject => subject.Kind == "Group" && subject.Name == group);
        var granted = manifests.OfType<V1RoleBinding>().Where(binding => IsFor(binding.Subjects)).SelectMany(binding => Rights(roles[binding.RoleRef.Name], binding.Metadata.NamespaceProperty))
            .Concat(manifests.OfType<V1ClusterRoleBinding>().Where(binding => IsFor(binding.Subjects)).SelectMany(binding => Rights(roles[binding.RoleRef.Name], null)));
        Assert.Equal(needed.Select(request => (request.ToString(), request.Namespace)).Distinct().Order(), granted.Distinct().Order());
    }

    private static IEnumerable<(string Right, string? Namespace)> Rights(IList<V1PolicyRule> rules, string? ns) =>
        from rule in rules
        from verb in rule.Verbs
        from apiGroup in rule.ApiGroups
        from resource in rule.Resources
        select (new AccessRequest(verb, apiGroup, resource, null, ns, "").ToString(), ns);
}
