using DalpHa.Core.Documents;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Topology;

/// <summary>Reads a topology out of a document, with everything that is wrong with it.</summary>
public static class TopologyReader
{
    /// <summary>The topology file.</summary>
    internal static DocumentKind<DalpTopology> Kind { get; } = new(
        "topology", "The two sites of one platform, what runs there, what must hold, and who owns each step of a failover.", TopologyFile.Root);

    /// <summary>Reads a document.</summary>
    public static DocumentReading<DalpTopology> Read(YamlDocument document) => DocumentReading<DalpTopology>.Read(Kind, document, (topology, findings) =>
    {
        if (findings.IsSound("sites"))
        {
            foreach (var (subject, advice) in TopologyAdvice.For(topology))
            {
                findings.Note(CheckStatus.Warn, subject, advice);
            }
        }
        return topology with { Path = document.Path };
    });

    /// <summary>The reading of a topology that came from no file: nothing in it can be wrong.</summary>
    public static DocumentReading<DalpTopology> ReadingOf(DalpTopology topology) => DocumentReading<DalpTopology>.Of(Kind, topology);
}
