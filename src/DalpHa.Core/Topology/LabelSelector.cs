namespace DalpHa.Core.Topology;

/// <summary>A Kubernetes label selector: <c>a=b</c>, <c>a!=b</c>, <c>a in (x,y)</c>, <c>a notin (x,y)</c>, <c>a</c>, <c>!a</c>, joined by commas.</summary>
/// <remarks>Grammar and meaning: k8s.io/apimachinery/pkg/labels. <c>!=</c> and <c>notin</c> hold where the label is absent.</remarks>
public sealed class LabelSelector
{
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
        if (part.Length == 0)
        {
            throw new FormatException("The selector has an empty requirement.");
        }
        foreach (var (keyword, isMember) in new[] { (" notin ", false), (" in ", true) })
        {
            var at = part.IndexOf(keyword, StringComparison.Ordinal);
            if (at > 0)
            {
                var list = part[(at + keyword.Length)..].Trim();
                if (list.Length < 2 || list[0] != '(' || list[^1] != ')')
                {
                    throw new FormatException($"'{part}' lacks a list in parentheses.");
                }
                var key = Key(part[..at]);
                var values = list[1..^1].Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
                return labels => labels.TryGetValue(key, out var value) ? values.Contains(value) == isMember : !isMember;
            }
        }
        if (part.IndexOf("!=", StringComparison.Ordinal) is > 0 and var differs)
        {
            var (key, wanted) = (Key(part[..differs]), part[(differs + 2)..].Trim());
            return labels => !labels.TryGetValue(key, out var value) || value != wanted;
        }
        if (part.IndexOf('=') is > 0 and var equals)
        {
            var (key, wanted) = (Key(part[..equals]), part[(equals + 1)..].TrimStart('=').Trim());
            return labels => labels.TryGetValue(key, out var value) && value == wanted;
        }
        if (part[0] == '!')
        {
            var absent = Key(part[1..]);
            return labels => !labels.ContainsKey(absent);
        }
        var present = Key(part);
        return labels => labels.ContainsKey(present);
    }

    private static string Key(string text)
    {
        var key = text.Trim();
        return key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
            ? key
            : throw new FormatException($"'{key}' is not a label key.");
    }
}
