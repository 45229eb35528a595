using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Admission;

namespace DalpHa.Lab.Api.Serving;

/// <summary>The autoscaling/v1 Scale of an object.</summary>
internal static class ScaleView
{
    public static JsonObject Of(ResourceKind kind, StoredObject stored)
    {
        var paths = kind.Scale!;
        var metadata = new JsonObject();
        foreach (var name in new[] { "name", "namespace", "uid", "resourceVersion", "creationTimestamp" })
        {
            metadata[name] = stored.Metadata[name]?.DeepClone();
        }
        var status = new JsonObject { ["replicas"] = stored.Value.Number(paths.StatusReplicas) ?? 0 };
        var selector = paths.Selector.Length == 0 ? null : stored.Value.At(paths.Selector);
        var text = selector is JsonObject structured ? WorkloadSelector.ToText(structured) : selector?.ToString();
        if (!string.IsNullOrEmpty(text))
        {
            status["selector"] = text;
        }
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = stored.Value.Number(paths.Replicas) ?? 0 },
            ["status"] = status,
        };
    }

    public static void SetReplicas(ResourceKind kind, JsonObject value, long replicas)
    {
        var path = kind.Scale!.Replicas.Split('.');
        foreach (var part in path[..^1])
        {
            value = value.Child(part);
        }
        value[path[^1]] = replicas;
    }
}
