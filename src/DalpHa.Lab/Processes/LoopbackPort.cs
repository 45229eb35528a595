using System.Net;
using System.Net.Sockets;

namespace DalpHa.Lab.Processes;

/// <summary>Chooses ports on 127.0.0.1 for servers that can't be asked to choose one themselves.</summary>
/// <remarks>
/// A server takes its port seconds after it was chosen, and again at each restart. So it is none of those that systems give to connections of their own accord (from 32768 on
/// Linux, from 49152 on Windows and macOS), nor of those that a cluster gives to Services (from 30000), and none twice in a process.
/// </remarks>
internal static class LoopbackPort
{
    private const int First = 20_000;
    private const int Count = 10_000;
    private static int last = Random.Shared.Next(Count);

    /// <summary>A port that nothing listens on at the moment.</summary>
    /// <exception cref="SocketException">Not one of them can be taken.</exception>
    public static int Free()
    {
        for (var left = Count; ; left--)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref last) % Count);
            try
            {
                Probe(port);
                return port;
            }
            catch (SocketException) when (left > 1)
            {
                // Another's: the next.
            }
        }
    }

    /// <summary>Takes a port and lets it go.</summary>
    /// <exception cref="SocketException">It is taken.</exception>
    public static void Probe(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
    }
}
