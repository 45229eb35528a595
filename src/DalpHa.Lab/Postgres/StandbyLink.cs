using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DalpHa.Lab.Processes;

namespace DalpHa.Lab.Postgres;

/// <summary>What a <see cref="StandbyLink"/> does with traffic.</summary>
public enum LinkState
{
    /// <summary>It passes.</summary>
    Passing,
    /// <summary>It vanishes: connections stay open, and nothing comes through. What was sent arrives once the link passes again, as TCP would resend it.</summary>
    Stalled,
    /// <summary>Connections are reset, and new ones refused.</summary>
    Refused,
}

/// <summary>A TCP relay on loopback, as between a standby and its primary, so that the way can be cut in the two ways in which networks fail.</summary>
public sealed class StandbyLink : IAsyncDisposable
{
    private readonly int targetPort;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<Socket, byte> sockets = new();
    private readonly ConcurrentDictionary<Task, byte> connections = new();
    private readonly Lock gate = new();
    private readonly Task never = new TaskCompletionSource().Task;
    private TaskCompletionSource passing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int generation;
    private Socket? listener;

    /// <summary>Opens a link.</summary>
    /// <param name="port">The loopback port to listen on; 0 for a free one.</param>
    /// <param name="targetPort">The loopback port that traffic goes to.</param>
    public StandbyLink(int port, int targetPort)
    {
        this.targetPort = targetPort;
        // It is taken again after each time that connections were refused.
        Port = port == 0 ? LoopbackPort.Free() : port;
        passing.SetResult();
        Listen();
    }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; }

    /// <summary>What it does with traffic now.</summary>
    public LinkState State { get; private set; }

    /// <summary>Changes what it does with traffic, for open connections too.</summary>
    public void Set(LinkState state)
    {
        lock (gate)
        {
            if (state == State)
            {
                return;
            }
            State = state;
            if (state == LinkState.Stalled)
            {
                if (passing.Task.IsCompleted)
                {
                    passing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
            else
            {
                passing.TrySetResult();
            }
            if (state == LinkState.Refused)
            {
                listener?.Dispose();
                listener = null;
                Reset();
            }
            else if (listener is null)
            {
                Listen();
            }
        }
    }

    /// <summary>Forgets the connections that are open, as a firewall does: they stay open and carry nothing any more, and new ones are not touched.</summary>
    public void Forget()
    {
        lock (gate)
        {
            generation++;
        }
    }

    /// <summary>Closes the link and all that goes over it.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        lock (gate)
        {
            listener?.Dispose();
            passing.TrySetResult();
            Reset();
        }
        await Task.WhenAll(connections.Keys);
        stopping.Dispose();
    }

    private void Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        socket.Listen();
        listener = socket;
        Track(AcceptAsync(socket));
    }

    private async Task AcceptAsync(Socket from)
    {
        try
        {
            while (true)
            {
                Track(RelayAsync(await from.AcceptAsync(stopping.Token)));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The listener was closed: by Refused or by disposal.
        }
    }

    private async Task RelayAsync(Socket near)
    {
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (near)
        {
            near.NoDelay = true;
            sockets[near] = sockets[far] = 0;
            var born = generation;
            try
            {
                await PassingAsync(born);
                await far.ConnectAsync(IPAddress.Loopback, targetPort, stopping.Token);
                await Task.WhenAll(PumpAsync(near, far, born), PumpAsync(far, near, born));
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // One end is gone; closing both tells the other.
            }
            finally
            {
                sockets.TryRemove(near, out _);
                sockets.TryRemove(far, out _);
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, int born)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, stopping.Token)) > 0)
            {
                await PassingAsync(born);
                for (var rest = buffer.AsMemory(0, count); rest.Length > 0;)
                {
                    rest = rest[await to.SendAsync(rest, stopping.Token)..];
                }
            }
            // An end's closing is news too: a stalled link does not carry it. What was sent before it arrives before it.
            await PassingAsync(born);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            await PassingAsync(born);
            to.Close(0);
            from.Close(0);
        }
    }

    private async Task PassingAsync(int born)
    {
        Task wait;
        lock (gate)
        {
            wait = born == generation ? passing.Task : never;
        }
        await wait.WaitAsync(stopping.Token);
    }

    private void Reset()
    {
        foreach (var socket in sockets.Keys)
        {
            socket.Close(0);
        }
    }

    private void Track(Task task)
    {
        connections[task] = 0;
        _ = task.ContinueWith(done => connections.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
