using System.Text.Json;
using System.Text.Json.Serialization;

namespace DalpHa.Infrastructure.Besu;

// JSON-RPC 2.0 (jsonrpc.org/specification), as far as reading a node needs it.

/// <summary>A call.</summary>
internal sealed record RpcCall([property: JsonPropertyName("id")] int Id, [property: JsonPropertyName("method")] string Method, [property: JsonPropertyName("params")] IReadOnlyList<string> Parameters)
{
    [JsonPropertyName("jsonrpc")]
    public string Version => "2.0";
}

/// <summary>What came of a call: a result, which may be null, or an error.</summary>
internal sealed record RpcAnswer
{
    /// <summary>The method does not exist (JSON-RPC 2.0, 5.1).</summary>
    public const int MethodNotFound = -32601;

    /// <summary>Besu knows the method, and its API group is not switched on (<c>RpcErrorType.METHOD_NOT_ENABLED</c>).</summary>
    public const int MethodNotEnabled = -32604;

    [JsonPropertyName("id")]
    public JsonElement Id { get; init; }

    [JsonPropertyName("result")]
    public JsonElement Result { get; init; }

    [JsonPropertyName("error")]
    public RpcError? Error { get; init; }
}

/// <summary>Why a call failed.</summary>
internal sealed record RpcError([property: JsonPropertyName("code")] int Code, [property: JsonPropertyName("message")] string? Message);

/// <summary>Serialisation of the above without reflection.</summary>
[JsonSerializable(typeof(RpcCall[]))]
[JsonSerializable(typeof(RpcAnswer[]))]
internal sealed partial class RpcJson : JsonSerializerContext;
