using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Admission;

/// <summary>
/// Holds custom resources to their definition's structural schema: unknown fields are dropped, defaults filled in, and what has the wrong type, lacks a
/// required field or is outside an enumeration, a range, a length or a pattern is refused. CEL rules are not evaluated.
/// </summary>
internal static class CustomSchema
{
    private static readonly TimeSpan PatternLimit = TimeSpan.FromSeconds(1);

    public static void Admit(ResourceKind kind, JsonObject value)
    {
        if (kind.Schema?["properties"] is not JsonObject properties)
        {
            return;
        }
        var causes = new List<StatusCause>();
        var free = PreservesUnknown(kind.Schema);
        foreach (var name in value.Select(member => member.Key).Where(name => name is not ("apiVersion" or "kind" or "metadata")).ToList())
        {
            if (properties[name] is JsonObject schema)
            {
                Visit(schema, value[name], name, causes);
            }
            else if (!free)
            {
                value.Remove(name);
            }
        }
        Require(kind.Schema, value, "", causes);
        if (causes.Count > 0)
        {
            throw ApiException.Invalid(kind.Group, kind.Kind, value.Text("metadata.name") ?? "", causes);
        }
    }

    private static void Visit(JsonObject schema, JsonNode? value, string path, List<StatusCause> causes)
    {
        if (value is null)
        {
            if (schema.Text("nullable") != "true")
            {
                causes.Add(new("FieldValueInvalid", "Invalid value: \"null\": must not be null", path));
            }
            return;
        }
        if (!HasType(schema, value))
        {
            causes.Add(new("FieldValueTypeInvalid",
                $"Invalid value: \"{TypeOf(value)}\": {path} in body must be of type {schema.Text("type")}: \"{TypeOf(value)}\"", path));
            return;
        }
        switch (value)
        {
            case JsonObject members:
                VisitMembers(schema, members, path, causes);
                break;
            case JsonArray items:
                Length(items.Count, "Items", "items");
                for (var i = 0; schema["items"] is JsonObject each && i < items.Count; i++)
                {
                    Visit(each, items[i], $"{path}[{i}]", causes);
                }
                break;
            case JsonValue plain:
                if (plain.GetValueKind() == JsonValueKind.String)
                {
                    Length(plain.ToString().EnumerateRunes().Count(), "Length", "characters");
                }
                CheckValue(schema, plain, path, causes);
                break;
        }
        CheckCombined(schema, value, path, causes);

        void Length(int length, string of, string unit)
        {
            if (length < schema.Number($"min{of}") || length > schema.Number($"max{of}"))
            {
                causes.Add(Validation.InvalidObject(path, value, $"{path} in body has {length} {unit}, and may have from {schema.Number($"min{of}") ?? 0} "
                    + $"to {schema.Number($"max{of}")?.ToString(CultureInfo.InvariantCulture) ?? "any number"}"));
            }
        }
    }

    private static void CheckCombined(JsonObject schema, JsonNode value, string path, List<StatusCause> causes)
    {
        Must(schema["allOf"] is not JsonArray all || all.All(Fits), "must validate all the schemas (allOf)");
        Must(schema["anyOf"] is not JsonArray any || any.Any(Fits), "must validate at least one schema (anyOf)");
        Must(schema["oneOf"] is not JsonArray one || one.Count(Fits) == 1, "must validate one and only one schema (oneOf)");
        Must(schema["not"] is not { } not || !Fits(not), "must not validate the schema (not)");

        bool Fits(JsonNode? part)
        {
            var misfits = new List<StatusCause>();
            Visit(part!.AsObject(), value.DeepClone(), path, misfits);
            return misfits.Count == 0;
        }

        void Must(bool holds, string rule)
        {
            if (!holds)
            {
                causes.Add(Validation.InvalidObject(path, value, $"{path} in body {rule}"));
            }
        }
    }

    private static void VisitMembers(JsonObject schema, JsonObject members, string path, List<StatusCause> causes)
    {
        var properties = schema["properties"] as JsonObject ?? [];
        var others = schema["additionalProperties"];
        foreach (var (name, property) in properties)
        {
            // Where null is no value, it stands for none.
            if (members.TryGetPropertyValue(name, out var sent) && sent is null && property.Text("nullable") != "true")
            {
                members.Remove(name);
            }
            if (!members.ContainsKey(name) && property?["default"] is { } otherwise)
            {
                members[name] = otherwise.DeepClone();
            }
        }
        // Before anything is dropped: a part of a combined schema may require what only the whole declares.
        Require(schema, members, path, causes);
        foreach (var name in members.Select(member => member.Key).ToList())
        {
            if (properties[name] is JsonObject known)
            {
                Visit(known, members[name], $"{path}.{name}", causes);
            }
            else if (others is JsonObject each)
            {
                Visit(each, members[name], $"{path}.{name}", causes);
            }
            else if (others is null && !PreservesUnknown(schema))
            {
                members.Remove(name);
            }
        }
    }

    private static void Require(JsonObject schema, JsonObject members, string path, List<StatusCause> causes)
    {
        foreach (var name in schema.Strings("required").Where(name => !members.ContainsKey(name)))
        {
            causes.Add(Validation.Required(path.Length == 0 ? name : $"{path}.{name}"));
        }
    }

    private static void CheckValue(JsonObject schema, JsonValue value, string path, List<StatusCause> causes)
    {
        if (schema["enum"] is JsonArray allowed && !allowed.Any(one => JsonNode.DeepEquals(one, value)))
        {
            var list = string.Join(", ", allowed.Select(one => $"\"{one}\""));
            causes.Add(new("FieldValueNotSupported", $"Unsupported value: \"{value}\": supported values: {list}", path));
        }
        if (value.GetValueKind() == JsonValueKind.Number)
        {
            var number = JsonNumber(value);
            Range(schema["minimum"] is JsonValue least && number < JsonNumber(least), $"should be greater than or equal to {schema["minimum"]}");
            Range(schema["maximum"] is JsonValue most && number > JsonNumber(most), $"should be less than or equal to {schema["maximum"]}");
        }
        if (schema.Text("pattern") is { } pattern && value.GetValueKind() == JsonValueKind.String && !Regex.IsMatch(value.ToString(), pattern, RegexOptions.None, PatternLimit))
        {
            causes.Add(Validation.Invalid(path, value.ToString(), $"{path} in body should match '{pattern}'"));
        }

        void Range(bool outside, string rule)
        {
            if (outside)
            {
                causes.Add(new("FieldValueInvalid", $"Invalid value: {value.ToJsonString()}: {path} in body {rule}", path));
            }
        }
    }

    private static bool HasType(JsonObject schema, JsonNode value)
    {
        var kind = value.GetValueKind();
        if (schema.Text("x-kubernetes-int-or-string") == "true")
        {
            return kind is JsonValueKind.String or JsonValueKind.Number;
        }
        return schema.Text("type") switch
        {
            "object" => kind == JsonValueKind.Object,
            "array" => kind == JsonValueKind.Array,
            "string" => kind == JsonValueKind.String,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            "integer" => kind == JsonValueKind.Number && decimal.IsInteger(JsonNumber((JsonValue)value)),
            "number" => kind == JsonValueKind.Number,
            _ => true,
        };
    }

    private static decimal JsonNumber(JsonValue value) => JsonSerializer.Deserialize<decimal>(value.ToJsonString());

    private static string TypeOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.ToJsonString().Contains('.', StringComparison.Ordinal) ? "number" : "integer",
        _ => "boolean",
    };

    private static bool PreservesUnknown(JsonObject schema) => schema.Text("x-kubernetes-preserve-unknown-fields") == "true";
}
