using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>
/// What the controllers decide on, listed afresh for each pass: a pass sees all that the passes before it wrote, so nothing is made twice.
/// </summary>
internal sealed record ClusterSnapshot(
    IList<V1Deployment> Deployments,
    IList<V1ReplicaSet> ReplicaSets,
    IList<V1StatefulSet> StatefulSets,
    IList<V1Pod> Pods,
    IList<V1Node> Nodes,
    IList<V1PersistentVolumeClaim> Claims,
    IList<V1ResourceQuota> Quotas)
{
    public static async Task<ClusterSnapshot> ReadAsync(IKubernetes client, CancellationToken cancellationToken, string? podSelector = null)
    {
        var deployments = client.AppsV1.ListDeploymentForAllNamespacesAsync(cancellationToken: cancellationToken);
        var replicaSets = client.AppsV1.ListReplicaSetForAllNamespacesAsync(cancellationToken: cancellationToken);
        var statefulSets = client.AppsV1.ListStatefulSetForAllNamespacesAsync(cancellationToken: cancellationToken);
        var pods = client.CoreV1.ListPodForAllNamespacesAsync(labelSelector: podSelector, cancellationToken: cancellationToken);
        var nodes = client.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        var claims = client.CoreV1.ListPersistentVolumeClaimForAllNamespacesAsync(cancellationToken: cancellationToken);
        var quotas = client.CoreV1.ListResourceQuotaForAllNamespacesAsync(cancellationToken: cancellationToken);
        await Task.WhenAll(deployments, replicaSets, statefulSets, pods, nodes, claims, quotas);
        return new ClusterSnapshot(
            (await deployments).Items,
            (await replicaSets).Items,
            (await statefulSets).Items,
            (await pods).Items,
            (await nodes).Items,
            (await claims).Items,
            (await quotas).Items);
    }

    /// <summary>The pods that a workload made and that are not on their way out or finished.</summary>
    public List<V1Pod> ActivePodsOf(IMetadata<V1ObjectMeta> owner) =>
        Pods.Where(pod => pod.IsOwnedBy(owner) && pod.Metadata.DeletionTimestamp is null && pod.Status?.Phase is not ("Succeeded" or "Failed")).ToList();
}
