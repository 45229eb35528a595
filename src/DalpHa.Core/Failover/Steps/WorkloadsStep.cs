using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Step 4: what was staged at zero on the standby starts, in the order of the topology, and what ran already is ready on the promoted database. What
/// signs is left alone: that is the next step's. Routes open last that were closed while this site was the isolated one.
/// </summary>
public sealed class WorkloadsStep : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => FailoverSteps.Workloads;

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var timeout = world.Runbook.StepOf(Name).Timeout;
        var fence = ActiveFence.MeasureAsync(world, cancellationToken);
        var actives = await StartConditions.CounterpartsAsync(world.Active, cancellationToken).ConfigureAwait(false);
        SiteWorkloads standby;
        IReadOnlyList<IngressRoute> closed;
        try
        {
            var routes = world.Standby.Cluster.ListIngressRoutesAsync(world.Standby.Namespace, cancellationToken);
            standby = await SiteWorkloads.ReadAsync(world.Standby, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            closed = [.. (await routes.ConfigureAwait(false)).Where(route => route.IsClosed)];
        }
        catch (DalpException exception)
        {
            return Unseen(world, exception);
        }
        var starting = standby.All.Where(one => !one.Rule.MustRunOnce() && one.Rule.Standby != StandbyMode.Absent && one.Workload.Kind != WorkloadKind.DaemonSet)
            .Select(one => (one.Rule, one.Workload, Replicas: StartConditions.CountOf(one.Rule, one.Workload, actives.Workloads.Counterpart(one.Workload)))).ToList();
        // Suspended by DalpHa, as when the site was the active one before; or staged so, where the same one of the other site starts Jobs, or did.
        var suspended = standby.CronJobs.Where(one => !one.Rule.MustRunOnce() && one.Rule.Standby != StandbyMode.Absent && (one.CronJob.IsSuspended || one.CronJob.IsRemembered))
            .Select(one => (one.CronJob, Counterpart: actives.CronJobs.Counterpart(one.CronJob))).ToList();
        var resuming = suspended.Where(one => one.CronJob.IsRemembered || one.Counterpart?.IsWanted() == true).Select(one => one.CronJob).ToList();
        var staged = starting.Where(one => one.Workload.Desired == 0).Select(one => one.Workload.Target).Concat(resuming.Select(one => one.Target)).ToList();
        return new FailoverStep
        {
            Name = Name,
            Measured = (staged.Count == 0 ? $"{world.Standby.Name}: nothing is staged at zero or suspended." : $"{world.Standby.Name}: {Wording.List(staged)} to start.")
                + (closed.Count == 0 ? "" : $" {Wording.List([.. closed.Select(route => $"{route.Kind}/{route.Name}")])} to open."),
            Preconditions =
            [
                .. await fence.ConfigureAwait(false),
                await StartConditions.TakesWritesAsync(world.Standby, cancellationToken).ConfigureAwait(false),
                .. suspended.Where(one => one.Counterpart is null && !one.CronJob.IsRemembered).Select(one => StartConditions.LeftSuspended(world.Standby, one.CronJob)),
                .. starting.Where(one => one.Replicas is null).Select(one => StartConditions.CountNotKnown(world.Standby, one.Workload)),
                .. await StartConditions.CapacityAsync(world.Standby, [.. starting.Select(one => (one.Workload, one.Replicas ?? 0))], cancellationToken).ConfigureAwait(false),
            ],
            Stages =
            [
                .. standby.Start(starting.Where(one => one.Replicas is not null).Select(one => (one.Rule, one.Workload, one.Replicas!.Value))),
                [.. resuming.Select(standby.Resume)],
                .. closed.Count == 0 ? (IReadOnlyList<IReadOnlyList<FailoverAction>>)[] : [[.. closed.Select(route => new SiteRoute(world.Standby, route, timeout).Open())]],
            ],
        };
    }

    private FailoverStep Unseen(FailoverWorld world, DalpException exception) => new()
    {
        Name = Name,
        Measured = $"{world.Standby.Name} can't be seen: {exception.Message}",
        Preconditions = [new Precondition("StandbyReachable", Finding.Unknown(world.Standby.Name, "cluster", "can't be seen", "reachable", exception.Message, exception.RecommendedAction))],
    };
}
