using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DalpHa.Core.Documents.Shapes;

namespace DalpHa.Core.Documents;

/// <summary>
/// Writes a file to start from: what is required, or has a value, stands there; everything else stands there as a comment. Each key has its meaning.
/// What has stood there in use once is not explained again.
/// A line that starts with <c># </c> explains; a <c>#</c> directly before a key (or before its indentation) hides a setting.
/// </summary>
internal sealed partial class DocumentScaffold
{
    private const int Step = 2;
    private const int LongestLine = 120;
    private readonly StringBuilder text = new();
    private readonly IReadOnlyDictionary<string, string> values;
    private readonly HashSet<IMappingShape> explained = [];
    private bool startsItem;

    private DocumentScaffold(IReadOnlyDictionary<string, string> values) => this.values = values;

    /// <summary>Writes the file's text.</summary>
    /// <param name="root">What the file may hold.</param>
    /// <param name="introduction">Comment lines to begin with.</param>
    /// <param name="values">Values by path, as <c>sites.active.context</c>; the items of a list as <c>checks[0]</c>. A key without one shows its example.</param>
    public static string Write(IMappingShape root, string introduction, IReadOnlyDictionary<string, string> values)
    {
        var scaffold = new DocumentScaffold(values);
        scaffold.text.Append(introduction.ReplaceLineEndings("\n")).Append('\n');
        scaffold.WriteKeys(root, "", 0, hiddenFrom: null);
        return scaffold.text.ToString();
    }

    private void WriteKeys(IMappingShape mapping, string path, int indent, int? hiddenFrom)
    {
        var isKnown = hiddenFrom is null && !explained.Add(mapping);
        foreach (var key in mapping.Keys)
        {
            var keyPath = path.Length == 0 ? key.Name : $"{path}.{key.Name}";
            var isInUse = key.IsRequired || values.ContainsKey(keyPath);
            if (isKnown)
            {
                if (isInUse)
                {
                    WriteSetting(key, keyPath, indent, hiddenFrom);
                }
                continue;
            }
            if (indent == 0)
            {
                text.Append('\n');
            }
            if (mapping.Alternatives.Skip(1).Contains(key.Name))
            {
                Explain($"Or, instead of {mapping.Alternatives[0]}: {key.Name}: {InOneLine(key)}", indent, hiddenFrom);
                continue;
            }
            Explain(key.Default is null ? key.Description : $"{key.Description} Default: {key.Default}.", indent, hiddenFrom);
            WriteSetting(key, keyPath, indent, isInUse || hiddenFrom is not null ? hiddenFrom : indent);
        }
    }

    private void WriteSetting(MappingKey key, string path, int indent, int? hiddenFrom)
    {
        switch (key.Shape)
        {
            case IMappingShape mapping:
                Line($"{key.Name}:", indent, hiddenFrom);
                WriteKeys(mapping, path, indent + Step, hiddenFrom);
                break;
            case IListShape { Item: IMappingShape item }:
                Line($"{key.Name}:", indent, hiddenFrom);
                startsItem = true;
                WriteKeys(item, path, indent + (2 * Step), hiddenFrom);
                break;
            case IListShape when values.ContainsKey($"{path}[0]"):
                Line($"{key.Name}:", indent, hiddenFrom);
                for (var index = 0; values.TryGetValue($"{path}[{index}]", out var item); index++)
                {
                    WriteValue("- ", item, indent + Step, hiddenFrom);
                }
                break;
            case var _ when values.TryGetValue(path, out var value):
                WriteValue($"{key.Name}: ", value, indent, hiddenFrom);
                break;
            default:
                Line($"{key.Name}: {key.Example}", indent, hiddenFrom);
                break;
        }
    }

    // Prose that is too long for a line is folded: YAML joins its lines with spaces again.
    private void WriteValue(string before, string value, int indent, int? hiddenFrom)
    {
        var quoted = Quote(value);
        if (indent + before.Length + quoted.Length <= LongestLine || !IsFoldable(value))
        {
            Line(before + quoted, indent, hiddenFrom);
            return;
        }
        Line($"{before}>-", indent, hiddenFrom);
        var line = "";
        foreach (var word in value.Split(' '))
        {
            if (line.Length > 0 && indent + Step + line.Length + 1 + word.Length > LongestLine)
            {
                Append(line, indent + Step, hiddenFrom);
                line = "";
            }
            line = line.Length == 0 ? word : $"{line} {word}";
        }
        Append(line, indent + Step, hiddenFrom);
    }

    private void Explain(string sentence, int indent, int? hiddenFrom) => Append($"# {sentence}", indent, hiddenFrom);

    private void Line(string setting, int indent, int? hiddenFrom)
    {
        Append(startsItem ? $"- {setting}" : setting, startsItem ? indent - Step : indent, hiddenFrom);
        startsItem = false;
    }

    private void Append(string line, int indent, int? hiddenFrom)
    {
        var prefix = hiddenFrom is { } column ? new string(' ', column) + "#" + new string(' ', indent - column) : new string(' ', indent);
        text.Append(prefix).Append(line).Append('\n');
    }

    private static string InOneLine(MappingKey key) => key.Shape is IMappingShape mapping
        ? $"{{ {string.Join(", ", mapping.Keys.Where(k => k.IsRequired || k.Name == mapping.Alternatives.FirstOrDefault()).Select(k => $"{k.Name}: {InOneLine(k)}"))} }}"
        : key.Example!;

    private static bool IsFoldable(string value) => !value.StartsWith(' ') && !value.EndsWith(' ') && !value.Contains("  ", StringComparison.Ordinal) && !value.Any(char.IsControl);

    private static string Quote(string value) =>
        Plain().IsMatch(value) && PlainScalar.TypeOf(value) is null && !PlainScalar.IsNull(value) ? value : JsonSerializer.Serialize(value, Characters);

    private static readonly JsonSerializerOptions Characters = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // No ": " and no " #" can come of these characters.
    [GeneratedRegex(@"\A([A-Za-z][A-Za-z0-9._/@-]*|[0-9]{4}-[0-9]{2}-[0-9]{2})\z")]
    private static partial Regex Plain();
}
