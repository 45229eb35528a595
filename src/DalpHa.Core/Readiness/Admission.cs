using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness;

/// <summary>
/// What a namespace's LimitRanges make of a workload's pods: the requests that a scheduler will count, and why a pod would be refused
/// (kubernetes.io/docs/concepts/policy/limit-range). Of several defaults Kubernetes takes one at random; here the largest counts.
/// </summary>
internal sealed class Admission(IReadOnlyList<LimitRange> ranges)
{
    private readonly List<LimitRange> forContainers = ranges.Where(range => !range.IsForPods).ToList();
    private readonly List<LimitRange> forPods = ranges.Where(range => range.IsForPods).ToList();

    /// <summary>What one pod of the workload asks of a node, defaults included.</summary>
    public ResourceAmounts RequestsOf(Workload workload) => ContainerTemplate.RequestsOfPod(Admitted(workload), workload.PodOverhead);

    /// <summary>Why the API server would refuse the workload's pods, as <c>LimitRange/small: dapp requests 0.1 CPU, at least 0.25 CPU</c>; empty when it would not.</summary>
    public IEnumerable<string> RefusalsOf(Workload workload)
    {
        var containers = Admitted(workload);
        foreach (var range in forContainers)
        {
            foreach (var refusal in containers.SelectMany(container => Refusals(range, container.Name, container.Requests, container.Limits)))
            {
                yield return refusal;
            }
        }
        var requests = ContainerTemplate.RequestsOfPod(containers, ResourceAmounts.Zero);
        var limits = ContainerTemplate.RequestsOfPod(containers.Select(container => container with { Requests = container.Limits }), ResourceAmounts.Zero);
        foreach (var refusal in forPods.SelectMany(range => Refusals(range, "the pod", requests, limits)))
        {
            yield return refusal;
        }
    }

    private List<ContainerTemplate> Admitted(Workload workload) => workload.Containers.Select(container => container with
    {
        Requests = Filled(container.Requests, range => range.DefaultRequest),
        Limits = Filled(container.Limits, range => range.DefaultLimit),
    }).ToList();

    private ResourceAmounts Filled(ResourceAmounts stated, Func<LimitRange, ResourceAmounts> defaultOf)
    {
        var largest = forContainers.Aggregate(ResourceAmounts.Zero, (largest, range) => ResourceAmounts.Max(largest, defaultOf(range)));
        return new ResourceAmounts(stated.Cpu > 0 ? stated.Cpu : largest.Cpu, stated.MemoryBytes > 0 ? stated.MemoryBytes : largest.MemoryBytes);
    }

    private static IEnumerable<string> Refusals(LimitRange range, string who, ResourceAmounts requests, ResourceAmounts limits)
    {
        foreach (var (request, limit, min, max, amount) in new[]
        {
            (requests.Cpu, limits.Cpu, range.Min.Cpu, range.Max.Cpu, (Func<decimal, string>)Wording.Cpu),
            (requests.MemoryBytes, limits.MemoryBytes, range.Min.MemoryBytes, range.Max.MemoryBytes, Wording.Bytes),
        })
        {
            if (request < min)
            {
                yield return $"LimitRange/{range.Name}: {who} requests {amount(request)}, at least {amount(min)}";
            }
            if (max > 0 && (limit == 0 || limit > max || request > max))
            {
                yield return $"LimitRange/{range.Name}: {who} has {(limit == 0 ? "no limit" : $"the limit {amount(Math.Max(limit, request))}")}, at most {amount(max)}";
            }
        }
    }
}
