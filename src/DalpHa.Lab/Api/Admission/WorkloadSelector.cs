using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Admission;

/// <summary>The selector that workloads carry as an object: matchLabels and matchExpressions.</summary>
internal static class WorkloadSelector
{
    public static bool Matches(JsonObject selector, JsonObject? labels) =>
        (selector["matchLabels"] as JsonObject ?? []).All(wanted => (string?)labels?[wanted.Key] == (string?)wanted.Value)
        && selector.Items("matchExpressions").All(expression => Matches(expression, (string?)labels?[expression.Text("key") ?? ""]));

    /// <summary>The selector's text form, as scale objects tell it.</summary>
    public static string ToText(JsonObject? selector)
    {
        if (selector is null)
        {
            return "";
        }
        var equal = (selector["matchLabels"] as JsonObject ?? []).OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}");
        var others = selector.Items("matchExpressions").Select(expression => (expression.Text("operator"), expression.Text("key")) switch
        {
            ("Exists", var key) => key,
            ("DoesNotExist", var key) => $"!{key}",
            ("NotIn", var key) => $"{key} notin ({string.Join(',', expression.Strings("values"))})",
            (_, var key) => $"{key} in ({string.Join(',', expression.Strings("values"))})",
        });
        return string.Join(',', equal.Concat(others));
    }

    private static bool Matches(JsonObject expression, string? value) => expression.Text("operator") switch
    {
        "In" => value is not null && expression.Strings("values").Contains(value),
        "NotIn" => value is null || !expression.Strings("values").Contains(value),
        "Exists" => value is not null,
        _ => value is null,
    };
}
