using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Topology;

namespace DalpHa.Hosting;

/// <summary>Finds the topology that a cmdlet works on when it is not handed one. Paths are PowerShell's: call it on the pipeline thread.</summary>
internal static class TopologyLocator
{
    private const string FileVariable = "DALPHA_TOPOLOGY";
    private const string ActiveVariable = "ACTIVE_CONTEXT";
    private const string StandbyVariable = "STANDBY_CONTEXT";
    private const string NamespaceVariable = "DALP_NAMESPACE";

    /// <summary>The name of the file in the current folder.</summary>
    public const string FileName = "dalpha.yaml";

    /// <summary>ACTIVE_CONTEXT, or null.</summary>
    public static string? EnvironmentActiveContext => Variable(ActiveVariable);

    /// <summary>STANDBY_CONTEXT, or null.</summary>
    public static string? EnvironmentStandbyContext => Variable(StandbyVariable);

    /// <summary>DALP_NAMESPACE, or null.</summary>
    public static string? EnvironmentNamespace => Variable(NamespaceVariable);

    /// <summary>The file given, else the one that DALPHA_TOPOLOGY names, else <c>dalpha.yaml</c> in PowerShell's location when it is there, else null.</summary>
    public static string? FindFile(PSCmdlet cmdlet, string? given = null) => FindFile(cmdlet.SessionState, given);

    /// <inheritdoc cref="FindFile(PSCmdlet, string)"/>
    public static string? FindFile(SessionState session, string? given = null)
    {
        if ((given ?? Variable(FileVariable)) is { } named)
        {
            return PowerShellPath.Resolve(session, named);
        }
        var local = PowerShellPath.InLocation(session, FileName);
        return Path.Exists(local) ? local : null;
    }

    /// <summary>The topology of the contexts given, each of which the environment completes.</summary>
    /// <exception cref="DalpException">Not all of them are known (<c>TopologyNotGiven</c>), or both contexts are one (<c>SameSite</c>).</exception>
    public static DalpTopology FromContexts(string? activeContext = null, string? standbyContext = null, string? @namespace = null)
    {
        var (active, standby, space) = (activeContext ?? EnvironmentActiveContext, standbyContext ?? EnvironmentStandbyContext, @namespace ?? EnvironmentNamespace);
        if (active is not null && standby is not null && space is not null)
        {
            return ContextTopology.Create(active, standby, space);
        }
        var missing = new[] { (active, $"-ActiveContext ({ActiveVariable})"), (standby, $"-StandbyContext ({StandbyVariable})"), (space, $"-Namespace ({NamespaceVariable})") };
        throw new DalpException(
            "TopologyNotGiven",
            FaultKind.InvalidInput,
            $"No topology is known: there is none given, none set by Use-DalpTopology, no {FileVariable}, no ./{FileName}, "
                + $"and of the contexts these are missing: {string.Join(", ", missing.Where(m => m.Item1 is null).Select(m => m.Item2))}.",
            $"Write one with New-DalpTopology and give it (-Topology, Use-DalpTopology, {FileVariable}, or ./{FileName}); or give -ActiveContext, -StandbyContext and -Namespace, "
                + $"or set {ActiveVariable}, {StandbyVariable} and {NamespaceVariable}.");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
