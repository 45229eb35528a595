using DalpHa.Core.Documents;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Topology;

/// <summary>Writes a topology file to start from: contexts and namespaces stand there, everything else stands there as a comment, with its meaning.</summary>
public static class TopologyScaffold
{
    private const string Introduction =
        """
        # The topology of one platform: two sites, what runs there, what must hold, and who owns each step of a failover.
        # Take the "#" away before a key to use it. Check the file with: Test-DalpTopology
        # No password belongs here: PGPASSFILE, .pgpass or a Kubernetes Secret holds it.
        """;

    /// <summary>Writes the file's text.</summary>
    /// <param name="name">The platform's name.</param>
    /// <param name="activeContext">The active site's kubeconfig context.</param>
    /// <param name="standbyContext">The standby's kubeconfig context.</param>
    /// <param name="namespace">The platform's namespace on both sites.</param>
    /// <exception cref="DalpException">The values make no valid topology (<c>TopologyInvalid</c>).</exception>
    public static string Write(string name, string activeContext, string standbyContext, string @namespace)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["apiVersion"] = TopologyFile.ApiVersion,
            ["name"] = name,
            ["sites.active.context"] = activeContext,
            ["sites.active.namespace"] = @namespace,
            ["sites.standby.context"] = standbyContext,
            ["sites.standby.namespace"] = @namespace,
        };
        RefuseInvalid(values);
        return DocumentScaffold.Write(TopologyFile.Root, Introduction, values);
    }

    private static void RefuseInvalid(Dictionary<string, string> values)
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
                TopologyReader.Kind.ErrorId,
                FaultKind.InvalidInput,
                $"These values make no valid topology: {string.Join(" ", wrong.Select(d => $"{d.Subject}: {d.Message} Expected: {d.Expected}."))}",
                "Give a valid -Name and -Namespace, and a context for each site.",
                string.Join(", ", wrong.Select(d => d.Subject)));
        }
    }

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
