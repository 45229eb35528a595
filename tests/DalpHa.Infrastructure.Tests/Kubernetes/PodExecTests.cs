using System.Net.WebSockets;
using System.Text;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Kubernetes;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Programs in pods, on a server that speaks the protocol as it can be spoken, well and badly.</summary>
public sealed class PodExecTests
{
    private const string Success = """{"metadata":{},"status":"Success"}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_program_says_comes_in_whole_lines_and_its_command_as_it_was_given()
    {
        await using var server = await HostileServer.StartAsync(async (c, _) =>
        {
            using var socket = await c.WebSockets.AcceptWebSocketAsync("v5.channel.k8s.io");
            await SendAsync(socket, 1, "");
            await SendAsync(socket, 2, "a warning\n");
            await SendAsync(socket, 1, "one\ntw");
            // In two frames, as a proxy may cut them: only the first has the channel.
            await socket.SendAsync("\u0001o\nth"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: false, Token);
            await socket.SendAsync("ree\n"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, Token);
            await SendAsync(socket, 3, Success);
            await SendAsync(socket, 1, "four");
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        });
        var (lines, end) = await RunAsync(server);
        Assert.Equal(["one", "two", "three", "four"], lines);
        Assert.Equal((0, "a warning"), (end.ExitCode, end.Errors));
        Assert.Equal(
            "/api/v1/namespaces/ns/pods/db-1/exec?container=postgres&stdout=true&stderr=true&command=env&command=LC_ALL%3DC&command=TZ%3DUTC&command=timeout&command=10&command=pg_waldump&command=--start%3D0%2F1%20%26",
            Assert.Single(server.Requests));
    }

    [Fact]
    public async Task An_older_server_speaks_the_version_before()
    {
        var asked = new List<string>();
        await using var server = await HostileServer.StartAsync(async (c, _) =>
        {
            asked.AddRange(c.WebSockets.WebSocketRequestedProtocols);
            using var socket = await c.WebSockets.AcceptWebSocketAsync("v4.channel.k8s.io");
            await SendAsync(socket, 3, Success);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        });
        Assert.Equal(0, (await RunAsync(server)).End.ExitCode);
        Assert.Equal(["v5.channel.k8s.io", "v4.channel.k8s.io"], asked);
    }

    [Theory]
    [InlineData("""{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}""", 3)]
    [InlineData("""{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"Other","message":"x"},{"reason":"ExitCode","message":"127"}]}}""", 127)]
    public async Task A_program_that_fails_is_told_with_its_code(string status, int code)
    {
        await using var server = await EndingAsync(status);
        Assert.Equal(code, (await RunAsync(server)).End.ExitCode);
    }

    [Theory]
    [InlineData(null, "how it ended was not told")]
    [InlineData("gone", "no known form")]
    [InlineData("{}", "how it ended was not told")]
    [InlineData("""{"status":"Failure","reason":"NonZeroExitCode"}""", "does not say why")]
    [InlineData("""{"status":"Failure","reason":"NonZeroExitCode","message":"odd","details":{"causes":[{"reason":"ExitCode","message":"0"}]}}""", "odd")]
    [InlineData("""{"status":"Failure","reason":"InternalError","message":"exec: pg_waldump: executable file not found in $PATH"}""", "not found in $PATH")]
    public async Task An_end_that_is_not_told_is_no_success(string? status, string words)
    {
        await using var server = await EndingAsync(status);
        var failure = await Assert.ThrowsAsync<DalpException>(() => RunAsync(server));
        Assert.Equal("PodExecFailed", failure.ErrorId);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, "PodExecForbidden")]
    [InlineData(404, "PodNotFound")]
    [InlineData(401, "ApiUnauthorized")]
    [InlineData(503, "ApiServerError")]
    public async Task A_refusal_is_told_and_names_the_right_that_is_missing(int status, string errorId)
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.FailAsync(c, status));
        var failure = await Assert.ThrowsAsync<DalpException>(() => RunAsync(server));
        Assert.True(failure.ErrorId == errorId, failure.ToString());
        Assert.True(status != 403 || failure.RecommendedAction.Contains("verbs 'get' and 'create' on 'pods/exec' in namespace 'ns'", StringComparison.Ordinal), failure.RecommendedAction);
    }

    [Fact]
    public async Task A_program_that_does_not_end_is_given_up_and_so_is_one_that_is_cancelled()
    {
        await using var server = await HostileServer.StartAsync(async (c, _) =>
        {
            using var socket = await c.WebSockets.AcceptWebSocketAsync("v5.channel.k8s.io");
            await SendAsync(socket, 1, "on and on\n");
            await Task.Delay(Timeout.Infinite, c.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        Assert.Equal("PodExecTimedOut", (await Assert.ThrowsAsync<DalpException>(() => RunAsync(server, seconds: 2))).ErrorId);

        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(server, cancel.Token, _ => cancel.Cancel()));
    }

    [Fact]
    public async Task A_program_that_was_ended_in_its_pod_took_too_long()
    {
        await using var server = await EndingAsync("""{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"124"}]}}""");
        Assert.Equal("PodExecTimedOut", (await Assert.ThrowsAsync<DalpException>(() => RunAsync(server))).ErrorId);
    }

    [Fact]
    public async Task A_connection_that_breaks_before_the_end_is_told()
    {
        var heard = new TaskCompletionSource();
        await using var server = await HostileServer.StartAsync(async (c, _) =>
        {
            using var socket = await c.WebSockets.AcceptWebSocketAsync("v5.channel.k8s.io");
            await SendAsync(socket, 1, "half of it\n");
            await heard.Task;
            c.Abort();
        });
        Assert.Equal("PodExecFailed", (await Assert.ThrowsAsync<DalpException>(() => RunAsync(server, hear: _ => heard.SetResult()))).ErrorId);
    }

    [Fact]
    public async Task A_cluster_that_can_not_be_reached_is_told_as_such()
    {
        var server = await HostileServer.StartAsync((c, _) => HostileServer.FailAsync(c, 500));
        await using var cluster = (KubernetesCluster)server.Open(2);
        await server.DisposeAsync();
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.Execute(TimeSpan.FromSeconds(2)).RunAsync("ns", "db-1", "postgres", "pg_waldump", [], _ => { }, Token));
        Assert.True(failure is { ErrorId: "ApiUnreachable", Kind: FaultKind.Unreachable }, failure.ToString());
    }

    [Fact]
    public void Lines_are_kept_to_their_beginning_and_all_of_them_to_a_bound()
    {
        var heard = new List<string>();
        var lines = new OutputLines(heard.Add, 20_000);
        lines.Add(Encoding.ASCII.GetBytes(new string('a', 10_000)));
        lines.Add("\n\nb\nc"u8);
        lines.Finish();
        Assert.Equal([4096, 0, 1, 1], heard.Select(line => line.Length));
        Assert.ThrowsAny<Exception>(() => lines.Add(new byte[10_000]));
    }

    private static Task<HostileServer> EndingAsync(string? status) => HostileServer.StartAsync(async (c, _) =>
    {
        using var socket = await c.WebSockets.AcceptWebSocketAsync("v5.channel.k8s.io");
        if (status is not null)
        {
            await SendAsync(socket, 3, status);
        }
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Token);
    });

    private static async Task<(List<string> Lines, ProgramEnd End)> RunAsync(HostileServer server, CancellationToken? cancel = null, Action<string>? hear = null, int seconds = 10)
    {
        await using var cluster = (KubernetesCluster)server.Open(seconds);
        var lines = new List<string>();
        var end = await cluster.Execute(TimeSpan.FromSeconds(seconds)).RunAsync("ns", "db-1", "postgres", "pg_waldump", ["--start=0/1 &"], hear ?? lines.Add, cancel ?? Token);
        return (lines, end);
    }

    private static Task SendAsync(WebSocket socket, byte channel, string text) => socket.SendAsync((byte[])[channel, .. Encoding.UTF8.GetBytes(text)], WebSocketMessageType.Binary, endOfMessage: true, Token);
}
