using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Readiness;

/// <summary>What one node still has to give.</summary>
/// <param name="Name">The node.</param>
/// <param name="Free">Allocatable less what its pods request; never negative.</param>
/// <param name="FreePods">How many more pods it takes; never negative.</param>
public sealed record NodeRoom(string Name, ResourceAmounts Free, int FreePods);

/// <summary>Pods of one workload that must find a place.</summary>
/// <param name="Target">The workload, as <c>Deployment/dapp</c>.</param>
/// <param name="PerPod">What each pod requests.</param>
/// <param name="Count">How many there are.</param>
public sealed record PodDemand(string Target, ResourceAmounts PerPod, int Count);

/// <summary>A workload whose pods do not all find a place.</summary>
/// <param name="Demand">What it asks for.</param>
/// <param name="Placed">How many of its pods found a place.</param>
/// <param name="FitsAnEmptyPlace">False when no single node has room for even one of its pods: then no other order of placing helps.</param>
public sealed record Unplaced(PodDemand Demand, int Placed, bool FitsAnEmptyPlace);

/// <summary>
/// Tries to place pods on nodes: the largest first, each on the first node that has room (first-fit decreasing). What it places fits. What it
/// does not place might still fit in another order, unless the sum is exceeded or no node has room for one such pod.
/// </summary>
public sealed class Placement
{
    private Placement(ResourceAmounts needed, ResourceAmounts free, int neededPods, int freePods, IReadOnlyList<Unplaced> unplaced)
    {
        Needed = needed;
        Free = free;
        NeededPods = neededPods;
        FreePods = freePods;
        Unplaced = unplaced;
    }

    /// <summary>The sum of what the pods request.</summary>
    public ResourceAmounts Needed { get; }

    /// <summary>The sum of what the nodes have free.</summary>
    public ResourceAmounts Free { get; }

    /// <summary>How many pods must find a place.</summary>
    public int NeededPods { get; }

    /// <summary>How many more pods the nodes take.</summary>
    public int FreePods { get; }

    /// <summary>The workloads whose pods do not all find a place; empty when everything fits.</summary>
    public IReadOnlyList<Unplaced> Unplaced { get; }

    /// <summary>Whether every pod found a place.</summary>
    public bool Fits => Unplaced.Count == 0;

    /// <summary>Whether the nodes together have enough, whatever the order of placing.</summary>
    public bool SumFits => Free.Covers(Needed) && FreePods >= NeededPods;

    /// <summary>What all pods of the cluster hold of their nodes: those of a namespace, which are read anyway, and those of all others.</summary>
    public static async Task<IReadOnlyList<PodRequests>> ListRequestsAsync(ICluster cluster, string @namespace, Task<IReadOnlyList<Pod>> pods, CancellationToken cancellationToken)
    {
        var elsewhere = cluster.ListPodRequestsElsewhereAsync(@namespace, cancellationToken);
        await Task.WhenAll(pods, elsewhere).ConfigureAwait(false);
        return [.. (await pods.ConfigureAwait(false)).Select(pod => pod.Holds).OfType<PodRequests>(), .. await elsewhere.ConfigureAwait(false)];
    }

    /// <summary>The room that is left on the nodes that take pods.</summary>
    public static IReadOnlyList<NodeRoom> RoomOf(IReadOnlyList<Node> nodes, IReadOnlyList<PodRequests> pods)
    {
        var taken = pods.ToLookup(pod => pod.NodeName, pod => pod.Requests, StringComparer.Ordinal);
        return nodes.Where(node => node.TakesPods).Select(node =>
        {
            var free = node.Allocatable - taken[node.Name].Aggregate(ResourceAmounts.Zero, (sum, pod) => sum + pod);
            return new NodeRoom(node.Name, ResourceAmounts.Max(free, ResourceAmounts.Zero), Math.Max(0, node.AllocatablePods - taken[node.Name].Count()));
        }).ToList();
    }

    /// <summary>Places the pods.</summary>
    public static Placement Try(IReadOnlyList<NodeRoom> nodes, IReadOnlyList<PodDemand> demands)
    {
        var free = nodes.Aggregate(ResourceAmounts.Zero, (sum, node) => sum + node.Free);
        var room = nodes.Select(node => (node.Free, node.FreePods)).ToArray();
        List<Unplaced> unplaced = [];
        foreach (var demand in demands.OrderByDescending(demand => Share(demand.PerPod, free)))
        {
            var placed = 0;
            for (var i = 0; i < room.Length && placed < demand.Count; i++)
            {
                for (; placed < demand.Count && room[i].FreePods > 0 && room[i].Free.Covers(demand.PerPod); placed++)
                {
                    room[i] = (room[i].Free - demand.PerPod, room[i].FreePods - 1);
                }
            }
            if (placed < demand.Count)
            {
                unplaced.Add(new Unplaced(demand, placed, nodes.Any(node => node.FreePods > 0 && node.Free.Covers(demand.PerPod))));
            }
        }
        var needed = demands.Aggregate(ResourceAmounts.Zero, (sum, demand) => sum + (demand.PerPod * demand.Count));
        return new Placement(needed, free, demands.Sum(demand => demand.Count), nodes.Sum(node => node.FreePods), unplaced);
    }

    // A pod's size is that of its scarcer resource, as a share of all that is free.
    private static decimal Share(ResourceAmounts pod, ResourceAmounts free) => Math.Max(
        free.Cpu > 0 ? pod.Cpu / free.Cpu : pod.Cpu,
        free.MemoryBytes > 0 ? pod.MemoryBytes / free.MemoryBytes : pod.MemoryBytes);
}
