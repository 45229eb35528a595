using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The workloads and CronJobs of one site as they are now, by the topology's rules, and the actions that start and stop them.</summary>
internal sealed class SiteWorkloads
{
    private readonly FailoverSite site;
    private readonly TimeSpan timeout;
    private readonly SharedLoad load;

    private SiteWorkloads(
        FailoverSite site, IReadOnlyList<(WorkloadRule Rule, Workload Workload)> all, IReadOnlyList<(WorkloadRule Rule, CronJob CronJob)> cronJobs, TimeSpan timeout)
    {
        this.site = site;
        this.timeout = timeout;
        load = new SharedLoad(site);
        All = all;
        CronJobs = cronJobs;
    }

    /// <summary>Every workload that a rule chooses, in the order of the rules.</summary>
    public IReadOnlyList<(WorkloadRule Rule, Workload Workload)> All { get; }

    /// <summary>Every CronJob that a rule chooses, in the order of the rules.</summary>
    public IReadOnlyList<(WorkloadRule Rule, CronJob CronJob)> CronJobs { get; }

    public static async Task<SiteWorkloads> ReadAsync(FailoverSite site, DalpTopology topology, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var (workloads, cronJobs) = await site.ReadClusterAsync((_, token) => ListAsync(site, token), cancellationToken).ConfigureAwait(false);
        return new SiteWorkloads(
            site,
            [.. topology.Workloads.SelectMany(rule => workloads.Where(workload => topology.RuleFor(workload) == rule).Select(workload => (rule, workload)))],
            [.. topology.Workloads.SelectMany(rule => cronJobs.Where(cronJob => topology.RuleFor(cronJob) == rule).Select(cronJob => (rule, cronJob)))],
            timeout);
    }

    /// <summary>Lists both at once, whether a rule chooses them or not.</summary>
    public static async Task<(IReadOnlyList<Workload> Workloads, IReadOnlyList<CronJob> CronJobs)> ListAsync(FailoverSite site, CancellationToken cancellationToken)
    {
        var workloads = site.Cluster.ListWorkloadsAsync(site.Namespace, cancellationToken);
        var cronJobs = site.Cluster.ListCronJobsAsync(site.Namespace, cancellationToken);
        await Task.WhenAll(workloads, cronJobs).ConfigureAwait(false);
        return (await workloads.ConfigureAwait(false), await cronJobs.ConfigureAwait(false));
    }

    /// <summary>Stops a workload; done when none of its pods is left. A pod on its way out still writes and signs.</summary>
    public FailoverAction Stop(Workload workload) => new()
    {
        Name = $"Scale {workload.Target} to 0",
        Site = site.Name,
        Outcome = $"no pod of {workload.Target} is left",
        LookAsync = async cancellationToken =>
        {
            var (now, pods) = await LookAsync(workload, cancellationToken).ConfigureAwait(false);
            return (now, pods) switch
            {
                (null, 0) => Sighting.Yes("It is not there."),
                (null, _) => Sighting.NotYet($"It is not there, and {Wording.Count(pods, "pod")} of it."),
                ({ Desired: 0 }, 0) => Sighting.Yes("0 replicas, no pod."),
                ({ Desired: > 0, RememberedReplicas: not null }, _) => Sighting.NotYet($"{now.Desired} replicas asked for, {Wording.Count(pods, "pod")}. {Remnants.SetBack(now.Target)}"),
                _ => Sighting.NotYet($"{now.Desired} replicas asked for, {Wording.Count(pods, "pod")}."),
            };
        },
        ActAsync = async cancellationToken =>
        {
            try
            {
                // What is remembered already is not overwritten by the zero that stands there now.
                await ScaleAsync(workload, 0, workload.Desired > 0 ? workload.Desired : workload.RememberedReplicas, cancellationToken).ConfigureAwait(false);
            }
            catch (DalpException gone) when (gone.Kind == FaultKind.NotFound)
            {
                // Its pods may outlive it, and are waited for.
            }
        },
        Timeout = timeout,
    };

    /// <summary>Starts workloads in the order of their rules, each rule once those before it are ready.</summary>
    public IReadOnlyList<IReadOnlyList<FailoverAction>> Start(IEnumerable<(WorkloadRule Rule, Workload Workload, int Replicas)> starting) =>
        [.. starting.GroupBy(one => one.Rule).Select(rule => (IReadOnlyList<FailoverAction>)[.. rule.Select(one => Start(one.Workload, one.Replicas))])];

    /// <summary>
    /// Starts a workload; done when all its replicas are ready, of the current template. Somebody may lower the count that was asked for, as an autoscaler does to its
    /// maximum: then it is done with the fewer that he asks for, and that is told.
    /// </summary>
    public FailoverAction Start(Workload workload, int replicas)
    {
        var isAskedFor = false;
        return new FailoverAction
        {
            Name = $"Scale {workload.Target} to {replicas}",
            Site = site.Name,
            Outcome = $"{workload.Target} is ready with {Wording.Count(replicas, "replica")}",
            LookAsync = async cancellationToken =>
            {
                var (now, pods) = await LookAsync(workload, cancellationToken).ConfigureAwait(false);
                return now switch
                {
                    null => Sighting.NotYet("It is not there."),
                    { IsFullyReady: true } when now.Desired >= replicas => Sighting.Yes($"{now.Ready} of {now.Desired} ready."),
                    { IsFullyReady: true, Desired: > 0 } when isAskedFor => Sighting.Yes(
                        $"{now.Ready} of {now.Desired} ready; {replicas} were asked for, and somebody keeps it at {now.Desired} (an autoscaler?)."),
                    _ => Sighting.NotYet($"{now.Ready} of {now.Desired} ready, {Wording.Count(pods, "pod")}; {replicas} wanted."),
                };
            },
            ActAsync = async cancellationToken =>
            {
                await ScaleAsync(workload, replicas, null, cancellationToken).ConfigureAwait(false);
                isAskedFor = true;
            },
            Timeout = timeout,
        };
    }

    /// <summary>Suspends a CronJob; done when none of its Jobs is left.</summary>
    public FailoverAction Suspend(CronJob cronJob) => new SiteCronJob(site, load, cronJob, timeout).Suspend();

    /// <summary>Lets a CronJob start Jobs again.</summary>
    public FailoverAction Resume(CronJob cronJob) => new SiteCronJob(site, load, cronJob, timeout).Resume();

    private async Task<(Workload? Now, int Pods)> LookAsync(Workload workload, CancellationToken cancellationToken)
    {
        var now = await load.ReadAsync(cancellationToken).ConfigureAwait(false);
        return (now.Workloads.Counterpart(workload), workload.LivePods(now.Pods).Count);
    }

    private async Task ScaleAsync(Workload workload, int replicas, int? remember, CancellationToken cancellationToken)
    {
        try
        {
            await site.Control.ScaleAsync(site.Namespace, workload.Kind, workload.Name, replicas, remember, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            load.Changed();
        }
    }
}
