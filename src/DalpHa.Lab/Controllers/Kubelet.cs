using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>
/// Stands in for the scheduler and for the kubelets of all nodes: binds pods to nodes, reports them running, and lets those go that are
/// on their way out. No container runs anywhere.
/// </summary>
internal sealed class Kubelet(PodReadiness readiness, TimeProvider time) : IController
{
    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        var nodes = seen.Nodes.ToDictionary(node => node.Metadata.Name, StringComparer.Ordinal);
        var load = nodes.Keys.ToDictionary(name => name, name => seen.Pods.Count(pod => pod.Spec.NodeName == name), StringComparer.Ordinal);
        readiness.BeginLook();
        foreach (var pod in seen.Pods)
        {
            if (pod.Spec.NodeName is null or "")
            {
                await BindAsync(client, pod, nodes, load, cancellationToken);
            }
            else if (nodes.TryGetValue(pod.Spec.NodeName, out var node) && !Nodes.IsLost(node) && pod.Metadata.DeletionTimestamp is not null)
            {
                await RemoveAsync(client, pod, cancellationToken);
            }
            else if (pod.Status?.Phase is not ("Succeeded" or "Failed"))
            {
                await ReportAsync(client, pod, node is null || Nodes.IsLost(node), cancellationToken);
            }
        }
    }

    private static async Task BindAsync(IKubernetes client, V1Pod pod, Dictionary<string, V1Node> nodes, Dictionary<string, int> load, CancellationToken cancellationToken)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            await RemoveAsync(client, pod, cancellationToken);
            return;
        }
        var node = nodes.Values.Where(Nodes.TakesPods).OrderBy(candidate => load[candidate.Metadata.Name]).ThenBy(candidate => candidate.Metadata.Name, StringComparer.Ordinal).FirstOrDefault();
        if (node is null)
        {
            await MarkUnschedulableAsync(client, pod, nodes.Count, cancellationToken);
            return;
        }
        load[node.Metadata.Name]++;
        var binding = new V1Binding
        {
            ApiVersion = "v1",
            Kind = "Binding",
            Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.NamespaceProperty },
            Target = new V1ObjectReference { ApiVersion = "v1", Kind = "Node", Name = node.Metadata.Name },
        };
        // The answer is a Status, which the generated client would read as a Binding.
        using var answer = await client.CoreV1.CreateNamespacedPodBindingWithHttpMessagesAsync(
            binding, pod.Metadata.Name, pod.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
    }

    private static async Task MarkUnschedulableAsync(IKubernetes client, V1Pod pod, int nodeCount, CancellationToken cancellationToken)
    {
        var status = new V1PodStatus
        {
            Phase = "Pending",
            Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = $"0/{nodeCount} nodes are available." }],
        };
        if (!MergePatch.Same(pod.Status, status))
        {
            await PatchStatusAsync(client, pod, status, cancellationToken);
        }
    }

    private async Task ReportAsync(IKubernetes client, V1Pod pod, bool isLost, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var status = new PodStatusOf(pod, now).Build(isLost, readiness.IsReady(pod, now));
        if (!MergePatch.Same(pod.Status, status))
        {
            await PatchStatusAsync(client, pod, status, cancellationToken);
        }
    }

    private static Task RemoveAsync(IKubernetes client, V1Pod pod, CancellationToken cancellationToken) => client.CoreV1.DeleteNamespacedPodAsync(
        pod.Metadata.Name,
        pod.Metadata.NamespaceProperty,
        new V1DeleteOptions { GracePeriodSeconds = 0, Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } },
        cancellationToken: cancellationToken);

    private static Task PatchStatusAsync(IKubernetes client, V1Pod pod, V1PodStatus status, CancellationToken cancellationToken) =>
        client.CoreV1.PatchNamespacedPodStatusAsync(MergePatch.Of(new V1Pod { Status = status }), pod.Metadata.Name, pod.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
}
