using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Topology;

public sealed class TopologySchemaTests
{
    [Fact]
    public void TheCheckedInSchemaIsTheGeneratedOne()
    {
        var path = CheckedIn();
        var generated = TopologySchema.Generate();
        if (Environment.GetEnvironmentVariable("DALPHA_WRITE_SCHEMA") == "1")
        {
            File.WriteAllText(path, generated);
        }
        Assert.True(
            File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == generated,
            $"{path} is not what the code describes. Write it anew with: DALPHA_WRITE_SCHEMA=1 dotnet run --project tests/DalpHa.Core.Tests -- -class \"*TopologySchemaTests\"");
    }

    [Fact]
    public void EveryReferenceLeadsToADefinition()
    {
        var schema = JsonNode.Parse(TopologySchema.Generate())!.AsObject();
        var definitions = schema["$defs"]!.AsObject();
        var references = References(schema).ToList();
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.True(definitions.ContainsKey(reference.Replace("#/$defs/", "", StringComparison.Ordinal)), reference));
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => p.Key == "$ref" ? [p.Value!.GetValue<string>()] : References(p.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };

    private static string CheckedIn([CallerFilePath] string here = "") =>
        Path.GetFullPath("../../../module/schemas/dalpha.schema.json", Path.GetDirectoryName(here)!);
}
