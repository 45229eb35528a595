using DalpHa.Core.Documents;
using DalpHa.Core.Topology;

namespace DalpHa.Hosting;

/// <summary>Reads topology files.</summary>
internal static class TopologyFiles
{
    /// <summary>Reads a file with all that is wrong in it.</summary>
    /// <exception cref="Core.Errors.DalpException">The file itself can't be read.</exception>
    public static DocumentReading<DalpTopology> Read(string path) => TopologyReader.Read(InfrastructureContext.Infrastructure.ReadYaml(path));
}
