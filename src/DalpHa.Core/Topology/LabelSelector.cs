using System.Text.RegularExpressions;

namespace DalpHa.Core.Topology;

/// <summary>A Kubernetes label selector: <c>a=b</c>, <c>a!=b</c>, <c>a in (x,y)</c>, <c>a notin (x,y)</c>, <c>a</c>, <c>!a</c>, joined by commas.</summary>
/// <remarks>Grammar and meaning: k8s.io/apimachinery/pkg/labels. <c>!=</c> and <c>notin</c> hold where the label is absent.</remarks>
public sealed partial class LabelSelector
{
    private const int LongestName = 63;
    private readonly IReadOnlyList<Func<IReadOnlyDictionary<string, string>, bool>> requirements;
    private readonly string text;

    private LabelSelector(string text, IReadOnlyList<Func<IReadOnlyDictionary<string, string>, bool>> requirements)
    {
        this.text = text;
        this.requirements = requirements;
    }

    /// <summary>Whether all requirements hold for the labels.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels) => requirements.All(requirement => requirement(labels));

    /// <summary>Reads a selector.</summary>
    /// <exception cref="FormatException">The text is not a selector; the message says why.</exception>
    public static LabelSelector Parse(string text)
    {
        var requirements = SplitOutsideParentheses(text).Select(ParseRequirement).ToList();
        return new LabelSelector(text, requirements);
    }

    /// <summary>The selector as it was written.</summary>
    public override string ToString() => text;

    private static IEnumerable<string> SplitOutsideParentheses(string text)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }
        }
        yield return text[start..].Trim();
    }

    private static Func<IReadOnlyDictionary<string, string>, bool> ParseRequirement(string part)
    {
        if (Membership().Match(part) is { Success: true } membership)
        {
            var (key, isMember) = (Key(membership), membership.Groups["operator"].Value == "in");
            var values = membership.Groups["values"].Value.Split(',', StringSplitOptions.TrimEntries).Select(Value).ToHashSet(StringComparer.Ordinal);
            return labels => labels.TryGetValue(key, out var value) ? values.Contains(value) == isMember : !isMember;
        }
        if (Equality().Match(part) is { Success: true } equality)
        {
            var (key, wanted) = (Key(equality), Value(equality.Groups["value"].Value));
            return equality.Groups["operator"].Value == "!="
                ? labels => !labels.TryGetValue(key, out var value) || value != wanted
                : labels => labels.TryGetValue(key, out var value) && value == wanted;
        }
        if (Existence().Match(part) is { Success: true } existence)
        {
            var (key, isPresent) = (Key(existence), !existence.Groups["not"].Success);
            return labels => labels.ContainsKey(key) == isPresent;
        }
        throw new FormatException(part.Length == 0 ? "The selector has an empty requirement." : $"'{part}' is no requirement on a label.");
    }

    private static string Key(Match match)
    {
        var key = match.Groups["key"].Value;
        var name = key[(key.IndexOf('/') + 1)..];
        return LabelKey().IsMatch(key) && name.Length <= LongestName ? key : throw new FormatException($"'{key}' is not a label key.");
    }

    private static string Value(string value) =>
        value.Length <= LongestName && LabelValue().IsMatch(value) ? value : throw new FormatException($"'{value}' is not a label value.");

    [GeneratedRegex(@"\A(?<key>[^\s()]+)\s+(?<operator>in|notin)\s*\((?<values>[^()]*)\)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Membership();

    [GeneratedRegex(@"\A(?<key>[^\s=!]+)\s*(?<operator>==|=|!=)\s*(?<value>[^=!]*)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Equality();

    [GeneratedRegex(@"\A(?<not>!\s*)?(?<key>[^\s=!]+)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Existence();

    // k8s.io/apimachinery/pkg/util/validation: a qualified name, and a label's value.
    [GeneratedRegex(@"\A([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex LabelKey();

    [GeneratedRegex(@"\A([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex LabelValue();
}
