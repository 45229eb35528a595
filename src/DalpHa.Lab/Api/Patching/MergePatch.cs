using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Patching;

/// <summary>JSON merge patch, RFC 7386.</summary>
internal static class MergePatch
{
    public static JsonNode Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (name, change) in patch)
        {
            if (change is null)
            {
                target.Remove(name);
            }
            else if (change is JsonObject nested)
            {
                target[name] = Apply(target[name] is JsonObject existing ? Detached(target, name, existing) : [], nested);
            }
            else
            {
                target[name] = change.DeepClone();
            }
        }
        return target;
    }

    private static JsonObject Detached(JsonObject parent, string name, JsonObject child)
    {
        parent.Remove(name);
        return child;
    }
}
