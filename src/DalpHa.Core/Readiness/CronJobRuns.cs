using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness;

/// <summary>Which rules, Jobs and counterparts belong to a CronJob.</summary>
internal static class CronJobRuns
{
    /// <summary>
    /// The Jobs of it that may still run, as <c>Job/sweep-29312345</c>: those that its controller counts, and those whose pods are there before it does. It names a Job
    /// after the CronJob and the scheduled time (kubernetes.io/docs/concepts/workloads/controllers/cron-jobs).
    /// </summary>
    public static IReadOnlyList<string> RunningJobs(this CronJob cronJob, IReadOnlyList<Pod> pods) =>
        [.. cronJob.ActiveJobs.Select(job => $"Job/{job}").Union(pods.Where(pod => pod.MayRun() && IsScheduledBy(cronJob, pod.Owner)).Select(pod => pod.Owner!), StringComparer.Ordinal)];

    /// <summary>The one of the same name, or null.</summary>
    public static CronJob? Counterpart(this IReadOnlyList<CronJob> cronJobs, CronJob of) => cronJobs.FirstOrDefault(one => one.Name == of.Name);

    /// <summary>Whether it starts Jobs, or did until DalpHa suspended it.</summary>
    public static bool IsWanted(this CronJob cronJob) => !cronJob.IsSuspended || cronJob.IsRemembered;

    /// <summary>The rule that chooses it, by its own labels or by those of its pods, or null. Of several, the stricter one, as for a workload.</summary>
    public static WorkloadRule? RuleFor(this DalpTopology topology, CronJob cronJob) => topology.Workloads
        .Where(rule => rule.Selector.Matches(cronJob.Labels) || rule.Selector.Matches(cronJob.PodLabels))
        .OrderByDescending(rule => rule.MustRunOnce())
        .FirstOrDefault();

    private static bool IsScheduledBy(CronJob cronJob, string? owner)
    {
        var prefix = $"Job/{cronJob.Name}-";
        return owner is not null && owner.Length > prefix.Length && owner.StartsWith(prefix, StringComparison.Ordinal) && owner.AsSpan(prefix.Length).IndexOfAnyExceptInRange('0', '9') < 0;
    }
}
