using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>The active site serves: every workload has the replicas that it asks for.</summary>
public sealed class ActiveServingCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "ActiveServing";

    /// <inheritdoc/>
    public string Description => "The active site's workloads are ready.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var site = context.Active;
        var workloads = await site.Workloads.WaitAsync(cancellationToken).ConfigureAwait(false);
        var findings = workloads.Select(workload => Judge(site, workload)).OfType<Finding>().Concat(UnmatchedRules(context, workloads)).ToList();
        if (workloads.Count == 0)
        {
            findings.Add(Finding.Fail(
                site.Name, $"Namespace/{site.Site.Namespace}", "no workload", "workloads that serve",
                "Nothing runs in the namespace of the site that should serve users.",
                "Make sure that the topology names the right site as the active one, and the right namespace."));
        }
        foreach (var finding in findings)
        {
            yield return finding;
        }
        if (findings.Count == 0)
        {
            yield return Finding.Pass(
                site.Name, "workloads", $"{Wording.Count(workloads.Count, "workload")}, {Wording.Count(workloads.Sum(w => w.Ready), "pod")} ready", "all ready");
        }
    }

    private static Finding? Judge(SiteView site, Workload workload)
    {
        var observed = $"{workload.Ready} of {workload.Desired} ready";
        var look = $"Look at it: kubectl --context {site.Site.Cluster.Context} -n {site.Site.Namespace} describe {workload.Target.ToLowerInvariant()}";
        if (!workload.IsObserved)
        {
            return Finding.Unknown(
                site.Name, workload.Target, "not yet observed", "observed", "Its controller has not acted on the latest specification: the counts are of an older one.", look);
        }
        if (workload.Desired == 0 && workload.Kind != WorkloadKind.DaemonSet)
        {
            return Finding.Warn(
                site.Name, workload.Target, "0 replicas", "at least 1", "It is scaled to zero on the site that should serve.", "Start it, or take it out of the platform's chart.");
        }
        if (workload.Ready == 0 && workload.Desired > 0)
        {
            return Finding.Fail(
                site.Name, workload.Target, observed, "all ready",
                "The active site does not serve this. If users are affected and it can't be repaired in time, this is the moment to decide on a failover.", look);
        }
        if (workload.Ready < workload.Desired)
        {
            return Finding.Warn(site.Name, workload.Target, observed, "all ready", "It serves with fewer replicas than it should.", look);
        }
        return workload.Updated < workload.Desired
            ? Finding.Warn(
                site.Name, workload.Target, $"{workload.Updated} of {workload.Desired} updated", "all updated",
                "A rollout is under way, or has got stuck: two versions run at once.", "Wait for it to end. " + look)
            : null;
    }

    private static IEnumerable<Finding> UnmatchedRules(ReadinessContext context, IReadOnlyList<Workload> workloads) => context.Topology.Workloads
        .Where(rule => workloads.Count > 0 && !workloads.Any(workload => rule.Selector.Matches(workload.Labels)))
        .Select(rule => Finding.Fail(
            context.Active.Name, rule.Name, "no such workload", "at least 1",
            $"No workload on the active site has the labels {rule.Selector}.",
            $"Deploy '{rule.Name}', or correct its selector in the topology (workloads)."));
}
