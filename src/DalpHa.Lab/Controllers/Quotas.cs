using System.Globalization;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>Counts what a namespace's pods use of its quotas.</summary>
internal sealed class Quotas : IController
{
    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        foreach (var quota in seen.Quotas)
        {
            var pods = seen.Pods.Where(pod => pod.Metadata.NamespaceProperty == quota.Metadata.NamespaceProperty && pod.Status?.Phase is not ("Succeeded" or "Failed")).ToList();
            var used = quota.Spec.Hard.Keys.Where(IsCounted).ToDictionary(resource => resource, resource => Used(resource, pods));
            var status = new V1ResourceQuotaStatus { Hard = quota.Spec.Hard, Used = used };
            if (!MergePatch.Same(quota.Status, status))
            {
                var patch = MergePatch.Of(new V1ResourceQuota { Status = status });
                await client.CoreV1.PatchNamespacedResourceQuotaStatusAsync(patch, quota.Metadata.Name, quota.Metadata.NamespaceProperty, cancellationToken: cancellationToken);
            }
        }
    }

    private static bool IsCounted(string resource) => resource is "pods" or "requests.cpu" or "requests.memory";

    private static ResourceQuantity Used(string resource, List<V1Pod> pods) => resource switch
    {
        "pods" => new ResourceQuantity(pods.Count.ToString(CultureInfo.InvariantCulture)),
        "requests.cpu" => new ResourceQuantity(string.Create(CultureInfo.InvariantCulture, $"{decimal.Round(Requested(pods, "cpu") * 1000):0}m")),
        _ => new ResourceQuantity(string.Create(CultureInfo.InvariantCulture, $"{decimal.Round(Requested(pods, "memory") / 1048576):0}Mi")),
    };

    private static decimal Requested(List<V1Pod> pods, string resource) =>
        pods.SelectMany(pod => pod.Spec.Containers).Sum(container => container.Resources?.Requests?.TryGetValue(resource, out var amount) == true ? amount.ToDecimal() : 0);
}
