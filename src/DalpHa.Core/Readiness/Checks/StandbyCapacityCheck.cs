using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// What a failover must still start on the standby has room there: the active's replicas less the pods that already hold a place, by what
/// they request, on the nodes that take pods, and within the namespace's quotas and limit ranges. DaemonSets are left out: they follow the nodes.
/// </summary>
public sealed class StandbyCapacityCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "StandbyCapacity";

    /// <inheritdoc/>
    public string Description => "The standby's nodes, quotas and limit ranges have room for what a failover must start.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var site = context.Standby;
        var (activeRead, workloadsRead, podsRead) = (context.Active.Workloads, site.Workloads, site.Pods);
        var (nodesRead, requestsRead, quotasRead, rangesRead) = (site.Nodes, site.PodRequests, site.Quotas, site.LimitRanges);
        var nodes = await nodesRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var requests = await requestsRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var room = Placement.RoomOf(nodes, requests);
        if (room.Count == 0)
        {
            yield return Finding.Fail(
                site.Name, "nodes", $"0 of {nodes.Count} take pods", "at least 1", "No node is ready, schedulable and free of blocking taints.",
                $"See why: kubectl --context {site.Site.Cluster.Context} describe nodes; then uncordon or repair them.");
            yield break;
        }
        var standby = await workloadsRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var pods = await podsRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var active = await activeRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (active.Count == 0)
        {
            yield return Finding.Unknown(
                context.Active.Name, "capacity", "no workload", "what must be started", "The active has no workload in the namespace, so nobody can say what a failover must start.",
                "See what ActiveServing says.");
            yield break;
        }
        var quotas = await quotasRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var admission = new Admission(await rangesRead.WaitAsync(cancellationToken).ConfigureAwait(false), quotas);
        var starts = active.Select(workload => StillToStart(context.Topology, workload, standby, pods)).OfType<Start>().ToList();
        var demands = starts.Select(start => new PodDemand(start.Target, admission.RequestsOf(start.Template), start.Count)).ToList();
        var placement = Placement.Try(room, demands);
        var refused = starts.SelectMany(start => Refused(site, start, admission)).ToList();
        var limits = starts.Aggregate(ResourceAmounts.Zero, (sum, start) => sum + (admission.LimitsOf(start.Template) * start.Count));
        var excess = OverQuota(site, placement, limits, quotas).ToList();
        foreach (var finding in Shortages(site, placement, room.Count).Concat(excess).Concat(refused))
        {
            yield return finding;
        }
        if (placement.Fits && excess.Count + refused.Count == 0)
        {
            var unsized = demands.Where(demand => demand.PerPod == ResourceAmounts.Zero).Select(demand => demand.Target).ToList();
            yield return Finding.Pass(
                site.Name,
                "capacity",
                $"needs {Wording.Amounts(placement.Needed)}",
                $"free {Wording.Amounts(placement.Free)}",
                $"A failover still has to start {Wording.Count(placement.NeededPods, "pod")}; there is room for {placement.FreePods}."
                + (unsized.Count == 0 ? "" : $" Without stated requests, and so counted as pods only: {Wording.List(unsized)}."));
        }
    }

    private static Start? StillToStart(DalpTopology topology, Workload active, IReadOnlyList<Workload> standby, IReadOnlyList<Pod> standbyPods)
    {
        if (active.Kind == WorkloadKind.DaemonSet || topology.RuleFor(active)?.Standby == StandbyMode.Absent)
        {
            return null;
        }
        var template = standby.Counterpart(active) ?? active;
        var holding = template.OwnPods(standbyPods).Count(pod => pod.NodeName is not null && !pod.IsDeleting);
        // An active that is scaled down in an incident must not make the standby look large enough.
        var missing = Math.Max(active.Desired, template.Desired) - holding;
        return missing > 0 ? new Start(active.Target, template, missing) : null;
    }

    private static IEnumerable<Finding> Refused(SiteView site, Start start, Admission admission)
    {
        var refusals = admission.RefusalsOf(start.Template).ToList();
        if (refusals.Count > 0)
        {
            yield return Finding.Fail(
                site.Name, start.Target, "its pods are refused", "admitted", $"The API server would not let its pods start. {string.Join("; ", refusals)}.",
                "State its requests and limits as the standby's LimitRanges and ResourceQuotas want them, or make those the active's.");
        }
    }

    private static IEnumerable<Finding> Shortages(SiteView site, Placement placement, int nodes)
    {
        if (!placement.SumFits)
        {
            var pods = placement.FreePods < placement.NeededPods;
            yield return Finding.Fail(
                site.Name,
                "capacity",
                pods ? $"{placement.NeededPods} pods to start" : $"needs {Wording.Amounts(placement.Needed)}",
                pods ? $"room for {placement.FreePods}" : $"free {Wording.Amounts(placement.Free)}",
                $"The {Wording.Count(nodes, "node")} that take pods have less free than a failover needs: some workloads would stay Pending.",
                "Add nodes, or free some: other namespaces' pods count too.");
        }
        foreach (var unplaced in placement.Unplaced)
        {
            var demand = unplaced.Demand;
            var observed = $"{unplaced.Placed} of {demand.Count} placed";
            var size = $"each {Wording.Amounts(demand.PerPod)}";
            if (!unplaced.FitsAnEmptyPlace)
            {
                yield return Finding.Fail(
                    site.Name, demand.Target, observed, size, "No single node has room for one of its pods, whatever the sum over all nodes is.",
                    "Add a node that is large enough, or lower its requests.");
            }
            else if (placement.SumFits)
            {
                yield return Finding.Warn(
                    site.Name, demand.Target, observed, size,
                    "The sum over all nodes is enough, and the free room is in pieces that are too small: it fits at best in a lucky order of starting.",
                    "Add a node, or move other pods together.");
            }
        }
    }

    private static IEnumerable<Finding> OverQuota(SiteView site, Placement placement, ResourceAmounts limits, IReadOnlyList<ResourceQuota> quotas)
    {
        foreach (var quota in quotas)
        {
            foreach (var (resource, hard) in quota.Hard)
            {
                decimal? needed = resource switch
                {
                    "pods" => placement.NeededPods,
                    "requests.cpu" => placement.Needed.Cpu,
                    "requests.memory" => placement.Needed.MemoryBytes,
                    "limits.cpu" => limits.Cpu,
                    "limits.memory" => limits.MemoryBytes,
                    _ => null,
                };
                var left = hard - quota.Used.GetValueOrDefault(resource);
                if (needed > left && needed > 0)
                {
                    var amount = resource.EndsWith("memory", StringComparison.Ordinal) ? Wording.Bytes : (Func<decimal, string>)(value => value.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture));
                    yield return Finding.Fail(
                        site.Name, $"ResourceQuota/{quota.Name}", $"{resource}: needs {amount(needed.Value)}", $"{amount(Math.Max(0, left))} left",
                        "The API server refuses pods that go over the quota: the workloads would start only in part.", "Raise the quota on the standby to the active's.");
                }
            }
        }
    }

    private sealed record Start(string Target, Workload Template, int Count);
}
