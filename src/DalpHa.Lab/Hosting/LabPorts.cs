using System.Net;
using System.Net.Sockets;
using DalpHa.Core.Errors;

namespace DalpHa.Lab.Hosting;

/// <summary>Looks at the ports before anything is started on them.</summary>
internal static class LabPorts
{
    private const int Count = 5;

    /// <exception cref="DalpException">One of the ports is in use, or there is none of that number.</exception>
    public static void DemandFree(int first)
    {
        if (first is < 0 or > 65536 - Count)
        {
            throw new DalpException("LabPortInvalid", FaultKind.InvalidInput, $"{first} can't be the first of {Count} ports.", $"Give a port from 1 to {65536 - Count}, or none.", first);
        }
        for (var port = first; first != 0 && port < first + Count; port++)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
                listener.Start();
            }
            catch (SocketException exception)
            {
                throw new DalpException(
                    "LabPortInUse",
                    FaultKind.Conflict,
                    $"Port {port} on 127.0.0.1 can't be used: {exception.Message}",
                    $"Give another first port with -Port (the lab takes {Count} from there on), or none: then free ones are taken.",
                    port,
                    exception);
            }
        }
    }
}
