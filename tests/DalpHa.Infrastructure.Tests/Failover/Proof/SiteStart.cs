using System.Text.Json;
using DalpHa.Core.Failover;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Models;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>What a failover changes of a cluster, as it was before the first one.</summary>
internal sealed class SiteStart
{
    private const string Remembered = "dalpha.io/replicas";
    private static readonly string[] FormerClasses = ["dalpha.io/ingress-class", "dalpha.io/ingress-class-annotation"];
    private readonly IKubernetes cluster;
    private IReadOnlyList<Item> items = [];

    private SiteStart(IKubernetes cluster) => this.cluster = cluster;

    public static async Task<SiteStart> OfAsync(IKubernetes cluster)
    {
        var start = new SiteStart(cluster);
        start.items = await start.ReadAsync();
        return start;
    }

    /// <summary>Lets each deployment that is staged at zero know how many replicas it shall have.</summary>
    public static async Task RememberAsync(IKubernetes cluster)
    {
        var patch = new V1Patch(JsonSerializer.Serialize(new { metadata = new { annotations = new Dictionary<string, string> { [Remembered] = "1" } } }), V1Patch.PatchType.MergePatch);
        foreach (var staged in (await cluster.AppsV1.ListNamespacedDeploymentAsync(LabSite.Namespace)).Items.Where(one => one.Spec.Replicas == 0))
        {
            await cluster.AppsV1.PatchNamespacedDeploymentAsync(patch, staged.Name(), LabSite.Namespace);
        }
    }

    /// <summary>What it is now.</summary>
    public async Task<IReadOnlyList<Item>> ReadAsync()
    {
        var deployments = await cluster.AppsV1.ListNamespacedDeploymentAsync(LabSite.Namespace);
        var sets = await cluster.AppsV1.ListNamespacedStatefulSetAsync(LabSite.Namespace);
        var routes = await cluster.NetworkingV1.ListNamespacedIngressAsync(LabSite.Namespace);
        return
        [
            .. deployments.Items.Select(one => new Item("deployments", one.Name(), one.Spec.Replicas, null, one.GetAnnotation(Remembered))),
            .. sets.Items.Select(one => new Item("statefulsets", one.Name(), one.Spec.Replicas, null, one.GetAnnotation(Remembered))),
            .. routes.Items.Select(one => new Item("ingresses", one.Name(), null, one.Spec.IngressClassName, null)),
        ];
    }

    /// <summary>Puts it back, and takes journals and lease away.</summary>
    public async Task ResetAsync()
    {
        foreach (var (now, then) in (await ReadAsync()).Zip(items).Where(pair => pair.First != pair.Second))
        {
            Assert.Equal(then.Name, now.Name);
            object change = then.Class is { } name
                ? new { metadata = new { annotations = FormerClasses.ToDictionary(key => key, _ => (string?)null) }, spec = new { ingressClassName = name } }
                : new { metadata = new { annotations = new Dictionary<string, string?> { [Remembered] = then.Remembers } }, spec = new { replicas = then.Replicas } };
            var patch = new V1Patch(JsonSerializer.Serialize(change), V1Patch.PatchType.MergePatch);
            await (then.Kind switch
            {
                "deployments" => (Task)cluster.AppsV1.PatchNamespacedDeploymentAsync(patch, then.Name, LabSite.Namespace),
                "statefulsets" => cluster.AppsV1.PatchNamespacedStatefulSetAsync(patch, then.Name, LabSite.Namespace),
                _ => cluster.NetworkingV1.PatchNamespacedIngressAsync(patch, then.Name, LabSite.Namespace),
            });
        }
        foreach (var note in (await cluster.CoreV1.ListNamespacedConfigMapAsync(LabSite.Namespace, labelSelector: JournalMirror.Label)).Items)
        {
            await cluster.CoreV1.DeleteNamespacedConfigMapAsync(note.Name(), LabSite.Namespace);
        }
        foreach (var lease in (await cluster.CoordinationV1.ListNamespacedLeaseAsync(LabSite.Namespace)).Items)
        {
            await cluster.CoordinationV1.DeleteNamespacedLeaseAsync(lease.Name(), LabSite.Namespace);
        }
    }

    /// <summary>One object, as far as a failover changes it.</summary>
    internal sealed record Item(string Kind, string Name, int? Replicas, string? Class, string? Remembers)
    {
        public override string ToString() => $"{Name} {(Class is null ? Replicas : Class)}{(Remembers is null ? "" : $" (remembers {Remembers})")}";
    }
}
