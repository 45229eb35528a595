using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>Removes what was made by a workload that is gone.</summary>
internal sealed class GarbageCollector : IController
{
    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        var owners = seen.Deployments.Select(owner => owner.Metadata.Uid)
            .Concat(seen.ReplicaSets.Select(owner => owner.Metadata.Uid))
            .Concat(seen.StatefulSets.Select(owner => owner.Metadata.Uid))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var set in seen.ReplicaSets.Where(set => IsOrphan(set.Metadata, owners)))
        {
            await client.AppsV1.DeleteNamespacedReplicaSetAsync(set.Metadata.Name, set.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
        }
        foreach (var pod in seen.Pods.Where(pod => IsOrphan(pod.Metadata, owners)))
        {
            await client.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, pod.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
        }
    }

    private static bool IsOrphan(V1ObjectMeta thing, HashSet<string> owners) =>
        thing.DeletionTimestamp is null
        && thing.OwnerReferences?.FirstOrDefault(reference => reference is { Controller: true, Kind: "Deployment" or "ReplicaSet" or "StatefulSet" }) is { } owner
        && !owners.Contains(owner.Uid);
}
