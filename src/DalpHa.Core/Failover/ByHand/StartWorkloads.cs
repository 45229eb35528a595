using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Starts workloads in the order of the topology's rules, each rule once those before it are ready. Acts on the world's active site. What writes needs a database
/// that takes writes; what must not run twice needs the other site to be without it.
/// </summary>
/// <param name="choice">Which.</param>
/// <param name="replicas">How many of each; null for what each had.</param>
/// <param name="timeout">How long each outcome may take.</param>
public sealed class StartWorkloads(WorkloadChoice choice, int? replicas, TimeSpan timeout) : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => "start workloads";

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = world.Active;
        try
        {
            var workloads = await SiteWorkloads.ReadAsync(site, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            var others = await StartConditions.CounterpartsAsync(world.Standby, cancellationToken).ConfigureAwait(false);
            var starting = workloads.All.Where(one => choice.Covers(one.Rule, one.Workload) && one.Workload.Kind != WorkloadKind.DaemonSet)
                .Select(one => (one.Rule, one.Workload, Count: replicas ?? StartConditions.CountOf(one.Rule, one.Workload, others.Workloads.Counterpart(one.Workload)))).ToList();
            var chosen = workloads.CronJobs.Where(one => choice.Covers(one.Rule, one.CronJob)).ToList();
            var resuming = chosen.Where(one => one.CronJob.IsRemembered).ToList();
            var rules = starting.Select(one => one.Rule).Concat(resuming.Select(one => one.Rule)).ToList();
            return new FailoverStep
            {
                Name = Name,
                Measured = $"{site.Name}: {Wording.List(starting.Select(one => one.Workload.Target).Concat(resuming.Select(one => one.CronJob.Target)))} to start.",
                Preconditions =
                [
                    .. choice.Missing(site, workloads),
                    .. rules.Any(rule => rule.Writes()) ? await WritersAsync(world, cancellationToken).ConfigureAwait(false) : [],
                    .. await OtherFence.SignersAsync(world, rules, cancellationToken).ConfigureAwait(false),
                    .. chosen.Where(one => one.CronJob is { IsSuspended: true, IsRemembered: false }).Select(one => StartConditions.LeftSuspended(site, one.CronJob)),
                    .. starting.Where(one => one.Count is null).Select(one => StartConditions.CountNotKnown(site, one.Workload)),
                    .. await StartConditions.CapacityAsync(site, [.. starting.Select(one => (one.Workload, one.Count ?? 0))], cancellationToken).ConfigureAwait(false),
                ],
                Stages =
                [
                    .. workloads.Start(starting.Where(one => one.Count is not null).Select(one => (one.Rule, one.Workload, one.Count!.Value))),
                    [.. resuming.Select(one => workloads.Resume(one.CronJob))],
                ],
            };
        }
        catch (DalpException exception)
        {
            return SiteUnseen.Step(Name, site, exception);
        }
    }

    private static async Task<IReadOnlyList<Precondition>> WritersAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var fence = OtherFence.DatabasesAsync(world, cancellationToken);
        return [await StartConditions.TakesWritesAsync(world.Active, cancellationToken).ConfigureAwait(false), .. await fence.ConfigureAwait(false)];
    }
}
