using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness;

/// <summary>Pods of one workload that are still to start.</summary>
/// <param name="Target">The workload, as <c>Deployment/dapp</c>.</param>
/// <param name="Template">The workload that they are made from.</param>
/// <param name="Count">How many.</param>
public sealed record PodStart(string Target, Workload Template, int Count);

/// <summary>What decides whether a site takes more pods.</summary>
/// <param name="Nodes">Its nodes.</param>
/// <param name="Requests">What all their pods request.</param>
/// <param name="Quotas">The namespace's quotas.</param>
/// <param name="LimitRanges">The namespace's limit ranges.</param>
public sealed record SiteRoom(IReadOnlyList<Node> Nodes, IReadOnlyList<PodRequests> Requests, IReadOnlyList<ResourceQuota> Quotas, IReadOnlyList<LimitRange> LimitRanges);

/// <summary>Judges whether what is to start finds room: by what it requests, on the nodes that take pods, and within the namespace's quotas and limit ranges.</summary>
public static class Capacity
{
    /// <summary>Whether any of the nodes takes pods; null when one does.</summary>
    public static Finding? NoNode(DalpSite site, SiteRoom room) => room.Nodes.Any(node => node.TakesPods) ? null : Finding.Fail(
        site.Name, "nodes", $"0 of {room.Nodes.Count} take pods", "at least 1", "No node is ready, schedulable and free of blocking taints.",
        $"See why: kubectl --context {site.Cluster.Context} describe nodes; then uncordon or repair them.");

    /// <summary>Judges it: what is in the way, or one Pass.</summary>
    public static IReadOnlyList<Finding> Judge(DalpSite site, SiteRoom room, IReadOnlyList<PodStart> starts)
    {
        if (NoNode(site, room) is { } none)
        {
            return [none];
        }
        var nodes = Placement.RoomOf(room.Nodes, room.Requests);
        var admission = new Admission(room.LimitRanges, room.Quotas);
        var demands = starts.Select(start => new PodDemand(start.Target, admission.RequestsOf(start.Template), start.Count)).ToList();
        var placement = Placement.Try(nodes, demands);
        var limits = starts.Aggregate(ResourceAmounts.Zero, (sum, start) => sum + (admission.LimitsOf(start.Template) * start.Count));
        var excess = OverQuota(site, placement, limits, room.Quotas).ToList();
        var refused = starts.SelectMany(start => Refused(site, start, admission)).ToList();
        List<Finding> findings = [.. Shortages(site, placement, nodes.Count), .. excess, .. refused];
        if (placement.Fits && excess.Count + refused.Count == 0)
        {
            var unsized = demands.Where(demand => demand.PerPod == ResourceAmounts.Zero).Select(demand => demand.Target).ToList();
            findings.Add(Finding.Pass(
                site.Name,
                "capacity",
                $"needs {Wording.Amounts(placement.Needed)}",
                $"free {Wording.Amounts(placement.Free)}",
                $"{Wording.Count(placement.NeededPods, "pod")} still to start; there is room for {placement.FreePods}."
                + (unsized.Count == 0 ? "" : $" Without stated requests, and so counted as pods only: {Wording.List(unsized)}.")));
        }
        return findings;
    }

    private static IEnumerable<Finding> Refused(DalpSite site, PodStart start, Admission admission)
    {
        var refusals = admission.RefusalsOf(start.Template).ToList();
        if (refusals.Count > 0)
        {
            yield return Finding.Fail(
                site.Name, start.Target, "its pods are refused", "admitted", $"The API server would not let its pods start. {string.Join("; ", refusals)}.",
                "State its requests and limits as the site's LimitRanges and ResourceQuotas want them, or make those the other site's.");
        }
    }

    private static IEnumerable<Finding> Shortages(DalpSite site, Placement placement, int nodes)
    {
        if (!placement.SumFits)
        {
            var pods = placement.FreePods < placement.NeededPods;
            yield return Finding.Fail(
                site.Name,
                "capacity",
                pods ? $"{placement.NeededPods} pods to start" : $"needs {Wording.Amounts(placement.Needed)}",
                pods ? $"room for {placement.FreePods}" : $"free {Wording.Amounts(placement.Free)}",
                $"The {Wording.Count(nodes, "node")} that take pods have less free than is needed: some workloads would stay Pending.",
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

    private static IEnumerable<Finding> OverQuota(DalpSite site, Placement placement, ResourceAmounts limits, IReadOnlyList<ResourceQuota> quotas)
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
                        "The API server refuses pods that go over the quota: the workloads would start only in part.", "Raise the quota to the other site's.");
                }
            }
        }
    }
}
