using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Tunnels through an API server that forwards as a kubelet does: two channels, each opened with the port's number.</summary>
public sealed class PortForwardTests
{
    private static readonly ForwardTarget Pod = new("ns", "db-1", null, 5432);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_go_both_ways_and_each_connection_has_its_own_socket()
    {
        await using var server = await HostileServer.StartAsync((c, _) => EchoAsync(c));
        await using var cluster = server.Open(5);
        await using var tunnel = await cluster.ForwardAsync(Pod, Token);
        using var first = await ConnectAsync(tunnel);
        using var second = await ConnectAsync(tunnel);
        var large = new byte[300_000];
        Random.Shared.NextBytes(large);
        Assert.Equal(large, await RoundTripAsync(first, large));
        Assert.Equal("hello"u8.ToArray(), await RoundTripAsync(second, "hello"u8.ToArray()));
        Assert.Equal(["/api/v1/namespaces/ns/pods/db-1/portforward?ports=5432", "/api/v1/namespaces/ns/pods/db-1/portforward?ports=5432"], server.Requests);
        Assert.All(server.Logins, login => Assert.Equal("Bearer canary-token", login));
    }

    [Fact]
    public async Task Service_leads_to_its_ready_pod_and_named_port()
    {
        await using var server = await HostileServer.StartAsync((c, _) => c.Request.Path.Value switch
        {
            "/api/v1/namespaces/ns/services/db" => HostileServer.JsonAsync(c, """
                {"kind":"Service","metadata":{"name":"db"},"spec":{"selector":{"app":"db"},"ports":[{"port":80,"targetPort":8080},{"port":5432,"targetPort":"pg"}]}}
                """),
            "/api/v1/namespaces/ns/pods" => HostileServer.JsonAsync(c, """
                {"kind":"PodList","items":[
                  {"metadata":{"name":"db-1"},"status":{"conditions":[{"type":"Ready","status":"False"}]}},
                  {"metadata":{"name":"db-0","deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"conditions":[{"type":"Ready","status":"True"}]}},
                  {"metadata":{"name":"db-2"},"spec":{"containers":[{"name":"x","ports":[{"name":"pg","containerPort":15432}]}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}}]}
                """),
            _ => EchoAsync(c),
        });
        await using var cluster = server.Open(5);
        await using var tunnel = await cluster.ForwardAsync(new ForwardTarget("ns", null, "db", 5432), Token);
        using var client = await ConnectAsync(tunnel);
        Assert.Equal("x"u8.ToArray(), await RoundTripAsync(client, "x"u8.ToArray()));
        Assert.Contains("/api/v1/namespaces/ns/pods/db-2/portforward?ports=15432", server.Requests);
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ForwardAsync(new ForwardTarget("ns", null, "db", 1), Token));
        Assert.Contains("has no port 1; it has 80, 5432", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_port_is_told_and_breaks_the_connection()
    {
        await using var server = await HostileServer.StartAsync(async (c, _) =>
        {
            using var socket = await OpenAsync(c);
            await SendAsync(socket, [1, .. "dial tcp4 127.0.0.1:5432: connection refused"u8]);
            await Task.Delay(Timeout.Infinite, c.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await using var cluster = server.Open(5);
        await using var tunnel = await cluster.ForwardAsync(Pod, Token);
        using var client = await ConnectAsync(tunnel);
        await Assert.ThrowsAnyAsync<IOException>(() => RoundTripAsync(client, "x"u8.ToArray()));
        Assert.Equal("ForwardBroken", tunnel.Failure?.ErrorId);
        Assert.Contains("db-1:5432 broke: dial tcp4 127.0.0.1:5432: connection refused", tunnel.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Last_words_of_either_side_arrive()
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await HostileServer.StartAsync(async (c, _) =>
        {
            using var socket = await OpenAsync(c);
            var buffer = new byte[100];
            var result = await socket.ReceiveAsync(buffer.AsMemory(), c.RequestAborted);
            var close = await socket.ReceiveAsync(new byte[1].AsMemory(), c.RequestAborted);
            heard.SetResult($"{Encoding.ASCII.GetString(buffer, 1, result.Count - 1)} {close.MessageType}");
            await SendAsync(socket, [0, .. "bye"u8]);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, c.RequestAborted);
        });
        await using var cluster = server.Open(5);
        await using var tunnel = await cluster.ForwardAsync(Pod, Token);
        using var client = await ConnectAsync(tunnel);
        await client.GetStream().WriteAsync("terminate"u8.ToArray(), Token);
        client.Client.Shutdown(SocketShutdown.Send);
        var back = new byte[3];
        await client.GetStream().ReadExactlyAsync(back, Token);
        Assert.Equal(("terminate Close", "bye"), (await heard.Task, Encoding.ASCII.GetString(back)));
        Assert.Equal(0, await client.GetStream().ReadAsync(back, Token));
        Assert.Null(tunnel.Failure);
    }

    [Theory]
    [InlineData(403, "ApiForbidden")]
    [InlineData(401, "ApiUnauthorized")]
    [InlineData(404, "ForwardTargetNotFound")]
    [InlineData(500, "ApiServerError")]
    public async Task Server_that_refuses_is_told_when_the_tunnel_is_opened(int status, string errorId)
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.FailAsync(c, status));
        await using var cluster = server.Open(1);
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ForwardAsync(Pod, Token));
        Assert.True(failure.ErrorId == errorId, failure.ToString());
    }

    [Fact]
    public async Task Disposal_ends_the_listener_and_what_runs_through_it()
    {
        var open = 0;
        await using var server = await HostileServer.StartAsync(async (c, _) =>
        {
            Interlocked.Increment(ref open);
            await EchoAsync(c);
            Interlocked.Decrement(ref open);
        });
        await using var cluster = server.Open(5);
        var tunnel = await cluster.ForwardAsync(Pod, Token);
        using var client = await ConnectAsync(tunnel);
        await RoundTripAsync(client, "x"u8.ToArray());
        await tunnel.DisposeAsync();
        await Assert.ThrowsAnyAsync<SocketException>(() => ConnectAsync(tunnel));
        var broken = await Assert.ThrowsAnyAsync<SocketException>(() => client.Client.ReceiveAsync(new byte[1], Token).AsTask());
        Assert.Equal(SocketError.ConnectionReset, broken.SocketErrorCode);
        for (var waited = 0; waited < 100 && Volatile.Read(ref open) > 0; waited++)
        {
            await Task.Delay(50, Token);
        }
        Assert.Equal(0, open);
    }

    private static async Task<TcpClient> ConnectAsync(IPortForward tunnel)
    {
        var client = new TcpClient();
        await client.ConnectAsync(tunnel.LocalEndPoint, Token);
        return client;
    }

    private static async Task<byte[]> RoundTripAsync(TcpClient client, byte[] data)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Token);
        bound.CancelAfter(TimeSpan.FromSeconds(10));
        var back = new byte[data.Length];
        var writing = client.GetStream().WriteAsync(data, bound.Token).AsTask();
        await client.GetStream().ReadExactlyAsync(back, bound.Token);
        await writing;
        return back;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await OpenAsync(context);
        var buffer = new byte[70_000];
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult result;
                do
                {
                    result = await socket.ReceiveAsync(buffer.AsMemory(length), context.RequestAborted);
                    length += result.Count;
                }
                while (!result.EndOfMessage);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
                Assert.Equal(0, buffer[0]);
                // In two frames, as a proxy may cut them: only the first has the channel.
                await socket.SendAsync(buffer.AsMemory(0, length / 2 + 1), WebSocketMessageType.Binary, endOfMessage: false, context.RequestAborted);
                await socket.SendAsync(buffer.AsMemory(length / 2 + 1, length - length / 2 - 1), WebSocketMessageType.Binary, endOfMessage: true, context.RequestAborted);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // The other side is gone, which ends the echo.
        }
    }

    private static async Task<WebSocket> OpenAsync(HttpContext context)
    {
        var socket = await context.WebSockets.AcceptWebSocketAsync("v4.channel.k8s.io");
        await SendAsync(socket, [0, .. BitConverter.GetBytes((ushort)5432)]);
        await SendAsync(socket, [1, .. BitConverter.GetBytes((ushort)5432)]);
        return socket;
    }

    private static Task SendAsync(WebSocket socket, byte[] message) => socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, Token);
}
