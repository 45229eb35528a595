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
    internal bool Covers(WorkloadRule rule, Workload workload) => names.Any(name => Matches(name, rule, workload));

    /// <summary>That each name finds one. What no rule chooses is not found: nobody says whether it may run twice.</summary>
    internal IEnumerable<Precondition> Missing(FailoverSite site, IReadOnlyList<(WorkloadRule Rule, Workload Workload)> all) => names
        .Where(name => !all.Any(one => Matches(name, one.Rule, one.Workload)))
        .Select(name => new Precondition("WorkloadNamed", Finding.Fail(
            site.Name, name, "not found", "a workload, or a rule of the topology", "No workload that a rule of the topology chooses has this name.",
            $"Give one of: {string.Join(", ", all.Select(one => one.Rule.Name).Concat(all.Select(one => one.Workload.Name)).Distinct(StringComparer.Ordinal))}. Or add a rule for it to the topology (workloads).")));

    private static bool Matches(string name, WorkloadRule rule, Workload workload) =>
        FileSystemName.MatchesSimpleExpression(name, rule.Name) || FileSystemName.MatchesSimpleExpression(name, workload.Name) || FileSystemName.MatchesSimpleExpression(name, workload.Target);
}
