using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>How the controllers mark what they made, in the way that Kubernetes' own do.</summary>
internal static class Ownership
{
    public const string TemplateHash = "pod-template-hash";

    public static bool IsOwnedBy(this IMetadata<V1ObjectMeta> thing, IMetadata<V1ObjectMeta> owner) =>
        thing.Metadata.OwnerReferences?.Any(reference => reference.Uid == owner.Metadata.Uid && reference.Controller == true) == true;

    public static V1OwnerReference ReferenceTo(IKubernetesObject<V1ObjectMeta> owner, string kind) => new()
    {
        ApiVersion = "apps/v1",
        Kind = kind,
        Name = owner.Metadata.Name,
        Uid = owner.Metadata.Uid,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    public static bool IsReady(this V1Pod pod) => pod.Metadata.DeletionTimestamp is null && pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true;

    /// <summary>A short name for a template's content: workloads with the same template have the same.</summary>
    public static string HashOf(V1PodTemplateSpec template) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KubernetesJson.Serialize(template))))[..10];

    /// <summary>A pod of a template, not yet created.</summary>
    public static V1Pod PodFrom(V1PodTemplateSpec template, IKubernetesObject<V1ObjectMeta> owner, string kind, string name)
    {
        // By way of JSON: the pod must not share lists with the template that it came from.
        var copy = KubernetesJson.Deserialize<V1PodTemplateSpec>(KubernetesJson.Serialize(template));
        return new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = owner.Metadata.NamespaceProperty,
                Labels = copy.Metadata?.Labels ?? new Dictionary<string, string>(),
                Annotations = copy.Metadata?.Annotations,
                OwnerReferences = [ReferenceTo(owner, kind)],
            },
            Spec = copy.Spec,
        };
    }
}
