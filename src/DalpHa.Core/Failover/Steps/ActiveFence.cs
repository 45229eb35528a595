using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>Whether the active site can write: the gate before promotion and before anything that must not run twice.</summary>
internal static class ActiveFence
{
    /// <summary>The gate's name among the preconditions.</summary>
    public const string Name = "ActiveFenced";

    /// <summary>Measures it now: one finding for the writers, and one for each database server.</summary>
    public static async Task<IReadOnlyList<Precondition>> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var fence = new SiteFence(world.Active, world.Topology, world.ActiveIsGone, "-ActiveIsGone");
        var writers = fence.WritersAsync(cancellationToken);
        var databases = fence.DatabasesAsync(cancellationToken);
        return [new Precondition(Name, await writers.ConfigureAwait(false)), .. (await databases.ConfigureAwait(false)).Select(finding => new Precondition(Name, finding))];
    }

    /// <summary>Whether a workload writes to the database or the chain.</summary>
    public static bool Writes(this WorkloadRule rule) => rule.Role is WorkloadRole.Writer or WorkloadRole.Signer;
}
