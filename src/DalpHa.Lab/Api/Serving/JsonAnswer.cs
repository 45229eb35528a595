using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>Writes JSON bodies.</summary>
internal static class JsonAnswer
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Serialize(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node, Options);

    public static Task WriteAsync(HttpContext context, int code, JsonNode body, CancellationToken cancellation) =>
        WriteAsync(context, code, Serialize(body), cancellation);

    public static async Task WriteAsync(HttpContext context, int code, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, cancellation);
    }
}
