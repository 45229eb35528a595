using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>Reads the bodies of requests.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 128 };

    public static async Task<JsonObject> ReadObjectAsync(HttpRequest request, CancellationToken cancellation)
    {
        var type = MediaType(request);
        var text = await ReadTextAsync(request, cancellation);
        return type switch
        {
            "application/json" or "" => Parse(text) as JsonObject ?? throw NotAnObject(),
            "application/yaml" => YamlReading.Parse(text) as JsonObject ?? throw NotAnObject(),
            _ => throw ApiException.UnsupportedMediaType("the body of the request was in an unknown format - accepted media types include: application/json, application/yaml"),
        };
    }

    public static async Task<string> ReadTextAsync(HttpRequest request, CancellationToken cancellation)
    {
        try
        {
            using var reader = new StreamReader(request.Body, Encoding.UTF8);
            return await reader.ReadToEndAsync(cancellation);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ApiException(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728", []);
        }
    }

    public static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: Strict);
        }
        catch (JsonException error)
        {
            throw ApiException.BadRequest($"the object provided is unrecognized: couldn't parse it as JSON: {error.Message}");
        }
    }

    public static string MediaType(HttpRequest request) => (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    private static ApiException NotAnObject() => ApiException.BadRequest("the object provided is unrecognized: it is no object");
}
