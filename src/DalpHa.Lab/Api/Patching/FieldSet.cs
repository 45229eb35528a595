using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Patching;

/// <summary>
/// The fields of an object as paths, in the notation of meta/v1 FieldsV1: <c>f:name</c> for a member, <c>k:{…}</c> for an item of a keyed list,
/// <c>v:…</c> for a value in a set. A path ends where ownership is no longer divided: at a plain value or at an atomic list.
/// </summary>
internal static class FieldSet
{
    /// <summary>Between the steps of a path; no name holds it.</summary>
    public const char Separator = '\u001f';

    private const string Itself = ".";

    /// <summary>Every leaf path of an object, with the value there.</summary>
    public static Dictionary<string, JsonNode?> Leaves(ResourceKind kind, JsonObject value)
    {
        var leaves = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var (name, member) in value)
        {
            if (name is "apiVersion" or "kind")
            {
                continue;
            }
            if (name == "metadata" && member is JsonObject metadata)
            {
                // The rest of the metadata identifies the object or is the server's.
                foreach (var owned in new[] { "labels", "annotations", "finalizers", "ownerReferences" }.Where(owned => metadata[owned] is not null))
                {
                    Collect(kind, "metadata", owned, metadata[owned], $"f:metadata{Separator}f:{owned}", leaves);
                }
                continue;
            }
            Collect(kind, "", name, member, $"f:{name}", leaves);
        }
        return leaves;
    }

    public static JsonObject ToFields(IEnumerable<string> paths)
    {
        var fields = new JsonObject();
        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            var at = fields;
            foreach (var step in path.Split(Separator))
            {
                at = at.Child(step);
            }
        }
        return fields;
    }

    public static HashSet<string> FromFields(JsonObject? fields)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        Walk(fields ?? [], "");
        return paths;

        void Walk(JsonObject at, string path)
        {
            foreach (var (step, below) in at)
            {
                var here = path.Length == 0 ? step : path + Separator + step;
                if (below is JsonObject { Count: > 0 } deeper)
                {
                    Walk(deeper, here);
                }
                else
                {
                    paths.Add(here);
                }
            }
        }
    }

    /// <summary>A path as people read it: <c>.spec.containers[name="app"].image</c>.</summary>
    public static string ToText(string path) => string.Concat(path.Split(Separator).Select(step => step[..Math.Min(2, step.Length)] switch
    {
        "f:" => "." + step[2..],
        "k:" => "[" + string.Join(',', JsonNode.Parse(step[2..])!.AsObject().Select(key => $"{key.Key}={key.Value?.ToJsonString()}")) + "]",
        "v:" => $"[={step[2..]}]",
        _ => "",
    }));

    /// <summary>Takes the value at a path out of an object, and the containers that it leaves empty.</summary>
    public static void Remove(JsonNode? at, string path)
    {
        var steps = path.Split(Separator);
        Remove(at, steps);
    }

    /// <summary>Whether a path is that of a whole item of a keyed list, or of its key, while others own something in the item.</summary>
    public static bool IsItemOfOthers(string path, IEnumerable<string> owned)
    {
        var end = path.LastIndexOf(Separator);
        var last = path[(end + 1)..];
        var item = path[..Math.Max(end, 0)];
        var step = item[(item.LastIndexOf(Separator) + 1)..];
        return step.StartsWith("k:", StringComparison.Ordinal)
            && (last == Itself || JsonNode.Parse(step[2..])!.AsObject().ContainsKey(last[2..]))
            && owned.Any(other => other.StartsWith(item + Separator, StringComparison.Ordinal));
    }

    /// <summary>The step that names an item of a keyed list.</summary>
    public static string ItemStep(IReadOnlyList<string> keys, JsonObject item)
    {
        var id = new JsonObject();
        foreach (var key in keys)
        {
            // The one key with a default is the protocol of a port.
            id[key] = item[key]?.DeepClone() ?? (key == "protocol" ? "TCP" : throw ApiException.BadRequest($"element has no value for its key {key}"));
        }
        return "k:" + id.ToJsonString();
    }

    private static void Collect(ResourceKind kind, string parent, string name, JsonNode? value, string path, Dictionary<string, JsonNode?> leaves)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } members:
                foreach (var (member, below) in members)
                {
                    Collect(kind, name, member, below, $"{path}{Separator}f:{member}", leaves);
                }
                break;
            case JsonArray items when ListKeys.MapKeys(kind, parent, name) is { Count: > 0 } keys:
                foreach (var item in items.OfType<JsonObject>())
                {
                    var step = path + Separator + ItemStep(keys, item);
                    leaves[step + Separator + Itself] = null;
                    foreach (var (member, below) in item)
                    {
                        Collect(kind, name, member, below, $"{step}{Separator}f:{member}", leaves);
                    }
                }
                break;
            case JsonArray values when ListKeys.IsSet(kind, parent, name):
                foreach (var item in values)
                {
                    leaves[$"{path}{Separator}v:{item?.ToJsonString()}"] = item;
                }
                break;
            default:
                leaves[path] = value;
                break;
        }
    }

    private static void Remove(JsonNode? at, ReadOnlySpan<string> steps)
    {
        var step = steps[0];
        if (at is JsonObject parent && step.StartsWith("f:", StringComparison.Ordinal))
        {
            var name = step[2..];
            if (steps.Length == 1)
            {
                parent.Remove(name);
            }
            else
            {
                Remove(parent[name], steps[1..]);
                if (parent[name] is JsonObject { Count: 0 } or JsonArray { Count: 0 })
                {
                    parent.Remove(name);
                }
            }
        }
        else if (at is JsonArray list)
        {
            var item = Find(list, step);
            if (item is not null && (steps.Length == 1 || steps[1] == Itself))
            {
                list.Remove(item);
            }
            else if (item is not null)
            {
                Remove(item, steps[1..]);
            }
        }
    }

    private static JsonNode? Find(JsonArray list, string step)
    {
        var id = JsonNode.Parse(step[2..]);
        return step[0] == 'v'
            ? list.FirstOrDefault(item => JsonNode.DeepEquals(item, id))
            : list.OfType<JsonObject>().FirstOrDefault(item => id!.AsObject().All(key =>
                JsonNode.DeepEquals(item[key.Key], key.Value) || (item[key.Key] is null && key is { Key: "protocol" } && key.Value?.ToString() == "TCP")));
    }
}
