using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness;

/// <summary>Which pods, rules and counterparts belong to a workload.</summary>
internal static class WorkloadPods
{
    /// <summary>The workload's pods that may still run, those on their way out included: a terminating signer signs.</summary>
    public static IReadOnlyList<Pod> LivePods(this Workload workload, IReadOnlyList<Pod> pods) => pods
        .Where(pod => pod.Phase is not ("Succeeded" or "Failed") && Owns(workload, pod))
        .ToList();

    /// <summary>The workload of the same kind and name, or null.</summary>
    public static Workload? Counterpart(this IReadOnlyList<Workload> workloads, Workload of) =>
        workloads.FirstOrDefault(workload => workload.Target == of.Target);

    /// <summary>The first rule of the topology that chooses the workload, or null.</summary>
    public static WorkloadRule? RuleFor(this DalpTopology topology, Workload workload) =>
        topology.Workloads.FirstOrDefault(rule => rule.Selector.Matches(workload.Labels));

    /// <summary>Whether two of it at the same time harm the chain or the platform's nonces.</summary>
    public static bool MustRunOnce(this WorkloadRule rule) => rule.Role is WorkloadRole.Validator or WorkloadRole.Signer;

    // Labels alone may be shared by two workloads; a pod's name begins with that of its own.
    private static bool Owns(Workload workload, Pod pod) =>
        pod.Name.StartsWith(workload.Name + "-", StringComparison.Ordinal)
        && workload.PodLabels.All(label => pod.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
}
