using DalpHa.Core.Clusters;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What still runs of some rules of the topology, by what keeps it, and what ends each: not everything has a count that DalpHa could set.</summary>
internal static class Remnants
{
    /// <summary>Finds all of it.</summary>
    /// <param name="site">The site.</param>
    /// <param name="topology">The topology.</param>
    /// <param name="load">What runs there.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="remedy">What ends that which DalpHa stops and suspends.</param>
    public static IReadOnlyList<Remnant> Of(FailoverSite site, DalpTopology topology, SiteLoad load, IReadOnlyList<WorkloadRule> rules, string remedy)
    {
        var workloads = load.Workloads.Where(one => topology.RuleFor(one) is { } rule && rules.Contains(rule) && (one.Desired > 0 || one.LivePods(load.Pods).Count > 0));
        var cronJobs = load.CronJobs.Where(one => topology.RuleFor(one) is { } rule && rules.Contains(rule)).ToList();
        return
        [
            .. workloads.Select(one => new Remnant(one.Target, one switch
            {
                { Kind: WorkloadKind.DaemonSet } => $"Keep {one.Target} off the nodes by its node selector.",
                { Desired: > 0, RememberedReplicas: not null } => $"{SetBack(one.Target)} {remedy}",
                _ => remedy,
            })),
            .. cronJobs.Where(one => !one.IsSuspended).Select(one => new Remnant($"{one.Target} (not suspended)", one.IsRemembered ? $"{SetBack(one.Target)} {remedy}" : remedy)),
            .. cronJobs.SelectMany(one => one.RunningJobs(load.Pods)).Concat(rules.SelectMany(rule => rule.PodsOfNone(load.Workloads, load.Pods)).Select(KeeperOf)).Distinct(StringComparer.Ordinal)
                .Select(target => new Remnant(target, Ending(site, target))),
        ];
    }

    /// <summary>What keeps a pod of no workload running: its owner, or nothing but itself where there is none, or it is gone.</summary>
    public static string KeeperOf(Pod pod) => pod.Owner is { } owner && !Enum.GetNames<WorkloadKind>().Any(kind => owner.StartsWith(kind + "/", StringComparison.Ordinal)) ? owner : $"Pod/{pod.Name}";

    /// <summary>How somebody ends what DalpHa does not.</summary>
    /// <param name="site">Where it runs.</param>
    /// <param name="target">What keeps it running, as <c>Job/migrate</c>.</param>
    public static string Ending(FailoverSite site, string target) => target.Split('/', 2) switch
    {
        ["Job", var name] => $"Let {target} end, or end it: {Kubectl(site)} delete job {name}.",
        ["Pod", var name] => $"Delete it: {Kubectl(site)} delete pod {name}.",
        _ => $"Stop {target}, which keeps it running.",
    };

    /// <summary>Says of something that DalpHa stopped that it was started since: to stop it again would be undone again.</summary>
    public static string SetBack(string target) => $"{target} was stopped, and something or somebody (an autoscaler, GitOps) has set it back since: pause that first.";

    private static string Kubectl(FailoverSite site) => $"kubectl --context {site.Site.Cluster.Context} -n {site.Namespace}";
}

/// <summary>One thing that still runs.</summary>
/// <param name="Target">What keeps it running: <c>Deployment/dapi</c>, <c>Job/migrate</c>, <c>Pod/copy</c>.</param>
/// <param name="Remedy">What ends it.</param>
internal sealed record Remnant(string Target, string Remedy);
