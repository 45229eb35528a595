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
        return [Of(world, await writers.ConfigureAwait(false)), .. (await databases.ConfigureAwait(false)).Select(finding => Of(world, finding))];
    }

    /// <summary>Measures the writers alone: before a planned promotion the databases are frozen as a part of it.</summary>
    public static async Task<IReadOnlyList<Precondition>> MeasureWritersAsync(FailoverWorld world, CancellationToken cancellationToken) =>
        [Of(world, await new SiteFence(world.Active, world.Topology, world.ActiveIsGone, "-ActiveIsGone").WritersAsync(cancellationToken).ConfigureAwait(false))];

    // What can't be seen is assumed of nobody.
    private static Precondition Of(FailoverWorld world, Finding finding) => new(Name, world.AssumesFreeze && finding.Status == CheckStatus.Fail
        ? Finding.Warn(
            finding.Site, finding.Target, $"{finding.Observed} now", finding.Expected, $"People freeze it, and it is assumed here that they have. It is looked at before the step begins.",
            "Freeze it as the runbook says.")
        : finding);

    /// <summary>Whether a workload writes to the database or the chain.</summary>
    public static bool Writes(this WorkloadRule rule) => rule.Role is WorkloadRole.Writer or WorkloadRole.Signer;
}
