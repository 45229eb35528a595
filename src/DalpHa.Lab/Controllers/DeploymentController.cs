using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>
/// Deployments become ReplicaSets, one for each template. A new template's set comes up first and the old sets go when it is ready; with the
/// strategy <c>Recreate</c> the old pods are gone before the first new one is made.
/// </summary>
internal sealed class DeploymentController(TimeProvider time) : IController
{
    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        foreach (var deployment in seen.Deployments.Where(deployment => deployment.Metadata.DeletionTimestamp is null))
        {
            var sets = seen.ReplicaSets.Where(set => set.IsOwnedBy(deployment)).ToList();
            var hash = Ownership.HashOf(deployment.Spec.Template);
            var current = sets.Find(set => set.Metadata.Labels[Ownership.TemplateHash] == hash);
            var old = sets.Where(set => set != current).ToList();
            await ScaleAsync(client, deployment, current, old, hash, cancellationToken);
            await ReportAsync(client, deployment, current, sets, cancellationToken);
        }
    }

    private static async Task ScaleAsync(
        IKubernetes client, V1Deployment deployment, V1ReplicaSet? current, List<V1ReplicaSet> old, string hash, CancellationToken cancellationToken)
    {
        var desired = deployment.Spec.Replicas ?? 1;
        var recreate = deployment.Spec.Strategy?.Type == "Recreate";
        var wanted = recreate && old.Exists(set => set.Status?.Replicas > 0) ? 0 : desired;
        if (current is null)
        {
            await client.AppsV1.CreateNamespacedReplicaSetAsync(NewSet(deployment, hash, wanted), deployment.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
        }
        else if (current.Spec.Replicas != wanted)
        {
            await SetReplicasAsync(client, current, wanted, cancellationToken);
        }
        if (recreate || (current?.Status?.ReadyReplicas ?? 0) >= desired)
        {
            foreach (var set in old.Where(set => set.Spec.Replicas > 0))
            {
                await SetReplicasAsync(client, set, 0, cancellationToken);
            }
        }
    }

    private static V1ReplicaSet NewSet(V1Deployment deployment, string hash, int replicas)
    {
        var template = KubernetesJson.Deserialize<V1PodTemplateSpec>(KubernetesJson.Serialize(deployment.Spec.Template));
        template.Metadata.Labels[Ownership.TemplateHash] = hash;
        return new V1ReplicaSet
        {
            ApiVersion = "apps/v1",
            Kind = "ReplicaSet",
            Metadata = new V1ObjectMeta
            {
                Name = $"{deployment.Metadata.Name}-{hash}",
                NamespaceProperty = deployment.Metadata.NamespaceProperty,
                Labels = new Dictionary<string, string>(template.Metadata.Labels),
                OwnerReferences = [Ownership.ReferenceTo(deployment, "Deployment")],
            },
            Spec = new V1ReplicaSetSpec
            {
                Replicas = replicas,
                Selector = new V1LabelSelector
                {
                    MatchLabels = new Dictionary<string, string>(deployment.Spec.Selector.MatchLabels) { [Ownership.TemplateHash] = hash },
                },
                Template = template,
            },
        };
    }

    private static Task SetReplicasAsync(IKubernetes client, V1ReplicaSet set, int replicas, CancellationToken cancellationToken) =>
        client.AppsV1.PatchNamespacedReplicaSetAsync(
            MergePatch.Of(new V1ReplicaSet { Spec = new V1ReplicaSetSpec { Replicas = replicas } }), set.Metadata.Name, set.Metadata.NamespaceProperty, cancellationToken: cancellationToken);

    private async Task ReportAsync(IKubernetes client, V1Deployment deployment, V1ReplicaSet? current, List<V1ReplicaSet> sets, CancellationToken cancellationToken)
    {
        var desired = deployment.Spec.Replicas ?? 1;
        var ready = sets.Sum(set => set.Status?.ReadyReplicas ?? 0);
        var isAvailable = ready >= desired - (desired / 4);
        var status = new V1DeploymentStatus
        {
            ObservedGeneration = deployment.Metadata.Generation,
            Replicas = sets.Sum(set => set.Status?.Replicas ?? 0),
            UpdatedReplicas = current?.Status?.Replicas ?? 0,
            ReadyReplicas = ready,
            AvailableReplicas = ready,
            UnavailableReplicas = Math.Max(0, desired - ready),
            Conditions = [Available(deployment, isAvailable)],
        };
        if (!MergePatch.Same(deployment.Status, status))
        {
            var patch = MergePatch.Of(new V1Deployment { Status = status });
            await client.AppsV1.PatchNamespacedDeploymentStatusAsync(patch, deployment.Metadata.Name, deployment.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
        }
    }

    private V1DeploymentCondition Available(V1Deployment deployment, bool isAvailable)
    {
        var value = isAvailable ? "True" : "False";
        var before = deployment.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "Available");
        var changed = before?.Status == value ? before.LastTransitionTime : time.GetUtcNow().UtcDateTime;
        return new V1DeploymentCondition
        {
            Type = "Available",
            Status = value,
            Reason = isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            LastTransitionTime = changed,
            LastUpdateTime = changed,
        };
    }
}
