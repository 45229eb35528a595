using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>Stops workloads, against the order of the topology's rules, and notes on each how many there were. CronJobs are suspended first. Acts on the world's active site.</summary>
/// <param name="choice">Which.</param>
/// <param name="timeout">How long each outcome may take.</param>
public sealed class StopWorkloads(WorkloadChoice choice, TimeSpan timeout) : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => "stop workloads";

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = world.Active;
        try
        {
            var workloads = await SiteWorkloads.ReadAsync(site, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            var stopping = workloads.All.Where(one => choice.Covers(one.Rule, one.Workload)).ToList();
            var suspending = workloads.CronJobs.Where(one => choice.Covers(one.Rule, one.CronJob)).Select(one => one.CronJob).ToList();
            return new FailoverStep
            {
                Name = Name,
                Measured = $"{site.Name}: {Wording.List(stopping.Select(one => one.Workload.Target).Concat(suspending.Select(one => one.Target)))} to stop.",
                Preconditions = [.. choice.Missing(site, workloads), .. stopping.Where(one => one.Workload.Kind == WorkloadKind.DaemonSet).Select(one => NotScalable(site, one.Workload))],
                Stages = [[.. suspending.Select(workloads.Suspend)], .. stopping.GroupBy(one => one.Rule).Reverse().Select(rule => (IReadOnlyList<FailoverAction>)[.. rule.Select(one => workloads.Stop(one.Workload))])],
            };
        }
        catch (DalpException exception)
        {
            return SiteUnseen.Step(Name, site, exception);
        }
    }

    private static Precondition NotScalable(FailoverSite site, Workload workload) => new("Scalable", Finding.Fail(
        site.Name, workload.Target, "a DaemonSet", "a workload with a count", "It runs on every node that it fits on, and has no count to set to 0.", "Leave it out; keep it off the nodes by its own node selector."));
}
