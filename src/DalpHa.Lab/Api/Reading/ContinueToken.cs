using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Reading;

/// <summary>Where a list goes on: the version it began at, and the last key that was told.</summary>
internal sealed record ContinueToken(ulong Version, string After)
{
    public string Encode() => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = Version, ["start"] = After }))
        .Replace('+', '-').Replace('/', '_');

    public static ContinueToken Decode(string text)
    {
        try
        {
            var json = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/'))))!;
            return new ContinueToken(json["rv"]!.GetValue<ulong>(), json["start"]!.GetValue<string>());
        }
        catch (Exception error) when (error is FormatException or JsonException or NullReferenceException or InvalidOperationException)
        {
            throw ApiException.BadRequest("continue key is not valid: it is no token of this server");
        }
    }
}
