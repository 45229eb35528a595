using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// The part of <see cref="StandbyWorkloadsCheck"/> that is about CronJobs. One that the standby stages is suspended there: between two of its Jobs nothing of it runs, and a
/// minute later it writes or signs.
/// </summary>
internal static class StandbyCronJobs
{
    /// <summary>What on the standby is not as the topology says.</summary>
    /// <param name="context">The sites.</param>
    /// <param name="standby">The standby's CronJobs.</param>
    /// <param name="pods">The standby's pods.</param>
    public static IEnumerable<Finding> Judge(ReadinessContext context, IReadOnlyList<CronJob> standby, IReadOnlyList<Pod> pods) =>
        standby.Select(cronJob => Judge(context, cronJob, cronJob.RunningJobs(pods))).OfType<Finding>();

    /// <summary>What is another way than on the active site.</summary>
    /// <param name="context">The sites.</param>
    /// <param name="active">The active site's CronJobs.</param>
    /// <param name="standby">The standby's.</param>
    /// <param name="told">What was found before: a rule that chooses nothing there is told once.</param>
    public static IEnumerable<Finding> Compare(ReadinessContext context, IReadOnlyList<CronJob> active, IReadOnlyList<CronJob> standby, IReadOnlyList<Finding> told) => active
        .Select(cronJob => (CronJob: cronJob, Rule: context.Topology.RuleFor(cronJob)))
        .Where(one => one.Rule?.Standby != StandbyMode.Absent)
        .SelectMany(one => standby.Counterpart(one.CronJob) is { } counterpart
            ? new[] { Schedules(context.Standby, one.CronJob, counterpart), Suspension(context, one.CronJob, one.Rule, counterpart) }
            : [told.Any(finding => finding.Target == one.Rule?.Name) ? null : Missing(context, one.CronJob, one.Rule)])
        .OfType<Finding>();

    private static Finding? Judge(ReadinessContext context, CronJob cronJob, IReadOnlyList<string> jobs)
    {
        var site = context.Standby;
        var rule = context.Topology.RuleFor(cronJob);
        var state = (cronJob.IsSuspended ? "suspended" : "starts Jobs") + (jobs.Count > 0 ? $", {Wording.List(jobs)} {(jobs.Count == 1 ? "runs" : "run")}" : "");
        var runs = !cronJob.IsSuspended || jobs.Count > 0;
        if (rule is null)
        {
            return context.Topology.Workloads.Count == 0 ? null : Finding.Warn(
                site.Name, cronJob.Target, state, "a rule for it",
                "It is on the standby, and no rule of the topology says how the standby should hold it: no failover suspends or resumes it.",
                "Add a rule for it to the topology (workloads).");
        }
        if (rule.MustRunOnce() && runs)
        {
            return Finding.Fail(
                site.Name, cronJob.Target, state, "suspended, no Job",
                $"'{rule.Name}' signs, and what signs may run on one site only: the Jobs of both sites sign with the same keys.",
                $"Suspend it now: {Patch(site, cronJob, true)}. See its Jobs end, and find out who let it run and since when it may have signed.");
        }
        if (rule.Standby == StandbyMode.Running || (!runs && rule.Standby == StandbyMode.Zero))
        {
            return null;
        }
        if (runs && rule.Role == WorkloadRole.Writer)
        {
            return Finding.Fail(
                site.Name, cronJob.Target, state, "suspended, no Job", "It writes to the database, and must not run before the standby's database is promoted.",
                $"Suspend it: {Patch(site, cronJob, true)}");
        }
        return Finding.Warn(
            site.Name, cronJob.Target, state, rule.Standby == StandbyMode.Zero ? "suspended, no Job" : "absent",
            $"The topology says that the standby holds '{rule.Name}' {(rule.Standby == StandbyMode.Zero ? "at zero" : "not at all")}.",
            $"Correct the rule in the topology (workloads: standby), or {(rule.Standby == StandbyMode.Zero ? $"suspend it: {Patch(site, cronJob, true)}" : "remove it.")}");
    }

    private static Finding Missing(ReadinessContext context, CronJob active, WorkloadRule? rule) => rule is null && context.Topology.Workloads.Count > 0
        ? Finding.Warn(
            context.Standby.Name, active.Target, "missing", "a rule for it",
            "It is on the active and not on the standby, and no rule of the topology says how the standby should hold it.",
            "Add a rule for it to the topology (workloads), with standby: absent when it has no place there.")
        : Finding.Fail(
            context.Standby.Name, active.Target, "missing", "deployed", "It is on the active and not on the standby: after a failover nothing starts its Jobs.",
            "Deploy it on the standby with the same chart and values as on the active, or correct the topology (workloads).");

    private static Finding? Schedules(SiteView site, CronJob active, CronJob standby) => standby.Schedule == active.Schedule ? null : Finding.Warn(
        site.Name, active.Target, standby.Schedule, active.Schedule, "After a failover its Jobs start at other times than now.",
        "Deploy it on the standby with the schedule and time zone of the active.");

    // One that is staged is suspended; only where it is to run now that is wrong, and without rules nobody can tell.
    private static Finding? Suspension(ReadinessContext context, CronJob active, WorkloadRule? rule, CronJob standby)
    {
        var site = context.Standby;
        if (!standby.IsSuspended || !active.IsWanted() || (rule is null ? context.Topology.Workloads.Count > 0 : rule.Standby != StandbyMode.Running || rule.MustRunOnce()))
        {
            return null;
        }
        return Finding.Warn(
            site.Name, standby.Target, "suspended", "starts Jobs, as on the active",
            rule is null ? "It may be staged so on purpose: without a topology nobody can tell." : $"The topology says that '{rule.Name}' runs on the standby.",
            rule is null ? "Write a topology with a rule for it (New-DalpTopology; workloads: standby: zero)." : $"Set the rule's standby to zero in the topology, or resume it: {Patch(site, standby, false)}");
    }

    private static string Patch(SiteView site, CronJob cronJob, bool suspend) =>
        $"kubectl --context {site.Site.Cluster.Context} -n {site.Site.Namespace} patch cronjob {cronJob.Name} -p '{{\"spec\":{{\"suspend\":{(suspend ? "true" : "false")}}}}}'";
}
