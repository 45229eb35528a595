using System.Globalization;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Patching;

/// <summary>JSON patch, RFC 6902, with the pointers of RFC 6901.</summary>
internal static class JsonPatch
{
    public static JsonNode? Apply(JsonNode? document, JsonArray operations)
    {
        foreach (var operation in operations)
        {
            if (operation is not JsonObject step || step.Text("path") is not { } path)
            {
                throw ApiException.BadRequest("error decoding patch: an operation needs a path");
            }
            document = Apply(document, step, Pointer(path));
        }
        return document;
    }

    private static JsonNode? Apply(JsonNode? document, JsonObject step, string[] path)
    {
        switch (step.Text("op"))
        {
            case "add":
                return Add(document, path, Value(step));
            case "remove":
                return Remove(document, path);
            case "replace":
                return path.Length == 0 ? Value(step) : Replace(document, path, Value(step));
            case "move":
                var moved = Get(document, From(step))?.DeepClone();
                return Add(Remove(document, From(step)), path, moved);
            case "copy":
                return Add(document, path, Get(document, From(step))?.DeepClone());
            case "test":
                return JsonNode.DeepEquals(Find(document, path, out _), Value(step))
                    ? document
                    : throw Unprocessable($"testing path /{string.Join('/', path)} failed: test failed");
            case var other:
                throw Unprocessable($"Unexpected kind: {other}");
        }
    }

    private static JsonNode? Add(JsonNode? document, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            return value;
        }
        switch (Get(document, path[..^1]))
        {
            case JsonObject parent:
                parent[path[^1]] = value;
                break;
            case JsonArray list:
                list.Insert(path[^1] == "-" ? list.Count : Index(path[^1], list.Count), value);
                break;
            default:
                throw Missing("add", path);
        }
        return document;
    }

    private static JsonNode? Remove(JsonNode? document, string[] path)
    {
        switch (path.Length == 0 ? null : Get(document, path[..^1]))
        {
            case JsonObject parent when parent.Remove(path[^1]):
                return document;
            case JsonArray list:
                list.RemoveAt(Index(path[^1], list.Count - 1));
                return document;
            default:
                throw Missing("remove", path);
        }
    }

    private static JsonNode? Replace(JsonNode? document, string[] path, JsonNode? value)
    {
        switch (Get(document, path[..^1]))
        {
            case JsonObject parent when parent.ContainsKey(path[^1]):
                parent[path[^1]] = value;
                return document;
            case JsonArray list:
                list[Index(path[^1], list.Count - 1)] = value;
                return document;
            default:
                throw Missing("replace", path);
        }
    }

    private static JsonNode? Get(JsonNode? document, string[] path)
    {
        var node = Find(document, path, out var found);
        return found ? node : throw Missing("doc", path);
    }

    private static JsonNode? Find(JsonNode? node, string[] path, out bool found)
    {
        foreach (var part in path)
        {
            switch (node)
            {
                case JsonObject parent when parent.TryGetPropertyValue(part, out var member):
                    node = member;
                    break;
                case JsonArray list when int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count:
                    node = list[index];
                    break;
                default:
                    found = false;
                    return null;
            }
        }
        found = true;
        return node;
    }

    private static int Index(string text, int last) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= last
            ? index
            : throw Unprocessable($"invalid array index: {text}");

    private static JsonNode? Value(JsonObject step) => step.ContainsKey("value")
        ? step["value"]?.DeepClone()
        : throw ApiException.BadRequest("error decoding patch: the operation needs a value");

    private static string[] From(JsonObject step) => Pointer(step.Text("from") ?? throw ApiException.BadRequest("error decoding patch: the operation needs a from"));

    private static string[] Pointer(string text) => text.Length == 0
        ? []
        : text[0] == '/'
            ? [.. text[1..].Split('/').Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]
            : throw ApiException.BadRequest($"error decoding patch: {text} is no JSON pointer");

    private static ApiException Missing(string operation, string[] path) =>
        Unprocessable($"{operation} operation does not apply: doc is missing path: \"/{string.Join('/', path)}\": missing value");

    private static ApiException Unprocessable(string why) => ApiException.Unprocessable($"the server rejected our request due to an error in our request: {why}");
}
