using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology.Shapes;

namespace DalpHa.Core.Topology;

/// <summary>Reads a topology out of a document, with everything that is wrong with it.</summary>
public static class TopologyReader
{
    /// <summary>Reads a document.</summary>
    public static TopologyReading Read(YamlDocument document)
    {
        var findings = new Findings(document.Path);
        findings.AddRange(document.SyntaxErrors);
        DalpTopology? topology = null;
        if (document.Root is { } root)
        {
            findings.Locate("", root);
            if (TopologyFile.Root.TryRead(root, "", findings, out topology))
            {
                topology = topology with { Path = document.Path };
                foreach (var (subject, advice) in TopologyAdvice.For(topology))
                {
                    findings.Advise(subject, advice);
                }
            }
        }
        else if (document.SyntaxErrors.Count == 0)
        {
            findings.Fail((1, 1), "", new Problem("EmptyDocument", "The file holds no topology.", "the keys apiVersion, name and sites"));
        }
        return new TopologyReading(document.Path, findings.IsSound("") ? topology : null, findings.All, findings.PositionOf);
    }
}

/// <summary>What came of reading one topology file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Topology">The topology; null when anything is wrong with the file.</param>
/// <param name="Diagnostics">All errors and advice, in the order of the file.</param>
/// <param name="PositionOf">Where in the file a key stands, or its nearest parent.</param>
public sealed record TopologyReading(string Path, DalpTopology? Topology, IReadOnlyList<TopologyDiagnostic> Diagnostics, Func<string, (int Line, int Column)> PositionOf)
{
    /// <summary>The reading of a topology that came from no file: nothing in it can be wrong.</summary>
    public static TopologyReading Of(DalpTopology topology) => new(topology.Path ?? "", topology, [], _ => (0, 0));

    /// <summary>The diagnostics; when they hold no error, one Pass that says so comes first.</summary>
    public IEnumerable<TopologyDiagnostic> Conclusions => Topology is null
        ? Diagnostics
        : Diagnostics.Prepend(new TopologyDiagnostic(Path, 0, 0, CheckStatus.Pass, "Valid", Topology.Name, "The topology is valid.", ""));

    /// <summary>The topology, or one error that tells everything that is wrong with the file.</summary>
    /// <exception cref="DalpException">The file has errors (<c>TopologyInvalid</c>).</exception>
    public DalpTopology Require()
    {
        if (Topology is not null)
        {
            return Topology;
        }
        var errors = Diagnostics.Where(d => d.Status == CheckStatus.Fail).ToList();
        var count = errors.Count == 1 ? "one error" : $"{errors.Count} errors";
        throw new DalpException(
            "TopologyInvalid",
            FaultKind.InvalidInput,
            $"The topology '{Path}' has {count}:{Environment.NewLine}{string.Join(Environment.NewLine, errors)}",
            $"Correct the file; Test-DalpTopology shows the same as objects: Test-DalpTopology -Path '{Path}'",
            Path);
    }
}
