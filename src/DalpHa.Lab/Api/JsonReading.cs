using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api;

/// <summary>Short ways around in JSON objects of which little is certain.</summary>
internal static class JsonReading
{
    /// <summary>The object under a name, made when there is none.</summary>
    public static JsonObject Child(this JsonObject value, string name)
    {
        if (value[name] is JsonObject child)
        {
            return child;
        }
        child = [];
        value[name] = child;
        return child;
    }

    /// <summary>Sets a member that is absent or null.</summary>
    public static JsonObject Default(this JsonObject value, string name, JsonNode? otherwise)
    {
        if (value[name] is null)
        {
            value[name] = otherwise;
        }
        return value;
    }

    /// <summary>The objects in the list under a name; none when there is no list.</summary>
    public static IEnumerable<JsonObject> Items(this JsonObject value, string name) =>
        (value[name] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>The node at a dotted path, or null.</summary>
    public static JsonNode? At(this JsonNode? value, string path)
    {
        foreach (var part in path.Split('.'))
        {
            value = (value as JsonObject)?[part];
        }
        return value;
    }

    public static string? Text(this JsonNode? value, string path) => value.At(path) is JsonValue found ? found.ToString() : null;

    /// <summary>The whole number at a path, whatever .NET type its node was made from; null when there is none.</summary>
    public static long? Number(this JsonNode? value, string path) =>
        value.At(path) is JsonValue found && found.GetValueKind() == JsonValueKind.Number
        && long.TryParse(found.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static IEnumerable<string> Strings(this JsonNode? value, string path) =>
        (value.At(path) as JsonArray ?? []).OfType<JsonValue>().Select(item => item.ToString());

    /// <summary>Whether all members but the named ones are equal.</summary>
    public static bool SameExcept(this JsonObject left, JsonObject right, params string[] names)
    {
        var keys = left.Select(member => member.Key).Union(right.Select(member => member.Key)).Except(names);
        return keys.All(key => JsonNode.DeepEquals(left[key], right[key]));
    }
}
