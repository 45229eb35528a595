using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology.Shapes;

namespace DalpHa.Core.Topology;

/// <summary>
/// Writes a topology file to start from: what is required stands there, everything else stands there as a comment, with its meaning.
/// A line that starts with <c># </c> explains; a <c>#</c> directly before a key (or before its indentation) hides a setting.
/// </summary>
public sealed partial class TopologyScaffold
{
    private const int Step = 2;
    private readonly StringBuilder text = new();
    private readonly IReadOnlyDictionary<string, string> values;
    private bool startsItem;

    private TopologyScaffold(IReadOnlyDictionary<string, string> values) => this.values = values;

    /// <summary>Writes the file's text.</summary>
    /// <param name="name">The platform's name.</param>
    /// <param name="activeContext">The active site's kubeconfig context.</param>
    /// <param name="standbyContext">The standby's kubeconfig context.</param>
    /// <param name="namespace">The platform's namespace on both sites.</param>
    /// <exception cref="DalpException">The values make no valid topology (<c>TopologyInvalid</c>).</exception>
    public static string Write(string name, string activeContext, string standbyContext, string @namespace)
    {
        var scaffold = new TopologyScaffold(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["apiVersion"] = TopologyFile.ApiVersion,
            ["name"] = name,
            ["sites.active.context"] = activeContext,
            ["sites.active.namespace"] = @namespace,
            ["sites.standby.context"] = standbyContext,
            ["sites.standby.namespace"] = @namespace,
        });
        scaffold.RefuseInvalid();
        scaffold.text.Append(
            """
            # The topology of one platform: two sites, what runs there, what must hold, and who owns each step of a failover.
            # Take the "#" away before a key to use it. Check the file with: Test-DalpTopology
            # No password belongs here: PGPASSFILE, .pgpass or a Kubernetes Secret holds it.

            """);
        scaffold.WriteKeys(TopologyFile.Root, "", 0, hiddenFrom: null);
        return scaffold.text.ToString();
    }

    private void WriteKeys(IMappingShape mapping, string path, int indent, int? hiddenFrom)
    {
        foreach (var key in mapping.Keys)
        {
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
            WriteSetting(key, path.Length == 0 ? key.Name : $"{path}.{key.Name}", indent, key.IsRequired || hiddenFrom is not null ? hiddenFrom : indent);
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
            default:
                Line($"{key.Name}: {(values.TryGetValue(path, out var value) ? Quote(value) : key.Example)}", indent, hiddenFrom);
                break;
        }
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

    private static string Quote(string value) =>
        Plain().IsMatch(value) && PlainScalar.TypeOf(value) is null && !PlainScalar.IsNull(value) ? value : JsonSerializer.Serialize(value);

    private void RefuseInvalid()
    {
        var root = new Branch();
        foreach (var (path, value) in values)
        {
            root.Add(path.Split('.'), value);
        }
        var wrong = TopologyReader.Read(new YamlDocument("dalpha.yaml", root.ToNode(), [])).Diagnostics.Where(d => d.Status == CheckStatus.Fail).ToList();
        if (wrong.Count > 0)
        {
            throw new DalpException(
                "TopologyInvalid",
                FaultKind.InvalidInput,
                $"These values make no valid topology: {string.Join(" ", wrong.Select(d => $"{d.Subject}: {d.Message} Expected: {d.Expected}."))}",
                "Give a valid -Name and -Namespace, and a context for each site.");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9._/@-]*\z")]
    private static partial Regex Plain();

    private sealed class Branch
    {
        private readonly Dictionary<string, Branch> children = new(StringComparer.Ordinal);
        private string? value;

        public void Add(ReadOnlySpan<string> path, string leaf)
        {
            if (path.IsEmpty)
            {
                value = leaf;
                return;
            }
            if (!children.TryGetValue(path[0], out var child))
            {
                children.Add(path[0], child = new Branch());
            }
            child.Add(path[1..], leaf);
        }

        public YamlNode ToNode() => value is not null
            ? new YamlScalar(value, IsPlain: false, 1, 1)
            : new YamlMapping([.. children.Select(c => new YamlEntry(new YamlScalar(c.Key, IsPlain: true, 1, 1), c.Value.ToNode()))], 1, 1);
    }
}
