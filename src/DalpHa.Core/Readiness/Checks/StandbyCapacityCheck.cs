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
        if (Capacity.NoNode(site.Site, new SiteRoom(nodes, requests, [], [])) is { } none)
        {
            yield return none;
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
        var ranges = await rangesRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var starts = active.Select(workload => StillToStart(context.Topology, workload, standby, pods)).OfType<PodStart>().ToList();
        foreach (var finding in Capacity.Judge(site.Site, new SiteRoom(nodes, requests, quotas, ranges), starts))
        {
            yield return finding;
        }
    }

    private static PodStart? StillToStart(DalpTopology topology, Workload active, IReadOnlyList<Workload> standby, IReadOnlyList<Pod> standbyPods)
    {
        if (active.Kind == WorkloadKind.DaemonSet || topology.RuleFor(active)?.Standby == StandbyMode.Absent)
        {
            return null;
        }
        var template = standby.Counterpart(active) ?? active;
        var holding = template.OwnPods(standbyPods).Count(pod => pod.NodeName is not null && !pod.IsDeleting);
        // An active that is scaled down in an incident must not make the standby look large enough.
        var missing = Math.Max(active.Desired, template.Desired) - holding;
        return missing > 0 ? new PodStart(active.Target, template, missing) : null;
    }
}
