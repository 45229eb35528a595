using System.Text.RegularExpressions;

namespace DalpHa.Core.Failover;

/// <summary>What stands where somebody still has to write: <c>&lt;who decides&gt;</c>, TODO, TBD. A runbook with one is not finished.</summary>
internal static partial class Placeholder
{
    /// <summary>Stable identifier of the error.</summary>
    public const string ErrorId = "Placeholder";

    /// <summary>What is wrong with it, as a clause.</summary>
    public const string Reason = "it is a placeholder, and nobody has filled it in";

    /// <summary>A placeholder that says what belongs there.</summary>
    public static string For(string what) => $"<{what}>";

    /// <summary>Whether a text is one.</summary>
    public static bool Is(string text) => Form().IsMatch(text);

    [GeneratedRegex(@"\A\s*(<[^<>]*>|\?+|(TODO|TBD|TBA|FIXME)\b.*)\s*\z", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Form();
}
