using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Infrastructure.Certificates;

namespace DalpHa.Infrastructure.Besu;

/// <summary>One Besu node behind its JSON-RPC endpoint (besu.hyperledger.org/private-networks/reference/api).</summary>
internal sealed class BesuNode : IValidatorNode
{
    private const long MaxAnswerBytes = 4 * 1024 * 1024;
    private const long Blocks = 100;

    private readonly HttpClient http;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;
    private readonly BesuFaults faults;

    /// <summary>Makes a client; connects on first use.</summary>
    /// <param name="rpc">The endpoint.</param>
    /// <param name="timeout">The bound on one sample, with all that it takes.</param>
    /// <param name="time">The clock.</param>
    public BesuNode(Uri rpc, TimeSpan timeout, TimeProvider time)
    {
        Rpc = rpc;
        this.timeout = timeout;
        this.time = time;
        faults = new BesuFaults(rpc);
        http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = timeout, AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = CertificateValidity.Accept } })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }

    /// <inheritdoc/>
    public Uri Rpc { get; }

    /// <inheritdoc/>
    public async Task<ValidatorSample> SampleAsync(CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await ReadAsync(bound.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw faults.TimedOut(timeout);
        }
        catch (HttpRequestException exception)
        {
            throw exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded ? faults.Invalid("it is too long", exception) : faults.Unreachable(exception);
        }
        catch (JsonException exception)
        {
            throw faults.Invalid("it is not JSON-RPC", exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ValidatorSample> ReadAsync(CancellationToken cancellationToken)
    {
        // A node speaks one of the two: both are asked at once, and the one that answers decides.
        var answers = await CallAsync(
            [
                new RpcCall(0, "eth_coinbase", []),
                new RpcCall(1, "eth_blockNumber", []),
                new RpcCall(2, "eth_syncing", []),
                new RpcCall(3, "net_peerCount", []),
                new RpcCall(4, "qbft_getValidatorsByBlockNumber", ["latest"]),
                new RpcCall(5, "ibft_getValidatorsByBlockNumber", ["latest"]),
            ],
            cancellationToken).ConfigureAwait(false);
        var protocol = answers[4].Error is not null && answers[5].Error is null ? "ibft" : "qbft";
        var block = Number(Result(answers[1], "eth_blockNumber"));
        return new ValidatorSample(
            Address(Result(answers[0], "eth_coinbase")),
            block,
            // false, or an object that tells how far it is.
            Result(answers[2], "eth_syncing").ValueKind != JsonValueKind.False,
            (int)Number(Result(answers[3], "net_peerCount")),
            [.. Items(Result(answers[protocol == "ibft" ? 5 : 4], $"{protocol}_getValidatorsByBlockNumber")).Select(Address)],
            await ReadProposersAsync(protocol, block, cancellationToken).ConfigureAwait(false));
    }

    private async Task<IReadOnlyDictionary<string, long>> ReadProposersAsync(string protocol, long block, CancellationToken cancellationToken)
    {
        // The end is exclusive and may not lie beyond the newest block, so that this block itself is never counted; nobody proposed block 0.
        var from = Math.Max(1, block - Blocks);
        if (from >= block)
        {
            return new Dictionary<string, long>();
        }
        var method = $"{protocol}_getSignerMetrics";
        var answers = await CallAsync([new RpcCall(0, method, [Hex(from), Hex(block)])], cancellationToken).ConfigureAwait(false);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var metric in Items(Result(answers[0], method)))
        {
            counts[Address(Property(metric, "address"))] = Number(Property(metric, "proposedBlockCount"));
        }
        return counts;
    }

    private async Task<RpcAnswer[]> CallAsync(RpcCall[] calls, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(calls, RpcJson.Default.RpcCallArray));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.PostAsync(Rpc, content, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw faults.Refused((int)response.StatusCode);
        }
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        var answers = JsonSerializer.Deserialize(body, RpcJson.Default.RpcAnswerArray) ?? [];
        // The answers of a batch may come in any order.
        return [.. calls.Select(c => Array.Find(answers, a => a is { Id.ValueKind: JsonValueKind.Number } && a.Id.TryGetInt32(out var id) && id == c.Id) ?? throw faults.Invalid($"it leaves out {c.Method}"))];
    }

    private JsonElement Result(RpcAnswer answer, string method)
    {
        if (answer.Error is { } error)
        {
            throw faults.Failed(method, error);
        }
        return answer.Result.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? throw faults.Invalid($"{method} is null") : answer.Result;
    }

    private IEnumerable<JsonElement> Items(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : throw faults.Invalid("something else stands where a list should");

    private JsonElement Property(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) ? value : throw faults.Invalid($"'{name}' is missing");

    private long Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.String
        && value.GetString() is { } text
        && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
        && number >= 0
            ? number
            : throw faults.Invalid("something else stands where a hexadecimal number should");

    private string Address(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: 42 } text && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? text.ToLowerInvariant()
            : throw faults.Invalid("something else stands where an address should");

    private static string Hex(long number) => "0x" + number.ToString("x", CultureInfo.InvariantCulture);
}
