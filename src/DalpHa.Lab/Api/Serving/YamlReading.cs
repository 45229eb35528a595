using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DalpHa.Lab.Api.Serving;

/// <summary>YAML as the JSON that it means (the core schema: only plain scalars can be something else than text).</summary>
internal static class YamlReading
{
    public static JsonNode? Parse(string text)
    {
        if (text.TrimStart().StartsWith('{'))
        {
            return RequestBody.Parse(text);
        }
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents.Count == 0 ? null : Convert(stream.Documents[0].RootNode, 0);
        }
        catch (YamlException error)
        {
            throw ApiException.BadRequest($"error decoding YAML: {error.Message}");
        }
    }

    private static JsonNode? Convert(YamlNode node, int depth)
    {
        // Aliases make a small document mean a huge one; manifests that deep don't exist.
        if (depth > 100)
        {
            throw ApiException.BadRequest("error decoding YAML: nested too deeply");
        }
        switch (node)
        {
            case YamlMappingNode mapping:
                var value = new JsonObject();
                foreach (var (key, content) in mapping)
                {
                    value[((YamlScalarNode)key).Value!] = Convert(content, depth + 1);
                }
                return value;
            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Select(item => Convert(item, depth + 1))]);
            default:
                return Scalar((YamlScalarNode)node);
        }
    }

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return text;
        }
        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => true,
            "false" or "False" or "FALSE" => false,
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
            _ when text.Any(char.IsAsciiDigit) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => text,
        };
    }
}
