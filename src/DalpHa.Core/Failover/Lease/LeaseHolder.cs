using DalpHa.Core.Lab;

namespace DalpHa.Core.Failover;

/// <summary>
/// Who holds a failover's lease: the failover, its operator, and the very process, told so that another process of the same machine can see for certain
/// whether that one still runs.
/// </summary>
internal static class LeaseHolder
{
    /// <summary>This process, as a holder's text names it.</summary>
    public static string CurrentProcess => Token(ProcessIdentity.Current);

    /// <summary>The text that the Lease carries.</summary>
    public static string Of(string failoverId, FailoverRunner runner) => $"{failoverId} {runner.Operator} {runner.Process}";

    /// <summary>The failover of a holder's text, and who runs it.</summary>
    public static (string FailoverId, string By)? Parse(string holder) =>
        holder.Split(' ', 2) is [var id, var by] ? (id, by) : null;

    /// <summary>Whether a holder is seen to be gone: no word and no wait is needed to know it. False says nothing.</summary>
    /// <param name="holder">The holder's text.</param>
    /// <param name="operatorName">Who asks: a process of another user may be there and hidden.</param>
    public static bool IsSeenGone(string holder, string operatorName)
    {
        // Elsewhere nothing tells this machine from a copy of it.
        if (!OperatingSystem.IsLinux() || !holder.Contains($" {operatorName} ", StringComparison.Ordinal))
        {
            return false;
        }
        var token = holder[(holder.LastIndexOf(' ') + 1)..];
        var (id, colon) = (token.Split('@')[0], token.IndexOf(':', StringComparison.Ordinal));
        if (colon < 0 || !int.TryParse(id, out var number))
        {
            return false;
        }
        // The start tells the boot that it counts from, and so the machine; the namespace, whether its ids mean the same here.
        var own = ProcessIdentity.Current;
        var isOfHere = token.StartsWith($"{id}@{Space}:", StringComparison.Ordinal) && token[(colon + 1)..].Split(':')[0] == own.Started.Split(':')[0];
        return isOfHere && (ProcessIdentity.Of(number) is not { } there || Token(there) != token);
    }

    private static string Space => OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget?.Trim('p', 'i', 'd', ':', '[', ']') ?? "" : "";

    private static string Token(ProcessIdentity process) => $"{process.Id}@{Space}:{process.Started}";
}
