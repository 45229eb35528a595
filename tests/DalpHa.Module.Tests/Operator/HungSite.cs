using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DalpHa.Module.Tests.Operator;

/// <summary>A platform whose APIs, databases and validators take connections and never say a word, with a topology that leads there.</summary>
public sealed class HungSite : IDisposable
{
    private readonly Ear apis = new();
    private readonly Ear databases = new();

    /// <param name="user">The kubeconfig's user, as YAML; without it one with a token.</param>
    /// <param name="database">More of a site's database, as YAML.</param>
    public HungSite(string user = "{ token: none }", string database = "sslMode: disable")
    {
        var (port, databasePort) = (apis.Port, databases.Port);
        File.WriteAllText(Path.Combine(Folder, "kubeconfig"), $$"""
            clusters: [{ name: c, cluster: { server: "http://127.0.0.1:{{port}}" } }]
            users: [{ name: u, user: {{user}} }]
            contexts: [{ name: a, context: { cluster: c, user: u } }, { name: b, context: { cluster: c, user: u } }]
            """);
        File.WriteAllText(Topology, $$"""
            apiVersion: dalpha/v1
            name: hung
            sites:
              active: { name: a, context: a, kubeconfig: ./kubeconfig, namespace: one, database: { {{database}}, servers: [{ name: pa, host: 127.0.0.1, port: {{databasePort}} }] }, validators: [{ name: v, rpc: "http://127.0.0.1:{{port}}" }] }
              standby: { name: b, context: b, kubeconfig: ./kubeconfig, namespace: two, database: { {{database}}, servers: [{ name: pb, host: localhost, port: {{databasePort}} }] } }
            """);
    }

    /// <summary>A folder that goes with it.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("dalpha-hung-").FullName;

    /// <summary>The topology file.</summary>
    public string Topology => Path.Combine(Folder, "dalpha.yaml");

    /// <summary>How many connections were made so far.</summary>
    public int Asked => apis.Asked + databases.Asked;

    /// <summary>How many of those to APIs and validators have not been closed from the other end.</summary>
    public int OpenToApis() => apis.Open();

    /// <summary>How many of those to databases have not been closed from the other end.</summary>
    public int OpenToDatabases() => databases.Open();

    public void Dispose()
    {
        apis.Dispose();
        databases.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Takes connections, and says nothing.</summary>
    private sealed class Ear : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentQueue<Socket> taken = new();

        public Ear()
        {
            listener.Start();
            // Not in the context of the test, which blocks its thread.
            _ = Task.Run(AcceptAsync);
        }

        public string Port => ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        public int Asked => taken.Count;

        public int Open() => taken.Count(socket =>
        {
            try
            {
                // What was sent before the end is still there to read.
                while (socket.Poll(0, SelectMode.SelectRead))
                {
                    if (socket.Receive(new byte[4096]) == 0)
                    {
                        return false;
                    }
                }
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });

        public void Dispose()
        {
            listener.Stop();
            foreach (var socket in taken)
            {
                socket.Dispose();
            }
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    taken.Enqueue(await listener.AcceptSocketAsync());
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // It was stopped.
            }
        }
    }
}
