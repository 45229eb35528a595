using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>JSON merge patches (RFC 7386), from text or from the fields that are set in a model.</summary>
internal static class MergePatch
{
    public static V1Patch Of(string json) => new(json, V1Patch.PatchType.MergePatch);

    public static V1Patch Of(IKubernetesObject<V1ObjectMeta> changes) => Of(KubernetesJson.Serialize(changes));

    /// <summary>Whether a patch to <paramref name="wanted"/> would change nothing.</summary>
    public static bool Same(object? current, object wanted) =>
        current is not null && Covers(JsonNode.Parse(KubernetesJson.Serialize(current)), JsonNode.Parse(KubernetesJson.Serialize(wanted)));

    private static bool Covers(JsonNode? current, JsonNode? wanted) => (current, wanted) switch
    {
        (JsonObject existing, JsonObject fields) => fields.All(field => Covers(existing[field.Key], field.Value)),
        // The API leaves out what has its zero value.
        (null, JsonValue value) => value.ToJsonString() is "0" or "false" or "\"\"",
        _ => JsonNode.DeepEquals(current, wanted),
    };
}
