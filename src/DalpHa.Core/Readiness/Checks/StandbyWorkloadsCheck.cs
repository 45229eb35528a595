using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// The standby holds each workload as the topology says: ready, staged at zero, or not at all. Without rules workloads are compared by name, and
/// one that runs on the active and has no replicas on the standby warns: it may be staged on purpose, and only a rule can say so. For CronJobs see
/// <see cref="StandbyCronJobs"/>.
/// </summary>
public sealed class StandbyWorkloadsCheck : IReadinessCheck
{
    private const string Fence =
        "Fence it now: scale it to zero on the standby, see its pods gone, and find out who started it and since when it may have signed.";

    /// <inheritdoc/>
    public string Name => "StandbyWorkloads";

    /// <inheritdoc/>
    public string Description =>
        "The standby's workloads are ready, or staged at zero, or absent, as the topology says, and its CronJobs likewise; none that may run only once runs there.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (activeCronJobs, standbyCronJobs) = (context.Active.CronJobs, context.Standby.CronJobs);
        var workloads = await context.Standby.Workloads.WaitAsync(cancellationToken).ConfigureAwait(false);
        var pods = await context.Standby.Pods.WaitAsync(cancellationToken).ConfigureAwait(false);
        var findings = new List<Finding>();
        foreach (var rule in context.Topology.Workloads)
        {
            var matched = workloads.Where(workload => context.Topology.RuleFor(workload) == rule).ToList();
            findings.AddRange(matched.Select(workload => Judge(context.Standby, rule, workload, workload.LivePods(pods))).OfType<Finding>());
            if (rule.MustRunOnce() && rule.PodsOfNone(workloads, pods) is { Count: > 0 } strays)
            {
                findings.Add(Finding.Fail(
                    context.Standby.Name, rule.Name, $"{Wording.Count(strays.Count, "pod")} of no workload", "no pod",
                    $"Pods with the labels {rule.Selector} run on the standby, and no workload there owns them: {Wording.List(strays.Select(pod => pod.Name))}. What they sign, the active may sign too.",
                    "Fence them now: delete the pods, and find out who made them and since when they may have signed."));
            }
        }
        foreach (var finding in findings)
        {
            yield return finding;
        }
        // Before the active site is waited for: what signs on the standby is told also when the other one is dead.
        var cronJobs = await standbyCronJobs.WaitAsync(cancellationToken).ConfigureAwait(false);
        var scheduled = Unmatched(context, workloads, cronJobs).Concat(StandbyCronJobs.Judge(context, cronJobs, pods)).ToList();
        foreach (var finding in scheduled)
        {
            yield return finding;
        }
        findings.AddRange(scheduled);
        var active = await context.Active.Workloads.WaitAsync(cancellationToken).ConfigureAwait(false);
        var compared = active.Select(workload => Compare(context, workload, workloads, findings)).OfType<Finding>().Concat(Undeclared(context, workloads)).ToList();
        foreach (var finding in compared)
        {
            yield return finding;
        }
        var differing = StandbyCronJobs.Compare(context, await activeCronJobs.WaitAsync(cancellationToken).ConfigureAwait(false), cronJobs, findings).ToList();
        foreach (var finding in differing)
        {
            yield return finding;
        }
        if (workloads.Count == 0 && active.Count == 0)
        {
            yield return Finding.Fail(
                context.Standby.Name, $"Namespace/{context.Standby.Site.Namespace}", "no workload", "the platform's workloads",
                "Neither site has a workload in the namespace.", "Give the namespace that the platform runs in.");
        }
        else if (findings.Count == 0 && compared.Count == 0 && differing.Count == 0)
        {
            var staged = workloads.Count(workload => workload.Desired == 0);
            yield return Finding.Pass(
                context.Standby.Name, "workloads", $"{workloads.Count - staged} ready, {staged} staged at zero", "as the topology says",
                cronJobs.Count > 0 ? $"So {(cronJobs.Count == 1 ? "is" : "are")} {Wording.Count(cronJobs.Count, "CronJob")}." : "");
        }
    }

    // A rule may be there for CronJobs alone.
    private static IEnumerable<Finding> Unmatched(ReadinessContext context, IReadOnlyList<Workload> workloads, IReadOnlyList<CronJob> cronJobs) => context.Topology.Workloads
        .Where(rule => rule.Standby != StandbyMode.Absent && !workloads.Any(workload => context.Topology.RuleFor(workload) == rule) && !cronJobs.Any(cronJob => context.Topology.RuleFor(cronJob) == rule))
        .Select(rule => Missing(context.Standby, rule.Name, $"No workload on the standby has the labels {rule.Selector}, and no CronJob."));

    private static Finding? Judge(SiteView site, WorkloadRule rule, Workload workload, IReadOnlyList<Pod> pods)
    {
        var runs = workload.Desired > 0 || workload.Ready > 0 || pods.Count > 0;
        var replicas = pods.Count > 0 && workload.Desired == 0
            ? Wording.Count(pods.Count, "pod") + (pods.All(pod => pod.IsDeleting) ? " terminating" : " left")
            : $"{workload.Ready} of {workload.Desired} ready";
        if (rule.MustRunOnce() && runs)
        {
            return Finding.Fail(
                site.Name, workload.Target, replicas, "0 replicas, no pod",
                rule.Role == WorkloadRole.Validator
                    ? "A validator may run on the standby only when the active's is fenced: two with one key sign conflicting blocks."
                    : "The transaction signer may run on one site only: two use the same nonces.",
                Fence);
        }
        if (rule.Standby == StandbyMode.Running)
        {
            return JudgeRunning(site, workload, replicas);
        }
        if (runs && rule.Role == WorkloadRole.Writer)
        {
            return Finding.Fail(
                site.Name, workload.Target, replicas, "0 replicas", "It writes to the database, and must not run before the standby's database is promoted.",
                "Scale it to zero on the standby.");
        }
        if (runs)
        {
            return Finding.Warn(
                site.Name, workload.Target, replicas, rule.Standby == StandbyMode.Zero ? "0 replicas" : "absent",
                $"The topology says that the standby holds '{rule.Name}' {(rule.Standby == StandbyMode.Zero ? "at zero" : "not at all")}.",
                "Scale it to zero, or correct the rule in the topology (workloads: standby).");
        }
        return rule.Standby == StandbyMode.Absent
            ? Finding.Warn(
                site.Name, workload.Target, "present, 0 replicas", "absent", $"The topology says that '{rule.Name}' has no place on the standby.",
                "Remove it, or correct the rule in the topology (workloads: standby).")
            : workload is { Kind: not WorkloadKind.DaemonSet, RememberedReplicas: null } && rule.Replicas is null
                ? Finding.Warn(
                    site.Name, workload.Target, "0 replicas, count unknown", "a count to start with",
                    "Only the active site knows how many there are, and a region that is lost takes that knowledge with it.",
                    "Give the count in the topology (workloads: replicas), or note it on the workload: annotation dalpha.io/replicas.")
                : null;
    }

    private static Finding? JudgeRunning(SiteView site, Workload workload, string replicas)
    {
        var look = $"Look at it: kubectl --context {site.Site.Cluster.Context} -n {site.Site.Namespace} describe {workload.Target.ToLowerInvariant()}";
        if (!workload.IsObserved)
        {
            return Finding.Unknown(
                site.Name, workload.Target, "not yet observed", "all ready",
                "Its controller has not acted on the latest specification: the counts are of an older one.", look);
        }
        if (workload.Desired == 0)
        {
            return workload.Kind == WorkloadKind.DaemonSet
                ? Finding.Fail(
                    site.Name, workload.Target, "on no node", "running",
                    "The topology says that it runs on the standby, and no node there is one that it may run on.",
                    "Compare its node selector and tolerations with the labels and taints of the standby's nodes, or correct the rule in the topology (workloads: standby).")
                : Finding.Fail(
                    site.Name, workload.Target, "0 replicas", "running",
                    "The topology says that it runs on the standby: a failover does not start it.", "Scale it up, or set the rule's standby to zero in the topology.");
        }
        if (workload.Ready < workload.Desired)
        {
            return Finding.Fail(site.Name, workload.Target, replicas, "all ready", "It is not ready to take over.", look);
        }
        return workload.Updated < workload.Desired
            ? Finding.Warn(
                site.Name, workload.Target, $"{workload.Updated} of {workload.Desired} updated", "all updated",
                "A rollout is under way, or has got stuck: two versions run at once.", "Wait for it to end. " + look)
            : null;
    }

    // With rules, a workload that none of them chooses is looked at by nobody.
    private static IEnumerable<Finding> Undeclared(ReadinessContext context, IReadOnlyList<Workload> standby) => context.Topology.Workloads.Count == 0
        ? []
        : standby.Where(workload => context.Topology.RuleFor(workload) is null).Select(workload => Finding.Warn(
            context.Standby.Name, workload.Target, $"{workload.Ready} of {workload.Desired} ready", "a rule for it",
            "It is on the standby, and no rule of the topology says how the standby should hold it, so whether that is right is not known.",
            "Add a rule for it to the topology (workloads)."));

    private static Finding? Compare(ReadinessContext context, Workload active, IReadOnlyList<Workload> standby, IReadOnlyList<Finding> told)
    {
        var rule = context.Topology.RuleFor(active);
        var counterpart = standby.Counterpart(active);
        if (counterpart is null)
        {
            if (rule is null && context.Topology.Workloads.Count > 0)
            {
                return Finding.Warn(
                    context.Standby.Name, active.Target, "missing", "a rule for it",
                    "It runs on the active, is not on the standby, and no rule of the topology says how the standby should hold it.",
                    "Add a rule for it to the topology (workloads), with standby: absent when it has no place there.");
            }
            return rule?.Standby == StandbyMode.Absent || told.Any(finding => finding.Target == rule?.Name)
                ? null
                : Missing(context.Standby, active.Target, "It runs on the active and is not deployed on the standby: a failover has nothing to start.");
        }
        if (context.Topology.Workloads.Count > 0 || active.Desired == 0)
        {
            return null;
        }
        return counterpart.Desired == 0
            ? Finding.Warn(
                context.Standby.Name, active.Target, "0 replicas", $"{active.Desired} as on the active",
                "It may be staged at zero on purpose: without a topology nobody can tell.",
                "Write a topology with a rule for it (New-DalpTopology; workloads: standby: zero).")
            : JudgeRunning(context.Standby, counterpart, $"{counterpart.Ready} of {counterpart.Desired} ready");
    }

    private static Finding Missing(SiteView site, string target, string why) => Finding.Fail(
        site.Name, target, "missing", "deployed", why, "Deploy it on the standby with the same chart and values as on the active, or correct the topology (workloads).");
}
