using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Documents;

/// <summary>The JSON schemas that ship are those that the code describes.</summary>
public sealed class SchemaTests
{
    [Theory]
    [InlineData("dalpha.schema.json")]
    [InlineData("runbook.schema.json")]
    public void TheCheckedInSchemaIsTheGeneratedOne(string name)
    {
        var path = CheckedIn(name);
        var generated = Generate(name);
        if (Environment.GetEnvironmentVariable("DALPHA_WRITE_SCHEMA") == "1")
        {
            File.WriteAllText(path, generated);
        }
        Assert.True(
            File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == generated,
            $"{path} is not what the code describes. Write it anew with: DALPHA_WRITE_SCHEMA=1 dotnet run --project tests/DalpHa.Core.Tests -- -class \"*SchemaTests\"");
    }

    [Theory]
    [InlineData("dalpha.schema.json")]
    [InlineData("runbook.schema.json")]
    public void EveryReferenceLeadsToADefinition(string name)
    {
        var schema = JsonNode.Parse(Generate(name))!.AsObject();
        var definitions = schema["$defs"]!.AsObject();
        var references = References(schema).ToList();
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.True(definitions.ContainsKey(reference.Replace("#/$defs/", "", StringComparison.Ordinal)), reference));
    }

    private static string Generate(string name) => name == "runbook.schema.json" ? RunbookSchema.Generate() : TopologySchema.Generate();

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => p.Key == "$ref" ? [p.Value!.GetValue<string>()] : References(p.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };

    private static string CheckedIn(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath($"../../../module/schemas/{name}", Path.GetDirectoryName(here)!);
}
