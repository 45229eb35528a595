using System.Security.Cryptography;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>ReplicaSets become pods.</summary>
internal sealed class ReplicaSetController : IController
{
    // Kubernetes leaves vowels and look-alikes out of its random names.
    private const string NameLetters = "bcdfghjklmnpqrstvwxz2456789";

    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        foreach (var set in seen.ReplicaSets.Where(set => set.Metadata.DeletionTimestamp is null))
        {
            var pods = seen.ActivePodsOf(set);
            var missing = (set.Spec.Replicas ?? 1) - pods.Count;
            for (var i = 0; i < missing; i++)
            {
                var pod = Ownership.PodFrom(set.Spec.Template, set, "ReplicaSet", $"{set.Metadata.Name}-{RandomNumberGenerator.GetString(NameLetters, 5)}");
                await client.CoreV1.CreateNamespacedPodAsync(pod, set.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
            }
            foreach (var pod in pods.OrderBy(pod => pod.IsReady()).ThenByDescending(pod => pod.Metadata.CreationTimestamp).Take(Math.Max(0, -missing)))
            {
                await client.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, pod.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
            }
            await ReportAsync(client, set, pods, cancellationToken);
        }
    }

    private static async Task ReportAsync(IKubernetes client, V1ReplicaSet set, List<V1Pod> pods, CancellationToken cancellationToken)
    {
        var ready = pods.Count(pod => pod.IsReady());
        var status = new V1ReplicaSetStatus
        {
            ObservedGeneration = set.Metadata.Generation,
            Replicas = pods.Count,
            FullyLabeledReplicas = pods.Count,
            ReadyReplicas = ready,
            AvailableReplicas = ready,
        };
        if (!MergePatch.Same(set.Status, status))
        {
            var patch = MergePatch.Of(new V1ReplicaSet { Status = status });
            await client.AppsV1.PatchNamespacedReplicaSetStatusAsync(patch, set.Metadata.Name, set.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
        }
    }
}
