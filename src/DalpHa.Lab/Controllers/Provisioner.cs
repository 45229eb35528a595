using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>Makes a volume for each claim that has none, as a storage driver's provisioner does. Binding the two is left to the cluster's own controllers.</summary>
internal sealed class Provisioner : IController
{
    public async Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        var wanting = seen.Claims.Where(claim => claim.Metadata.DeletionTimestamp is null && claim.Status?.Phase == "Pending" && claim.Spec.VolumeName is null or "").ToList();
        if (wanting.Count == 0)
        {
            return;
        }
        var volumes = await client.CoreV1.ListPersistentVolumeAsync(cancellationToken: cancellationToken);
        var made = volumes.Items.Select(volume => volume.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var claim in wanting.Where(claim => !made.Contains(NameFor(claim))))
        {
            await client.CoreV1.CreatePersistentVolumeAsync(VolumeFor(claim), cancellationToken: cancellationToken);
        }
    }

    private static string NameFor(V1PersistentVolumeClaim claim) => $"pvc-{claim.Metadata.Uid}";

    private static V1PersistentVolume VolumeFor(V1PersistentVolumeClaim claim) => new()
    {
        ApiVersion = "v1",
        Kind = "PersistentVolume",
        Metadata = new V1ObjectMeta { Name = NameFor(claim), Labels = new Dictionary<string, string> { [LabMarks.Lab] = "true" } },
        Spec = new V1PersistentVolumeSpec
        {
            Capacity = new Dictionary<string, ResourceQuantity> { ["storage"] = claim.Spec.Resources.Requests["storage"] },
            AccessModes = claim.Spec.AccessModes,
            PersistentVolumeReclaimPolicy = "Delete",
            StorageClassName = claim.Spec.StorageClassName,
            VolumeMode = claim.Spec.VolumeMode,
            ClaimRef = new V1ObjectReference
            {
                ApiVersion = "v1",
                Kind = "PersistentVolumeClaim",
                Name = claim.Metadata.Name,
                NamespaceProperty = claim.Metadata.NamespaceProperty,
                Uid = claim.Metadata.Uid,
            },
            Csi = new V1CSIPersistentVolumeSource { Driver = "csi.lab.dalpha.dev", VolumeHandle = NameFor(claim) },
        },
    };
}
