using System.IO.Enumeration;
using DalpHa.Core.Clusters;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The workloads that an operator names, by the topology's rule or by their own name, with <c>*</c> and <c>?</c>.</summary>
/// <param name="names">The names.</param>
public sealed class WorkloadChoice(IReadOnlyList<string> names)
{
    /// <summary>Whether a workload is meant.</summary>
    internal bool Covers(WorkloadRule rule, Workload workload) => names.Any(name => Matches(name, rule, workload.Name, workload.Target));

    /// <summary>Whether a CronJob is meant.</summary>
    internal bool Covers(WorkloadRule rule, CronJob cronJob) => names.Any(name => Matches(name, rule, cronJob.Name, cronJob.Target));

    /// <summary>That each name finds one. What no rule chooses is not found: nobody says whether it may run twice.</summary>
    internal IEnumerable<Precondition> Missing(FailoverSite site, SiteWorkloads workloads)
    {
        IReadOnlyList<(WorkloadRule Rule, string Name, string Target)> all =
        [
            .. workloads.All.Select(one => (one.Rule, one.Workload.Name, one.Workload.Target)),
            .. workloads.CronJobs.Select(one => (one.Rule, one.CronJob.Name, one.CronJob.Target)),
        ];
        return names.Where(name => !all.Any(one => Matches(name, one.Rule, one.Name, one.Target)))
            .Select(name => new Precondition("WorkloadNamed", Finding.Fail(
                site.Name, name, "not found", "a workload, or a rule of the topology", "No workload that a rule of the topology chooses has this name.",
                $"Give one of: {string.Join(", ", all.Select(one => one.Rule.Name).Concat(all.Select(one => one.Name)).Distinct(StringComparer.Ordinal))}. Or add a rule for it to the topology (workloads).")));
    }

    private static bool Matches(string pattern, WorkloadRule rule, string name, string target) =>
        FileSystemName.MatchesSimpleExpression(pattern, rule.Name) || FileSystemName.MatchesSimpleExpression(pattern, name) || FileSystemName.MatchesSimpleExpression(pattern, target);
}
