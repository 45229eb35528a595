using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DalpHa.Core.Topology;

/// <summary>Writes the topology file's description as JSON schema, with which editors complete and check the file.</summary>
public static class TopologySchema
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema (draft 2020-12), as it stands in <c>module/schemas/dalpha.schema.json</c>.</summary>
    public static string Generate()
    {
        var definitions = new JsonObject();
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "DalpHa topology",
            ["description"] = "The two sites of one platform, what runs there, what must hold, and who owns each step of a failover.",
        };
        foreach (var (key, value) in TopologyFile.Root.ToSchema(definitions))
        {
            schema[key] = value?.DeepClone();
        }
        schema["$defs"] = definitions;
        return schema.ToJsonString(Layout) + "\n";
    }
}
