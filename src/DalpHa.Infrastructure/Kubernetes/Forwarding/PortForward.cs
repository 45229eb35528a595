using System.Net;
using System.Net.Sockets;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// A loopback listener that gives every connection made to it a WebSocket of its own. The target is found anew for each, so that a
/// service's tunnel outlives the pod that it started with.
/// </summary>
internal sealed class PortForward : IPortForward
{
    private readonly CancellationTokenSource closing = new();
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<CancellationToken, Task<ForwardConnection>> connect;
    private readonly Task accepting;
    private ForwardConnection? first;

    /// <summary>Starts to listen.</summary>
    /// <param name="first">The connection that proved the target; the first local connection gets it.</param>
    /// <param name="connect">Makes each further one.</param>
    public PortForward(ForwardConnection first, Func<CancellationToken, Task<ForwardConnection>> connect)
    {
        this.first = first;
        this.connect = connect;
        listener.Start();
        LocalEndPoint = (IPEndPoint)listener.LocalEndpoint;
        accepting = Task.Run(AcceptAsync);
    }

    /// <inheritdoc/>
    public IPEndPoint LocalEndPoint { get; }

    /// <inheritdoc/>
    public DalpException? Failure { get; private set; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await accepting.ConfigureAwait(false);
        listener.Dispose();
        first?.Dispose();
        closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var local = await listener.AcceptSocketAsync(closing.Token).ConfigureAwait(false);
                connections.RemoveAll(c => c.IsCompleted);
                connections.Add(CarryAsync(local));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // Disposed, or the loopback interface is gone: no more connections either way.
        }
        await Task.WhenAll(connections).ConfigureAwait(false);
    }

    private async Task CarryAsync(Socket local)
    {
        using var owned = local;
        try
        {
            local.NoDelay = true;
            using var remote = Interlocked.Exchange(ref first, null) ?? await connect(closing.Token).ConfigureAwait(false);
            await remote.RunAsync(local, closing.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The tunnel, or the cluster that it leads to, was disposed; or the local side is gone, and has nobody to be told.
            Reset(local);
        }
        catch (DalpException exception)
        {
            Failure = exception;
            Reset(local);
        }
    }

    // The client must see a broken connection, not one that ended in good order.
    private static void Reset(Socket local)
    {
        try
        {
            local.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (SocketException)
        {
            // The client was first: some systems take no option for a socket whose other end is gone.
        }
    }
}
