using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>One database server of a site as it was just read.</summary>
/// <param name="Server">The server.</param>
/// <param name="Now">What it does with writes; null when that can't be seen.</param>
/// <param name="Failure">Why not; null when it can.</param>
public sealed record ServerSight(DatabaseServerSettings Server, WriteActivity? Now, DalpException? Failure)
{
    /// <summary>Whether it is a primary that nothing keeps from writing.</summary>
    public bool TakesWrites => Now is { IsInRecovery: false, WhyNotFrozen: not null };

    /// <summary>Whether nothing that runs there has said a word. Who refuses runs, and so does a PostgreSQL that says that it takes nobody now.</summary>
    public bool IsSilent => Failure is { Kind: FaultKind.Unreachable or FaultKind.TimedOut or FaultKind.Unavailable or FaultKind.NotFound } and not
    {
        ErrorId: "DatabaseStarting" or "DatabaseInCrashRecovery" or "DatabaseShuttingDown" or "DatabaseOutOfConnections" or "DatabaseOverloaded",
    };

    /// <summary>Whether it takes whom it knows: it answers, or refuses us.</summary>
    public bool IsServing => !IsSilent && Failure?.Kind is not FaultKind.Unavailable;

    /// <summary>Whether a database says that it starts, or recovers from a crash: no silence, but the announcement of one that may take writes and that nobody has frozen.</summary>
    public static bool SaysItComesUp(DalpException failure) => failure.ErrorId is "DatabaseStarting" or "DatabaseInCrashRecovery";
}
