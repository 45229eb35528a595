using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Infrastructure.Besu;
using DalpHa.Infrastructure.Tests.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DalpHa.Infrastructure.Tests.Besu;

/// <summary>What the adapter makes of a node's answers, in the shapes that Besu gives them.</summary>
public sealed class BesuNodeTests
{
    private const string Own = "0xFE3B557E8Fb62b89F4916B721be55cEb828dBd73";
    private const string Other = "0x42eb768f2244c8811c63729a21a3569731535f06";
    private const string MethodNotFound = """{"code":-32601,"message":"Method not found"}""";
    private const string NotEnabled = """{"code":-32604,"message":"Method not enabled"}""";

    private readonly ConcurrentQueue<string> calls = new();
    private readonly Dictionary<string, string> results = new()
    {
        ["eth_coinbase"] = $"\"{Own}\"",
        ["eth_blockNumber"] = "\"0x1f4\"",
        ["eth_syncing"] = "false",
        ["net_peerCount"] = "\"0x3\"",
        ["qbft_getValidatorsByBlockNumber"] = $"[\"{Other}\",\"{Own}\"]",
        ["qbft_getSignerMetrics"] = $$"""[{"address":"{{Own}}","proposedBlockCount":"0x64","lastProposedBlockNumber":"0x1f3"},{"address":"{{Other}}","proposedBlockCount":"0x0","lastProposedBlockNumber":"0x0"}]""",
    };

    private readonly Dictionary<string, string> errors = new() { ["ibft_getValidatorsByBlockNumber"] = NotEnabled };

    [Fact]
    public async Task Healthy_node_is_read()
    {
        var sample = await SampleAsync();
        Assert.Equal((Own.ToLowerInvariant(), 500L, false, 3), (sample.Address, sample.BlockNumber, sample.IsSyncing, sample.PeerCount));
        Assert.Equal([Other, Own.ToLowerInvariant()], sample.Validators);
        Assert.Equal(100, sample.ProposedBlocks[Own.ToLowerInvariant()]);
        Assert.Equal(0, sample.ProposedBlocks[Other]);
        Assert.Contains("qbft_getSignerMetrics 0x190 0x1f4", calls);
    }

