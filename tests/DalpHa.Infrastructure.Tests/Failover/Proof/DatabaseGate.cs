using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>
/// The way to one database server: passes PostgreSQL's messages on, tells the gates of the statements that change something, and can be cut. Connections are
/// not encrypted.
/// </summary>
internal sealed class DatabaseGate : IAsyncDisposable
{
    private static readonly string[] Writes = ["ALTER SYSTEM SET", "ALTER SYSTEM RESET", "pg_reload_conf", "pg_terminate_backend", "pg_promote"];
    private readonly string site;
    private readonly int upstreamPort;
    private readonly WriteGates gates;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> open = [];
    private readonly Task accepting;
    private bool isCut;

    public DatabaseGate(string site, int upstreamPort, WriteGates gates)
    {
        (this.site, this.upstreamPort, this.gates) = (site, upstreamPort, gates);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Whether the server can't be reached: every connection is dropped.</summary>
    public bool IsCut
    {
        get => isCut;
        set
        {
            isCut = value;
            if (value)
            {
                Drop();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        Drop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
    }

    private void Drop()
    {
        lock (open)
        {
            open.ForEach(client => client.Dispose());
            open.Clear();
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync();
            if (isCut)
            {
                client.Dispose();
                continue;
            }
            lock (open)
            {
                open.Add(client);
            }
            _ = PassAsync(client);
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, upstreamPort);
                var conversation = new Conversation(client.GetStream(), server.GetStream());
                await Task.WhenAny(AskAsync(conversation), AnswerAsync(conversation));
            }
            catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
            {
                // One of them is gone, and so is the conversation.
            }
        }
        lock (open)
        {
            open.Remove(client);
        }
    }

    private async Task AskAsync(Conversation conversation)
    {
        // The first message has no type.
        await ForwardAsync(conversation.Client, conversation.Server, new byte[4]);
        while (true)
        {
            var (type, message) = await ReadAsync(conversation.Client);
            if ((char)type is 'Q' or 'P' && Writes.FirstOrDefault(Encoding.UTF8.GetString(message).Contains) is { } statement)
            {
                var write = $"{site} {statement}";
                if (!await gates.BeforeAsync(write))
                {
                    return;
                }
                conversation.Pending = write;
            }
            await conversation.Server.WriteAsync(message);
        }
    }

    private async Task AnswerAsync(Conversation conversation)
    {
        var held = new List<byte[]>();
        while (true)
        {
            var (type, message) = await ReadAsync(conversation.Server);
            held.Add(message);
            // The answer to a write is held until all of it is there.
            if (conversation.Pending is { } write)
            {
                if ((char)type != 'Z')
                {
                    continue;
                }
                conversation.Pending = null;
                if (!await gates.AfterAsync(write))
                {
                    return;
                }
            }
            foreach (var part in held)
            {
                await conversation.Client.WriteAsync(part);
            }
            held.Clear();
        }
    }

    private static async Task<(byte Type, byte[] Message)> ReadAsync(Stream from)
    {
        var head = new byte[5];
        await from.ReadExactlyAsync(head);
        var message = new byte[1 + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        head.CopyTo(message, 0);
        await from.ReadExactlyAsync(message.AsMemory(5));
        return (head[0], message);
    }

    private static async Task ForwardAsync(Stream from, Stream to, byte[] head)
    {
        await from.ReadExactlyAsync(head);
        var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - head.Length];
        await from.ReadExactlyAsync(rest);
        await to.WriteAsync(head);
        await to.WriteAsync(rest);
    }

    private sealed class Conversation(Stream client, Stream server)
    {
        public Stream Client => client;

        public Stream Server => server;

        public string? Pending { get; set; }
    }
}
