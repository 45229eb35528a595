using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>StatefulSets become pods with fixed names, each with its own volume claims: made in order, taken down in reverse.</summary>
internal sealed class StatefulSetController : IController
{
    private const string RevisionLabel = "controller-revision-hash";

    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        foreach (var set in seen.StatefulSets.Where(set => set.Metadata.DeletionTimestamp is null))
        {
            var revision = $"{set.Metadata.Name}-{Ownership.HashOf(set.Spec.Template)}";
            // A pod on its way out still has its name, and the name is the identity: it is waited for.
            var pods = seen.Pods.Where(pod => pod.IsOwnedBy(set)).ToDictionary(pod => pod.Metadata.Name, StringComparer.Ordinal);
            if (!await ScaleUpAsync(client, seen, set, pods, revision, cancellationToken))
            {
                await ScaleDownAsync(client, set, pods, revision, cancellationToken);
            }
            await ReportAsync(client, set, pods.Values, revision, cancellationToken);
        }
    }

    private static string NameOf(V1StatefulSet set, int ordinal) => $"{set.Metadata.Name}-{ordinal}";

    private static async Task<bool> ScaleUpAsync(
        IKubernetes client, ClusterSnapshot seen, V1StatefulSet set, Dictionary<string, V1Pod> pods, string revision, CancellationToken cancellationToken)
    {
        var isOrdered = set.Spec.PodManagementPolicy != "Parallel";
        var made = false;
        for (var ordinal = 0; ordinal < (set.Spec.Replicas ?? 1); ordinal++)
        {
            var name = NameOf(set, ordinal);
            if (!pods.TryGetValue(name, out var pod))
            {
                await CreateAsync(client, seen, set, name, ordinal, revision, cancellationToken);
                made = true;
            }
            if (isOrdered && pod?.IsReady() != true)
            {
                return made;
            }
        }
        return made;
    }

    private static async Task ScaleDownAsync(IKubernetes client, V1StatefulSet set, Dictionary<string, V1Pod> pods, string revision, CancellationToken cancellationToken)
    {
        var wanted = Enumerable.Range(0, set.Spec.Replicas ?? 1).Select(ordinal => NameOf(set, ordinal)).ToHashSet(StringComparer.Ordinal);
        var goes = pods.Values
            .Where(pod => pod.Metadata.DeletionTimestamp is null && (!wanted.Contains(pod.Metadata.Name) || pod.Metadata.Labels[RevisionLabel] != revision))
            .OrderByDescending(pod => !wanted.Contains(pod.Metadata.Name))
            .ThenByDescending(pod => pod.Metadata.Name, StringComparer.Ordinal);
        foreach (var pod in goes)
        {
            await client.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, pod.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
        }
    }

    private static async Task CreateAsync(
        IKubernetes client, ClusterSnapshot seen, V1StatefulSet set, string name, int ordinal, string revision, CancellationToken cancellationToken)
    {
        var ns = set.Metadata.NamespaceProperty;
        var pod = Ownership.PodFrom(set.Spec.Template, set, "StatefulSet", name);
        pod.Metadata.Labels["statefulset.kubernetes.io/pod-name"] = name;
        pod.Metadata.Labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(System.Globalization.CultureInfo.InvariantCulture);
        pod.Metadata.Labels[RevisionLabel] = revision;
        foreach (var template in set.Spec.VolumeClaimTemplates ?? [])
        {
            var claim = $"{template.Metadata.Name}-{name}";
            if (!seen.Claims.Any(existing => existing.Metadata.Name == claim && existing.Metadata.NamespaceProperty == ns))
            {
                var made = new V1PersistentVolumeClaim { Metadata = new V1ObjectMeta { Name = claim, NamespaceProperty = ns, Labels = template.Metadata.Labels }, Spec = template.Spec };
                await client.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(made, ns, cancellationToken: cancellationToken);
            }
            pod.Spec.Volumes ??= [];
            pod.Spec.Volumes.Add(new V1Volume { Name = template.Metadata.Name, PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = claim } });
        }
        await client.CoreV1.CreateNamespacedPodAsync(pod, ns, cancellationToken: cancellationToken);
    }

    private static async Task ReportAsync(IKubernetes client, V1StatefulSet set, IReadOnlyCollection<V1Pod> pods, string revision, CancellationToken cancellationToken)
    {
        var ready = pods.Count(pod => pod.IsReady());
        var updated = pods.Count(pod => pod.Metadata.Labels[RevisionLabel] == revision);
        var status = new V1StatefulSetStatus
        {
            ObservedGeneration = set.Metadata.Generation,
            Replicas = pods.Count,
            ReadyReplicas = ready,
            AvailableReplicas = ready,
            CurrentReplicas = updated,
            UpdatedReplicas = updated,
            CurrentRevision = revision,
            UpdateRevision = revision,
        };
        if (!MergePatch.Same(set.Status, status))
        {
            var patch = MergePatch.Of(new V1StatefulSet { Status = status });
            await client.AppsV1.PatchNamespacedStatefulSetStatusAsync(patch, set.Metadata.Name, set.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
        }
    }
}
