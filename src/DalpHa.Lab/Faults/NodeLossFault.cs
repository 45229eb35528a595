using System.Text.Json.Nodes;
using DalpHa.Core.Lab;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.Hosting;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Faults;

/// <summary>A node has stopped answering. The node is the one that carries most of the platform, but not its database, whose tunnel would outlive it.</summary>
internal sealed class NodeLossFault : ILabFault
{
    public LabFault Name => LabFault.NodeLoss;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var node = await ChooseAsync(scene, cancellationToken);
        await MarkAsync(scene, node, isLost: true, cancellationToken);
        return new Injection(
            $"Node/{node}",
            async token =>
            {
                await MarkAsync(scene, node, isLost: false, token);
                await WaitAsync(scene, node, isLost: false, token);
            },
            token => WaitAsync(scene, node, isLost: true, token));
    }

    private static async Task<string> ChooseAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var pods = await scene.Cluster.CoreV1.ListNamespacedPodAsync(FaultScene.Namespace, cancellationToken: cancellationToken);
        var nodes = pods.Items.GroupBy(pod => pod.Spec.NodeName, StringComparer.Ordinal);
        return nodes
            .OrderBy(node => node.Any(pod => pod.Metadata.Name == scene.Region.Site.DatabasePod))
            .ThenByDescending(node => node.Count())
            .ThenBy(node => node.Key, StringComparer.Ordinal)
            .First().Key;
    }

    private static Task MarkAsync(FaultScene scene, string name, bool isLost, CancellationToken cancellationToken)
    {
        var annotations = new JsonObject { [LabMarks.Lost] = isLost ? "true" : null };
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = annotations } };
        return scene.Cluster.CoreV1.PatchNodeAsync(MergePatch.Of(patch.ToJsonString()), name, cancellationToken: cancellationToken);
    }

    private static Task WaitAsync(FaultScene scene, string name, bool isLost, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        isLost ? $"{name} is seen as lost" : $"{name} and its pods are back",
        async token =>
        {
            var node = await scene.Cluster.CoreV1.ReadNodeAsync(name, cancellationToken: token);
            var pods = await scene.Cluster.CoreV1.ListNamespacedPodAsync(FaultScene.Namespace, fieldSelector: $"spec.nodeName={name}", cancellationToken: token);
            return IsReady(node) != isLost && Nodes.TakesPods(node) != isLost && pods.Items.All(pod => pod.IsReady() != isLost) && await AreCountedAsync(scene, token);
        },
        cancellationToken);

    // A controller counts a workload's ready pods some time after a pod has changed.
    private static async Task<bool> AreCountedAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var seen = await ClusterSnapshot.ReadAsync(scene.Cluster, cancellationToken);
        var replicaSets = seen.ReplicaSets.ToLookup(one => one.Metadata.OwnerReferences?.FirstOrDefault()?.Uid);
        return seen.Deployments.All(deployment =>
            (deployment.Status?.ReadyReplicas ?? 0) == replicaSets[deployment.Metadata.Uid].Sum(set => seen.ActivePodsOf(set).Count(pod => pod.IsReady())));
    }

    private static bool IsReady(V1Node node) => node.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });
}
