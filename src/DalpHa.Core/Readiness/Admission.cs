using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness;

/// <summary>
/// What a namespace's LimitRanges and ResourceQuotas make of a workload's pods: the requests and limits that will count, and why a pod would be refused
/// (kubernetes.io/docs/concepts/policy: limit-range, resource-quotas). Of several defaults Kubernetes takes one at random; here the largest counts.
/// Whether a quota is large enough is a question of all pods together, and not asked here.
/// </summary>
internal sealed class Admission(IReadOnlyList<LimitRange> ranges, IReadOnlyList<ResourceQuota> quotas)
{
    private readonly List<LimitRange> forContainers = ranges.Where(range => !range.IsForPods).ToList();
    private readonly List<LimitRange> forPods = ranges.Where(range => range.IsForPods).ToList();

    /// <summary>What one pod of the workload asks of a node, defaults included.</summary>
    public ResourceAmounts RequestsOf(Workload workload) => ContainerTemplate.RequestsOfPod(Admitted(workload), workload.PodOverhead);

    /// <summary>What one pod of the workload may take at most, as a quota counts it, defaults included.</summary>
    public ResourceAmounts LimitsOf(Workload workload) => LimitsOf(Admitted(workload), workload.PodOverhead);

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
        var limits = LimitsOf(containers, ResourceAmounts.Zero);
        foreach (var refusal in forPods.SelectMany(range => Refusals(range, "the pod", requests, limits)))
        {
            yield return refusal;
        }
        foreach (var (quota, resource) in quotas.SelectMany(quota => quota.Hard.Keys.Select(resource => (quota, resource))))
        {
            foreach (var container in containers.Where(container => Stated(container, resource) == 0))
            {
                yield return $"ResourceQuota/{quota.Name}: {container.Name} states no {resource}";
            }
        }
    }

    // A quota on an amount refuses every pod with a container that does not state it; on anything else it only counts.
    private static decimal? Stated(ContainerTemplate container, string resource) => resource switch
    {
        "requests.cpu" => container.Requests.Cpu,
        "requests.memory" => container.Requests.MemoryBytes,
        "limits.cpu" => container.Limits.Cpu,
        "limits.memory" => container.Limits.MemoryBytes,
        _ => null,
    };

    private static ResourceAmounts LimitsOf(List<ContainerTemplate> containers, ResourceAmounts overhead) =>
        ContainerTemplate.RequestsOfPod(containers.Select(container => container with { Requests = container.Limits }), overhead);

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
