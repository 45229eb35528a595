using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>Passes on what clients send, and cuts a connection that sends a certain word after the server has had it.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Task serving;
    private int seen;

    public CuttingProxy(int target, string word)
    {
        listener.Start();
        serving = ServeAsync(target, Encoding.ASCII.GetBytes(word));
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int Seen => seen;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private async Task ServeAsync(int target, byte[] word)
    {
        var connections = new List<Task>();
        while (!ending.IsCancellationRequested)
        {
            connections.Add(PassAsync(await listener.AcceptTcpClientAsync(ending.Token), target, word));
        }
        await Task.WhenAll(connections);
    }

    private async Task PassAsync(TcpClient client, int target, byte[] word)
    {
        using var server = new TcpClient();
        using (client)
        {
            await server.ConnectAsync(IPAddress.Loopback, target, ending.Token);
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
            var back = server.GetStream().CopyToAsync(client.GetStream(), cut.Token);
            var buffer = new byte[65536];
            while (await client.GetStream().ReadAsync(buffer, ending.Token) is > 0 and var read)
            {
                var isCut = buffer.AsSpan(0, read).IndexOf(word) >= 0;
                if (isCut)
                {
                    Interlocked.Increment(ref seen);
                    await cut.CancelAsync();
                    await back.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
                await server.GetStream().WriteAsync(buffer.AsMemory(0, read), ending.Token);
                if (isCut)
                {
                    // The server answers into nothing.
                    await server.GetStream().ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, ending.Token);
                    return;
                }
            }
        }
    }
}