    [Theory]
    [InlineData(-1440, -1, "outside its validity")]
    [InlineData(5, 1440, "outside its validity")]
    [InlineData(-1440, 1440, "not trusted here")]
    public async Task Certificate_that_is_refused_is_told_with_its_reason(int from, int to, string told)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var server = await HostileServer.StartAsync((_, _) => Task.CompletedTask, TestCertificates.Leaf("127.0.0.1", now.AddMinutes(from), now.AddMinutes(to)));
        await using var node = new BesuNode(server.Address, TimeSpan.FromSeconds(5), TimeProvider.System);
        var failure = await Assert.ThrowsAsync<DalpException>(() => node.SampleAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("ValidatorTlsMismatch", FaultKind.Tls), (failure.ErrorId, failure.Kind));
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.Equal(told == "outside its validity", failure.RecommendedAction.Contains("clock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ibft_is_read_where_qbft_is_not_there()
    {
        foreach (var method in (string[])["getValidatorsByBlockNumber", "getSignerMetrics"])
        {
            results["ibft_" + method] = results["qbft_" + method];
            results.Remove("qbft_" + method);
            errors["qbft_" + method] = MethodNotFound;
        }
        errors.Remove("ibft_getValidatorsByBlockNumber");
        Assert.Equal(2, (await SampleAsync()).Validators.Count);
    }

    [Fact]
    public async Task Syncing_node_says_so()
    {
        results["eth_syncing"] = """{"startingBlock":"0x0","currentBlock":"0x1","highestBlock":"0x2"}""";
        Assert.True((await SampleAsync()).IsSyncing);
    }

    [Theory]
    [InlineData("\"0x0\"")]
    [InlineData("\"0x1\"")]
    public async Task Young_chain_has_no_range_to_ask_for(string block)
    {
        results["eth_blockNumber"] = block;
        Assert.Empty((await SampleAsync()).ProposedBlocks);
        Assert.DoesNotContain(calls, c => c.StartsWith("qbft_getSignerMetrics", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("qbft_getValidatorsByBlockNumber", NotEnabled, "ValidatorMethodMissing")]
    [InlineData("qbft_getSignerMetrics", NotEnabled, "ValidatorMethodMissing")]
    [InlineData("eth_coinbase", """{"code":-32000,"message":"Coinbase must be explicitly specified"}""", "ValidatorCallFailed")]
    public async Task Call_that_fails_is_named(string method, string error, string errorId)
    {
        results.Remove(method);
        errors[method] = error;
        var failure = await FailsAsync(errorId);
        Assert.Contains(method, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eth_coinbase", "\"0x12\"")]
    [InlineData("eth_blockNumber", "500")]
    [InlineData("eth_blockNumber", "\"0xffffffffffffffff\"")]
    [InlineData("net_peerCount", "null")]
    [InlineData("qbft_getValidatorsByBlockNumber", "{}")]
    [InlineData("qbft_getSignerMetrics", """[{"proposedBlockCount":"0x1"}]""")]
    public async Task Answer_that_means_something_else_is_refused(string method, string result)
    {
        results[method] = result;
        await FailsAsync("ValidatorAnswerInvalid");
    }

    [Theory]
    [InlineData(403, "", "ValidatorUnauthorized")]
    [InlineData(500, "", "ValidatorAnswerInvalid")]
    [InlineData(200, "<html>", "ValidatorAnswerInvalid")]
    [InlineData(200, "[]", "ValidatorAnswerInvalid")]
    [InlineData(200, "[null]", "ValidatorAnswerInvalid")]
    [InlineData(200, "[{\"id\":0.5}]", "ValidatorAnswerInvalid")]
    public async Task What_is_no_node_is_told(int status, string body, string errorId) =>
        await FailsAsync(errorId, c =>
        {
            c.Response.StatusCode = status;
            return c.Response.WriteAsync(body);
        });

    [Fact]
    public async Task Hung_node_ends_in_the_timeout()
    {
        var clock = Stopwatch.StartNew();
        await FailsAsync("ValidatorTimedOut", c => Task.Delay(Timeout.Infinite, c.RequestAborted));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task Node_that_is_gone_is_unreachable_and_its_key_is_not_shown()
    {
        await using var node = new BesuNode(new Uri("http://user:canary@127.0.0.1:1/canary"), TimeSpan.FromSeconds(2), TimeProvider.System);
        var failure = await Assert.ThrowsAsync<DalpException>(() => node.SampleAsync(TestContext.Current.CancellationToken));
        Assert.Equal("ValidatorUnreachable", failure.ErrorId);
        Assert.DoesNotContain("canary", failure.Message, StringComparison.Ordinal);
    }

    private async Task<DalpException> FailsAsync(string errorId, RequestDelegate? answer = null)
    {
        var failure = await Assert.ThrowsAsync<DalpException>(() => SampleAsync(answer));
        Assert.True(failure.ErrorId == errorId, failure.ToString());
        return failure;
    }

    private async Task<ValidatorSample> SampleAsync(RequestDelegate? answer = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.Run(answer ?? AnswerAsync);
        await app.StartAsync();
        await using var node = new BesuNode(new Uri(app.Urls.First()), TimeSpan.FromSeconds(3), TimeProvider.System);
        return await node.SampleAsync(TestContext.Current.CancellationToken);
    }

    // A batch, answered in the reverse order, as JSON-RPC allows.
    private async Task AnswerAsync(HttpContext context)
    {
        using var batch = await JsonDocument.ParseAsync(context.Request.Body);
        var answers = batch.RootElement.EnumerateArray().Reverse().Select(call =>
        {
            var method = call.GetProperty("method").GetString()!;
            calls.Enqueue($"{method} {string.Join(' ', call.GetProperty("params").EnumerateArray())}");
            var outcome = errors.TryGetValue(method, out var error) ? $"\"error\":{error}" : $"\"result\":{results[method]}";
            return $"{{\"jsonrpc\":\"2.0\",\"id\":{call.GetProperty("id").GetInt32()},{outcome}}}";
        });
        await context.Response.WriteAsync($"[{string.Join(',', answers)}]");
    }
}
