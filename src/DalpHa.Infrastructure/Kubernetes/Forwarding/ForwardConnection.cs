using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>One WebSocket to one port of a pod, joined with one local connection.</summary>
/// <param name="socket">The open WebSocket; owned.</param>
/// <param name="target">The pod and port, for the failure.</param>
internal sealed class ForwardConnection(WebSocket socket, string target) : IDisposable
{
    private const byte DataChannel = 0;
    private const byte ErrorChannel = 1;
    private const int BufferSize = 64 * 1024;
    private const int MaxErrorLength = 1000;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(2);

    // Each channel opens with the number of the port: two bytes that are not data.
    private const int PortBytes = 2;

    private readonly int[] toSkip = [PortBytes, PortBytes];
    private readonly StringBuilder errors = new();

    /// <summary>Carries bytes both ways until one side ends.</summary>
    /// <exception cref="DalpException">The pod's side failed.</exception>
    public async Task RunAsync(Socket local, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendAsync(local, ended.Token);
        var receiving = ReceiveAsync(local, ended.Token);
        var first = await Task.WhenAny(sending, receiving).ConfigureAwait(false);
        if (first == sending && sending.IsCompletedSuccessfully)
        {
            // The protocol knows no half-closed connection, so that the pod's side ends soon; what it had already sent still counts.
            await Task.WhenAny(receiving, Task.Delay(DrainTime, ended.Token)).ConfigureAwait(false);
        }
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(sending, receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (errors.Length > 0)
        {
            throw Broken(errors.ToString());
        }
        if (first == receiving && first.Exception?.InnerException is WebSocketException exception)
        {
            throw Broken(exception.Message, exception);
        }
    }

    /// <summary>Closes the WebSocket.</summary>
    public void Dispose() => socket.Dispose();

    private async Task SendAsync(Socket local, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            buffer[0] = DataChannel;
            while (await local.ReceiveAsync(buffer.AsMemory(1), SocketFlags.None, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                await socket.SendAsync(buffer.AsMemory(0, read + 1), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken).ConfigureAwait(false);
            }
            // Says goodbye behind the last byte; to drop the connection here could drop the byte.
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private async Task ReceiveAsync(Socket local, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            byte? channel = null;
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
                ReadOnlyMemory<byte> payload = buffer.AsMemory(0, result.Count);
                if (channel is null && payload.Length > 0)
                {
                    channel = payload.Span[0];
                    payload = payload[1..];
                }
                if (channel is { } known and <= ErrorChannel)
                {
                    await DeliverAsync(known, payload, local, cancellationToken).ConfigureAwait(false);
                }
                if (channel == ErrorChannel && result.EndOfMessage && errors.Length > 0)
                {
                    return;
                }
                channel = result.EndOfMessage ? null : channel;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private async Task DeliverAsync(byte channel, ReadOnlyMemory<byte> payload, Socket local, CancellationToken cancellationToken)
    {
        var skipped = Math.Min(toSkip[channel], payload.Length);
        toSkip[channel] -= skipped;
        payload = payload[skipped..];
        if (payload.IsEmpty)
        {
            return;
        }
        if (channel == ErrorChannel)
        {
            errors.Append(Encoding.UTF8.GetString(payload.Span), 0, Math.Min(payload.Length, Math.Max(0, MaxErrorLength - errors.Length)));
            return;
        }
        while (!payload.IsEmpty)
        {
            payload = payload[await local.SendAsync(payload, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
        }
    }

    private DalpException Broken(string cause, Exception? inner = null) => new(
        "ForwardBroken",
        FaultKind.Unreachable,
        $"The tunnel to {target} broke: {cause.Trim()}",
        "Check that the pod runs and listens on that port.",
        target,
        inner);
}
