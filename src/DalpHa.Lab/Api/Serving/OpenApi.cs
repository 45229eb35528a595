using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>
/// An OpenAPI document that describes nothing: clients that look a kind up in it find no schema and leave validation to the server.
/// Older kubectl asks for it in the protocol buffer form of gnostic's openapiv2.Document and reads no other.
/// </summary>
internal static class OpenApi
{
    private const string ProtocolBuffer = "application/com.github.proto-openapi.spec.v2";

    public static async Task WriteAsync(HttpContext context, string version, CancellationToken cancellation)
    {
        if (context.Request.Headers.Accept.ToString().Contains(ProtocolBuffer, StringComparison.Ordinal))
        {
            // Document: swagger = 1, info = 2, paths = 8; Info: title = 1, version = 2.
            var info = Field(1, "DalpHa lab").Concat(Field(2, $"v{version}")).ToArray();
            byte[] document = [.. Field(1, "2.0"), .. Field(2, info), .. Field(8, [])];
            context.Response.ContentType = ProtocolBuffer + ".v1+protobuf";
            context.Response.ContentLength = document.Length;
            await context.Response.Body.WriteAsync(document, cancellation);
            return;
        }
        await JsonAnswer.WriteAsync(context, 200, new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = "DalpHa lab", ["version"] = $"v{version}" },
            ["paths"] = new JsonObject(),
        }, cancellation);
    }

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    // A length-delimited field whose length fits one byte.
    private static byte[] Field(int number, byte[] content) => [(byte)((number << 3) | 2), (byte)content.Length, .. content];
}
