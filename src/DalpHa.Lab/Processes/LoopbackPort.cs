using System.Net;
using System.Net.Sockets;

namespace DalpHa.Lab.Processes;

/// <summary>Chooses ports on 127.0.0.1 for servers that can't be asked to choose one themselves.</summary>
internal static class LoopbackPort
{
    /// <summary>A port that nothing listens on at the moment.</summary>
    public static int Free() => Free(1)[0];

    /// <summary>So many different ports that nothing listens on at the moment.</summary>
    public static IReadOnlyList<int> Free(int count)
    {
        // All are held until the last is chosen, so that none is chosen twice.
        var probes = Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        try
        {
            return probes.ConvertAll(probe =>
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                return ((IPEndPoint)probe.LocalEndPoint!).Port;
            });
        }
        finally
        {
            probes.ForEach(probe => probe.Dispose());
        }
    }
}
