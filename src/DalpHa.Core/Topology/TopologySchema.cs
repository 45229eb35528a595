using DalpHa.Core.Documents;

namespace DalpHa.Core.Topology;

/// <summary>The topology file as JSON schema.</summary>
public static class TopologySchema
{
    /// <summary>The schema, as it stands in <c>module/schemas/dalpha.schema.json</c>.</summary>
    public static string Generate() => DocumentSchema.Generate(TopologyReader.Kind);
}
