using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DalpHa.Core.Documents;

/// <summary>Writes a file's description as JSON schema, with which editors complete and check the file.</summary>
internal static class DocumentSchema
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema (draft 2020-12), as it stands in <c>module/schemas</c>.</summary>
    public static string Generate<T>(DocumentKind<T> kind)
    {
        var definitions = new JsonObject();
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = $"DalpHa {kind.Noun}",
            ["description"] = kind.Meaning,
        };
        foreach (var (key, value) in kind.Root.ToSchema(definitions))
        {
            schema[key] = value?.DeepClone();
        }
        schema["$defs"] = definitions;
        return schema.ToJsonString(Layout) + "\n";
    }
}
