using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness;

/// <summary>Which pods, rules and counterparts belong to a workload.</summary>
internal static class WorkloadPods
{
    /// <summary>
    /// The workload's pods that may still run, those on their way out included: a terminating signer signs. A pod that no known workload owns and that has
    /// the labels of this one's counts too: an orphan, or a copy that somebody made, runs the same as those that are owned.
    /// </summary>
    public static IReadOnlyList<Pod> LivePods(this Workload workload, IReadOnlyList<Pod> pods) => pods
        .Where(pod => pod.MayRun() && (pod.Owner == workload.Target || (pod.IsStray() && HasLabelsOf(workload, pod))))
        .ToList();

    /// <summary>The pods that the workload itself keeps and that may still run: those that a scheduler counts against its replicas.</summary>
    public static IReadOnlyList<Pod> OwnPods(this Workload workload, IReadOnlyList<Pod> pods) => pods.Where(pod => pod.MayRun() && pod.Owner == workload.Target).ToList();

    /// <summary>The workload of the same kind and name, or null.</summary>
    public static Workload? Counterpart(this IReadOnlyList<Workload> workloads, Workload of) =>
        workloads.FirstOrDefault(workload => workload.Target == of.Target);

    /// <summary>The first rule of the topology that chooses the workload, or null. Of several, one for what may run only once goes first: it is the stricter.</summary>
    public static WorkloadRule? RuleFor(this DalpTopology topology, Workload workload) => topology.Workloads
        .Where(rule => rule.Selector.Matches(workload.Labels))
        .OrderByDescending(rule => rule.MustRunOnce())
        .FirstOrDefault();

    /// <summary>Pods that a rule chooses by their own labels, that may run, and that belong to none of the workloads: what a deleted workload left, or a copy.</summary>
    public static IReadOnlyList<Pod> PodsOfNone(this WorkloadRule rule, IReadOnlyList<Workload> workloads, IReadOnlyList<Pod> pods) =>
        pods.Where(pod => pod.MayRun() && rule.Selector.Matches(pod.Labels)).Except(workloads.SelectMany(workload => workload.LivePods(pods))).ToList();

    /// <summary>Whether two of it at the same time harm the chain or the platform's nonces.</summary>
    public static bool MustRunOnce(this WorkloadRule rule) => rule.Role is WorkloadRole.Validator or WorkloadRole.Signer;

    /// <summary>Whether it has not ended.</summary>
    public static bool MayRun(this Pod pod) => pod.Phase is not ("Succeeded" or "Failed");

    // Owned by nothing, or by a ReplicaSet that does not tell its Deployment, as one that a Deployment adopted.
    private static bool IsStray(this Pod pod) => pod.Owner is null || pod.Owner.StartsWith("ReplicaSet/", StringComparison.Ordinal);

    private static bool HasLabelsOf(Workload workload, Pod pod) =>
        workload.PodLabels.Count > 0 && workload.PodLabels.All(label => pod.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
}
