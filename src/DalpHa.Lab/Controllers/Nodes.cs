using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>Keeps the nodes' conditions: the heartbeat of those that live, and for those marked as lost what a cluster notices after a while.</summary>
internal sealed class Nodes(TimeProvider time) : IController
{
    // kube-controller-manager calls a node lost when its heartbeat is 40 s old.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private const string UnreachableTaint = "node.kubernetes.io/unreachable";

    public static bool IsLost(V1Node node) => node.Metadata.Annotations?.ContainsKey(LabMarks.Lost) == true;

    public static bool TakesPods(V1Node node) =>
        !IsLost(node) && node.Spec?.Unschedulable != true && node.Spec?.Taints?.Any(taint => taint.Effect is "NoSchedule" or "NoExecute") != true;

    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        foreach (var node in seen.Nodes)
        {
            await ReportAsync(client, node, cancellationToken);
            await TaintAsync(client, node, cancellationToken);
        }
    }

    private async Task ReportAsync(IKubernetes client, V1Node node, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var before = node.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "Ready");
        var wanted = IsLost(node) ? "Unknown" : "True";
        var isDue = wanted == "True" && now - before?.LastHeartbeatTime >= Heartbeat;
        if (before?.Status == wanted && !isDue)
        {
            return;
        }
        var ready = new V1NodeCondition
        {
            Type = "Ready",
            Status = wanted,
            Reason = IsLost(node) ? "NodeStatusUnknown" : "KubeletReady",
            Message = IsLost(node) ? "Kubelet stopped posting node status." : "kubelet is posting ready status",
            LastHeartbeatTime = IsLost(node) ? before?.LastHeartbeatTime ?? now : now,
            LastTransitionTime = before?.Status == wanted ? before.LastTransitionTime : now,
        };
        var patch = MergePatch.Of(new V1Node { Status = new V1NodeStatus { Conditions = [ready] } });
        await client.CoreV1.PatchNodeStatusAsync(patch, node.Metadata.Name, cancellationToken: cancellationToken);
    }

    private static async Task TaintAsync(IKubernetes client, V1Node node, CancellationToken cancellationToken)
    {
        var taints = node.Spec?.Taints ?? [];
        if (taints.Any(taint => taint.Key == UnreachableTaint) == IsLost(node))
        {
            return;
        }
        var wanted = taints.Where(taint => taint.Key != UnreachableTaint).ToList();
        if (IsLost(node))
        {
            wanted.Add(new V1Taint { Key = UnreachableTaint, Effect = "NoSchedule" });
        }
        var list = new JsonArray([.. wanted.Select(taint => JsonNode.Parse(KubernetesJson.Serialize(taint)))]);
        var patch = new JsonObject { ["spec"] = new JsonObject { ["taints"] = wanted.Count == 0 ? null : list } };
        await client.CoreV1.PatchNodeAsync(MergePatch.Of(patch.ToJsonString()), node.Metadata.Name, cancellationToken: cancellationToken);
    }
}
