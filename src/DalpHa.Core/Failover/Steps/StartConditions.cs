using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What must hold on a site before workloads start there.</summary>
internal static class StartConditions
{
    /// <summary>How many replicas a workload starts with: what it has or had, else what the same one of the other site has or had, else what the topology says. Null when nobody knows.</summary>
    public static int? CountOf(WorkloadRule rule, Workload workload, Workload? counterpart)
    {
        int?[] known = [workload.Desired, workload.RememberedReplicas, counterpart?.Desired, counterpart?.RememberedReplicas, rule.Replicas];
        return known.FirstOrDefault(count => count > 0);
    }

    /// <summary>The workloads and CronJobs of the other site; none when it can't be seen: what only it knows is then not known, and said to be so.</summary>
    public static async Task<(IReadOnlyList<Workload> Workloads, IReadOnlyList<CronJob> CronJobs)> CounterpartsAsync(FailoverSite other, CancellationToken cancellationToken)
    {
        try
        {
            return await other.ReadClusterAsync((_, token) => SiteWorkloads.ListAsync(other, token), cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException)
        {
            return ([], []);
        }
    }

    /// <summary>That a CronJob stays suspended, since it was not DalpHa that suspended it.</summary>
    public static Precondition LeftSuspended(FailoverSite site, CronJob cronJob) => new("CronJobsKnown", Finding.Warn(
        site.Name,
        cronJob.Target,
        "stays suspended",
        "resumed, or known to stay so",
        "It was not DalpHa that suspended it, and nothing tells that it is to run.",
        $"Where it is to run, resume it: kubectl --context {site.Site.Cluster.Context} -n {site.Namespace} patch cronjob {cronJob.Name} -p '{{\"spec\":{{\"suspend\":false}}}}'"));

    /// <summary>That a workload's count is not known.</summary>
    public static Precondition CountNotKnown(FailoverSite site, Workload workload) => new("ReplicasKnown", Finding.Unknown(
        site.Name,
        workload.Target,
        "replicas not known",
        "a count",
        "It is staged at zero, and neither the other site, a note of an earlier stop nor the topology tells how many there were.",
        $"Set its count in the topology (workloads: replicas), or on it: kubectl --context {site.Site.Cluster.Context} -n {site.Namespace} annotate {workload.Target.ToLowerInvariant()} dalpha.io/replicas=<count>"));

    /// <summary>That one of the site's databases takes writes.</summary>
    public static async Task<Precondition> TakesWritesAsync(FailoverSite site, CancellationToken cancellationToken)
    {
        const string Expected = "takes writes";
        var servers = await site.ReadServersAsync(cancellationToken).ConfigureAwait(false);
        return new Precondition("DatabaseTakesWrites", (servers.FirstOrDefault(one => one.Now is { IsInRecovery: false, IsReadOnlyByDefault: false }) ?? servers.FirstOrDefault()) switch
        {
            { Now: { IsInRecovery: false, IsReadOnlyByDefault: false } } writer => Finding.Pass(site.Name, writer.Server.Name, Expected, Expected),
            { Now: { } now } other => Finding.Fail(
                site.Name, other.Server.Name, now.IsInRecovery ? "in recovery" : "read-only", Expected, "The workloads would start against a database that refuses them.",
                now.IsInRecovery ? "Promote it first." : "Let it take writes first: Resume-DalpWrite."),
            { Failure: { } failure } unseen => Finding.Unknown(site.Name, unseen.Server.Name, "can't be seen", Expected, failure.Message, failure.RecommendedAction),
            _ => site.NoServerNamed(Expected),
        });
    }

    /// <summary>That the site has room for what starts, as <see cref="Capacity"/> judges it.</summary>
    public static async Task<IReadOnlyList<Precondition>> CapacityAsync(FailoverSite site, IReadOnlyList<(Workload Workload, int Replicas)> starting, CancellationToken cancellationToken)
    {
        try
        {
            var cluster = site.Cluster;
            var podsRead = cluster.ListPodsAsync(site.Namespace, cancellationToken);
            var requests = await Placement.ListRequestsAsync(cluster, site.Namespace, podsRead, cancellationToken).ConfigureAwait(false);
            var pods = await podsRead.ConfigureAwait(false);
            var room = new SiteRoom(
                await cluster.ListNodesAsync(cancellationToken).ConfigureAwait(false),
                requests,
                await cluster.ListQuotasAsync(site.Namespace, cancellationToken).ConfigureAwait(false),
                await cluster.ListLimitRangesAsync(site.Namespace, cancellationToken).ConfigureAwait(false));
            var starts = starting.Select(one => new PodStart(one.Workload.Target, one.Workload, one.Replicas - one.Workload.LivePods(pods).Count(pod => pod.NodeName is not null)))
                .Where(start => start.Count > 0).ToList();
            return [.. Capacity.Judge(site.Site, room, starts).Select(finding => new Precondition("Capacity", finding))];
        }
        catch (DalpException exception)
        {
            return [new Precondition("Capacity", Finding.Unknown(site.Name, "capacity", "can't be seen", "room for what must start", exception.Message, exception.RecommendedAction))];
        }
    }
}
