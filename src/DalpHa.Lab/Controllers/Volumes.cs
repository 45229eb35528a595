using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>Binds volume claims, as a provisioner would.</summary>
internal sealed class Volumes : IController
{
    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        foreach (var claim in seen.Claims.Where(claim => claim.Metadata.DeletionTimestamp is null && claim.Status?.Phase != "Bound"))
        {
            var (name, ns) = (claim.Metadata.Name, claim.Metadata.NamespaceProperty);
            var volume = MergePatch.Of(new V1PersistentVolumeClaim { Spec = new V1PersistentVolumeClaimSpec { VolumeName = $"pvc-{claim.Metadata.Uid}" } });
            await client.CoreV1.PatchNamespacedPersistentVolumeClaimAsync(volume, name, ns, cancellationToken: cancellationToken);
            var status = new V1PersistentVolumeClaimStatus { Phase = "Bound", AccessModes = claim.Spec.AccessModes, Capacity = claim.Spec.Resources?.Requests };
            await client.CoreV1.PatchNamespacedPersistentVolumeClaimStatusAsync(MergePatch.Of(new V1PersistentVolumeClaim { Status = status }), name, ns, cancellationToken: cancellationToken);
        }
    }
}
