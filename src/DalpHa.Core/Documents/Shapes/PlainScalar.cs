using System.Text.RegularExpressions;

namespace DalpHa.Core.Documents.Shapes;

/// <summary>What an unquoted YAML scalar is when it is not text (YAML 1.2.2, 10.3.2: the core schema).</summary>
internal static partial class PlainScalar
{
    /// <summary>True for an absent value.</summary>
    public static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary><c>number</c> or <c>boolean</c>; null when it is text.</summary>
    public static string? TypeOf(string text) => text switch
    {
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => "boolean",
        _ when Number().IsMatch(text) => "number",
        _ => null,
    };

    [GeneratedRegex(@"\A([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Number();
}
