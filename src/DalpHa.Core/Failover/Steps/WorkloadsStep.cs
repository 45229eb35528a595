using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Step 4: what was staged at zero on the standby starts, in the order of the topology, and what ran already is ready on the promoted database. What
/// signs is left alone: that is the next step's.
/// </summary>
public sealed class WorkloadsStep : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => "workloads";

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var timeout = world.Runbook.StepOf(Name).Timeout;
        var fence = ActiveFence.MeasureAsync(world, cancellationToken);
        var actives = await ActiveWorkloadsAsync(world, cancellationToken).ConfigureAwait(false);
        SiteWorkloads standby;
        try
        {
            standby = await SiteWorkloads.ReadAsync(world.Standby, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception)
        {
            return Unseen(world, exception);
        }
        var starting = standby.All.Where(one => !one.Rule.MustRunOnce() && one.Rule.Standby != StandbyMode.Absent && one.Workload.Kind != WorkloadKind.DaemonSet)
            .Select(one => (one.Rule, one.Workload, Replicas: ReplicasOf(one.Workload, actives.Counterpart(one.Workload)))).ToList();
        var staged = starting.Where(one => one.Workload.Desired == 0).Select(one => one.Workload.Target).ToList();
        return new FailoverStep
        {
            Name = Name,
            Measured = staged.Count == 0 ? $"{world.Standby.Name}: nothing is staged at zero." : $"{world.Standby.Name}: {Wording.List(staged)} to start.",
            Preconditions =
            [
                .. await fence.ConfigureAwait(false),
                await TakesWritesAsync(world, timeout, cancellationToken).ConfigureAwait(false),
                .. starting.Where(one => one.Replicas is null).Select(one => new Precondition("ReplicasKnown", NotKnown(world, one.Workload))),
                new Precondition("Capacity", await CapacityAsync(world, [.. starting.Select(one => (one.Workload, one.Replicas ?? 0))], cancellationToken).ConfigureAwait(false)),
            ],
            Stages =
            [
                .. starting.Where(one => one.Replicas is not null).GroupBy(one => one.Rule)
                    .Select(rule => (IReadOnlyList<FailoverAction>)[.. rule.Select(one => standby.Start(one.Workload, one.Replicas!.Value))]),
            ],
        };
    }

    // The active's own count when it can be seen; it is then also the one remembered there when it was stopped.
    private static int? ReplicasOf(Workload standby, Workload? active)
    {
        int?[] known = [standby.Desired, standby.RememberedReplicas, active?.Desired, active?.RememberedReplicas];
        return known.FirstOrDefault(count => count > 0);
    }

    private static async Task<IReadOnlyList<Workload>> ActiveWorkloadsAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        try
        {
            return await world.Active.Cluster.ListWorkloadsAsync(world.Active.Namespace, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException)
        {
            // Counts that only the active site knows are then not known, and said to be so.
            return [];
        }
    }

    private static async Task<Precondition> TakesWritesAsync(FailoverWorld world, TimeSpan timeout, CancellationToken cancellationToken)
    {
        const string Expected = "takes writes";
        var database = new SiteDatabase(world.Standby, timeout, world.Time);
        Finding? worst = null;
        foreach (var server in world.Standby.Site.Database?.Servers ?? [])
        {
            try
            {
                var activity = await database.ReadAsync(server, cancellationToken).ConfigureAwait(false);
                if (activity is { IsInRecovery: false, IsReadOnly: false })
                {
                    return new Precondition("DatabaseTakesWrites", Finding.Pass(world.Standby.Name, server.Name, Expected, Expected));
                }
                worst ??= Finding.Fail(world.Standby.Name, server.Name, activity.IsInRecovery ? "in recovery" : "read-only", Expected, "The workloads would start against a database that refuses them.", "Promote it first.");
            }
            catch (DalpException exception)
            {
                worst ??= Finding.Unknown(world.Standby.Name, server.Name, "can't be seen", Expected, exception.Message, exception.RecommendedAction);
            }
        }
        return new Precondition("DatabaseTakesWrites", worst ?? Finding.Unknown(
            world.Standby.Name, "database", "not named", Expected, "The topology names no database server of the standby.", "Name it: sites.standby.database.servers."));
    }

    private static async Task<Finding> CapacityAsync(FailoverWorld world, IReadOnlyList<(Workload Workload, int Replicas)> starting, CancellationToken cancellationToken)
    {
        try
        {
            var cluster = world.Standby.Cluster;
            var pods = await cluster.ListPodsAsync(world.Standby.Namespace, cancellationToken).ConfigureAwait(false);
            var room = Placement.RoomOf(
                await cluster.ListNodesAsync(cancellationToken).ConfigureAwait(false), await cluster.ListPodRequestsAsync(cancellationToken).ConfigureAwait(false));
            var demands = starting.Select(one => new PodDemand(
                one.Workload.Target, one.Workload.RequestsPerReplica, Math.Max(0, one.Replicas - one.Workload.LivePods(pods).Count(pod => pod.NodeName is not null)))).ToList();
            var placement = Placement.Try(room, demands);
            var (observed, expected) = ($"needs {Wording.Amounts(placement.Needed)}", $"free {Wording.Amounts(placement.Free)}");
            return placement.Fits
                ? Finding.Pass(world.Standby.Name, "capacity", observed, expected)
                : Finding.Fail(
                    world.Standby.Name, "capacity", observed, expected, $"No room for {Wording.List(placement.Unplaced.Select(one => one.Demand.Target).ToList())}.", "Add nodes, or free some.");
        }
        catch (DalpException exception)
        {
            return Finding.Unknown(world.Standby.Name, "capacity", "can't be seen", "room for what must start", exception.Message, exception.RecommendedAction);
        }
    }

    private static Finding NotKnown(FailoverWorld world, Workload workload) => Finding.Unknown(
        world.Standby.Name,
        workload.Target,
        "replicas not known",
        "a count",
        "It is staged at zero, and neither the active site nor a note of an earlier stop tells how many there were.",
        $"Set its count: kubectl --context {world.Standby.Site.Cluster.Context} -n {world.Standby.Namespace} annotate {workload.Target.ToLowerInvariant()} dalpha.io/replicas=<count>");

    private FailoverStep Unseen(FailoverWorld world, DalpException exception) => new()
    {
        Name = Name,
        Measured = $"{world.Standby.Name} can't be seen: {exception.Message}",
        Preconditions = [new Precondition("StandbyReachable", Finding.Unknown(world.Standby.Name, "cluster", "can't be seen", "reachable", exception.Message, exception.RecommendedAction))],
    };
}
