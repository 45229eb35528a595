using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>
/// pods/portforward over a web socket (v4.channel.k8s.io): port number i of the request has data channel 2i and error channel 2i+1, each begins
/// with the port in two bytes, and every message is led by its channel's byte.
/// </summary>
internal sealed class PortForward
{
    private const string Protocol = "v4.channel.k8s.io";

    public Task ServeAsync(HttpContext http, StoredObject pod, CancellationToken cancellation) => ServeAsync(http, "ports", port => Target(pod, port), cancellation);

    /// <summary>Serves ports whose numbers are in a query parameter: an API server calls it <c>ports</c>, a kubelet <c>port</c>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="parameter">The query parameter.</param>
    /// <param name="targetOf">Where a port leads to, as <c>127.0.0.1:5432</c>, or null.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task ServeAsync(HttpContext http, string parameter, Func<ushort, string?> targetOf, CancellationToken cancellation)
    {
        if (!http.WebSockets.IsWebSocketRequest || !http.WebSockets.WebSocketRequestedProtocols.Contains(Protocol))
        {
            throw ApiException.BadRequest($"the lab forwards ports over web sockets with the protocol {Protocol} only");
        }
        var ports = http.Request.Query[parameter].SelectMany(text => (text ?? "").Split(',')).Select(ParsePort).ToList();
        if (ports.Count is 0 or > 100)
        {
            throw ApiException.BadRequest($"query parameter \"{parameter}\" is required");
        }
        using var socket = await http.WebSockets.AcceptWebSocketAsync(Protocol);
        using var sending = new SemaphoreSlim(1);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var channels = new List<ForwardedPort>();
        try
        {
            for (var i = 0; i < ports.Count; i++)
            {
                var channel = new ForwardedPort(socket, sending, (byte)(2 * i), ports[i]);
                channels.Add(channel);
                await channel.AnnounceAsync(ending.Token);
                await channel.ConnectAsync(targetOf(ports[i]), ending.Token);
            }
            var pumps = channels.Select(channel => channel.PumpAsync(ending.Token)).ToList();
            await ReceiveAsync(socket, channels, ending.Token);
            await ending.CancelAsync();
            await Task.WhenAll(pumps);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            // Either side hung up: that is how a port-forward ends.
        }
        finally
        {
            await ending.CancelAsync();
            foreach (var channel in channels)
            {
                channel.Dispose();
            }
        }
    }

    private static async Task ReceiveAsync(WebSocket socket, List<ForwardedPort> channels, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        ForwardedPort? into = null;
        var begins = true;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellation);
                return;
            }
            var content = buffer.AsMemory(0, received.Count);
            if (begins && content.Length > 0)
            {
                into = content.Span[0] % 2 == 0 && content.Span[0] / 2 < channels.Count ? channels[content.Span[0] / 2] : null;
                content = content[1..];
            }
            begins = received.EndOfMessage;
            if (into is not null && content.Length > 0)
            {
                await into.WriteAsync(content, cancellation);
            }
        }
    }

    private static string? Target(StoredObject pod, ushort port) =>
        (string?)(pod.Metadata["annotations"] as JsonObject)?[LabMarks.ForwardOf(port)];

    private static ushort ParsePort(string text) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
        ? port
        : throw ApiException.BadRequest($"invalid port \"{text}\"");
}

/// <summary>One forwarded port: its connection to the target, and its two channels.</summary>
internal sealed class ForwardedPort(WebSocket socket, SemaphoreSlim sending, byte channel, ushort port) : IDisposable
{
    private TcpClient? _target;

    public async Task AnnounceAsync(CancellationToken cancellation)
    {
        var number = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(number, port);
        await SendAsync(channel, number, cancellation);
        await SendAsync((byte)(channel + 1), number, cancellation);
    }

    public async Task ConnectAsync(string? target, CancellationToken cancellation)
    {
        var parts = target?.Split(':');
        if (parts is not [var host, var number] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
        {
            await FailAsync("nothing listens there", cancellation);
            return;
        }
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(host, at, cancellation);
            _target = client;
        }
        catch (SocketException error)
        {
            client.Dispose();
            await FailAsync(error.Message, cancellation);
        }
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        if (_target is null)
        {
            return;
        }
        try
        {
            await _target.GetStream().WriteAsync(content, cancellation);
        }
        catch (IOException error)
        {
            await FailAsync(error.Message, cancellation);
        }
    }

    /// <summary>Carries what the target says to the client, and ends the web socket with the target.</summary>
    public async Task PumpAsync(CancellationToken cancellation)
    {
        if (_target is null)
        {
            return;
        }
        var buffer = new byte[32 * 1024];
        try
        {
            int count;
            while ((count = await _target.GetStream().ReadAsync(buffer, cancellation)) > 0)
            {
                await SendAsync(channel, buffer.AsMemory(0, count), cancellation);
            }
            await CloseAsync(cancellation);
        }
        catch (IOException error)
        {
            await FailAsync(error.Message, cancellation);
            await CloseAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            // The client ended it.
        }
    }

    public void Dispose() => _target?.Dispose();

    private Task FailAsync(string why, CancellationToken cancellation) =>
        SendAsync((byte)(channel + 1), System.Text.Encoding.UTF8.GetBytes($"error forwarding port {port} to pod: {why}"), cancellation);

    private async Task SendAsync(byte to, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        await sending.WaitAsync(cancellation);
        try
        {
            await socket.SendAsync((byte[])[to, .. content.Span], WebSocketMessageType.Binary, true, cancellation);
        }
        finally
        {
            sending.Release();
        }
    }

    private async Task CloseAsync(CancellationToken cancellation)
    {
        await sending.WaitAsync(cancellation);
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellation);
        }
        finally
        {
            sending.Release();
        }
    }
}
