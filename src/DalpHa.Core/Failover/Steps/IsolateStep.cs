using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Step 8: the former active site stays isolated until its data are reconciled: nothing of the platform runs there, its routes are closed, its database
/// takes no writes, and no pod is left that writes or signs. All of it is kept by the site itself, so that it comes back isolated after a loss of power.
/// </summary>
public sealed class IsolateStep : IStepRecipe
{
    // What had a count is gone by then: what else is left does not go by itself.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Name => FailoverSteps.Isolate;

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = world.Active;
        var timeout = world.Runbook.StepOf(Name).Timeout;
        try
        {
            var workloads = await SiteWorkloads.ReadAsync(site, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            var routes = await site.Cluster.ListIngressRoutesAsync(site.Namespace, cancellationToken).ConfigureAwait(false);
            var cluster = await SitePostgresCluster.FindAsync(world, timeout, cancellationToken).ConfigureAwait(false);
            var all = workloads.All.Where(one => one.Workload.Kind != WorkloadKind.DaemonSet).Select(one => one.Workload).ToList();
            var (freeze, fence, vouched) = await DatabaseAsync(world, cluster, timeout, cancellationToken).ConfigureAwait(false);
            var running = all.Where(workload => workload.Desired > 0).Select(workload => workload.Target)
                .Concat(workloads.CronJobs.Where(one => !one.CronJob.IsSuspended).Select(one => one.CronJob.Target)).ToList();
            return new FailoverStep
            {
                Name = Name,
                Measured = running.Count == 0 ? $"{site.Name}: nothing runs." : $"{site.Name}: {Wording.List(running)} still to stop.",
                Preconditions = [new Precondition("WorkloadsKnown", Known(site, workloads)), .. vouched, .. await RemainingAsync(world, workloads, cancellationToken).ConfigureAwait(false)],
                Stages =
                [
                    // A pod that hangs must not keep the database writing.
                    [
                        .. freeze, .. all.Select(workloads.Stop), .. workloads.CronJobs.Select(one => workloads.Suspend(one.CronJob)),
                        .. routes.Select(route => new SiteRoute(site, route, timeout).Close()),
                    ],
                    [.. fence],
                    // Its operator sees later than PostgreSQL's silence that no instance is ready. What answered a moment ago is seen: who goes silent may have been let go before.
                    [
                        ActiveFence.SeeNothingLeft(world, cluster is not null || timeout < Settled ? timeout : Settled, [.. vouched.Select(word => word.Finding.Target)])
                            with { RunsRegardless = true },
                    ],
                ],
            };
        }
        catch (DalpException exception)
        {
            return new FailoverStep
            {
                Name = Name,
                Measured = $"{site.Name} can't be reached: {exception.Message}",
                Preconditions = [new Precondition("ActiveReachable", Finding.Unknown(site.Name, "cluster", "can't be seen", "isolated", exception.Message, Remedy(exception)))],
            };
        }
    }

    // PostgreSQL does not run in a fenced cluster, and can't be asked. Where it does, it is frozen first: it then comes back frozen when somebody lifts the fence.
    // A server that no operator keeps, that does not answer and is vouched for, can only be told.
    private static async Task<(IReadOnlyList<FailoverAction> Freeze, IReadOnlyList<FailoverAction> Fence, IReadOnlyList<Precondition> Vouched)> DatabaseAsync(
        FailoverWorld world, SitePostgresCluster? cluster, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var servers = await world.Active.ReadServersAsync(cancellationToken).ConfigureAwait(false);
        var database = SiteDatabase.OfActive(world, timeout);
        // A Cluster that is a replica by its specification is not fenced: what of it is dead comes back as a standby.
        var silent = cluster is null or { Now.IsReplica: true } ? servers.Where(one => one.IsSilent).ToList() : [];
        var findings = silent.Count == 0 ? [] : await SiteFence.OfActive(world).DatabasesAsync(silent, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Precondition> vouched = [.. findings.Select(finding => new Precondition(ActiveFence.Name, finding)).Where(one => one.IsMet)];
        if (cluster is not null)
        {
            var answering = cluster.Now.IsFenced ? [] : servers.Where(one => one.Now is not null).ToList();
            return answering.Count == 0 ? ([cluster.Fence()], [], vouched) : ([.. answering.Select(one => database.Freeze(one.Server))], [cluster.Fence()], vouched);
        }
        return ([.. servers.Where(one => !vouched.Any(word => word.Finding.Target == one.Server.Name)).Select(one => database.Freeze(one.Server))], [], vouched);
    }

    private static string Remedy(DalpException exception) => exception.Kind is FaultKind.Unreachable or FaultKind.TimedOut or FaultKind.Unavailable
        ? "Isolate it as soon as it answers, before anything else there: Protect-DalpSite -Wait, or Resume-DalpFailover."
        : exception.RecommendedAction;

    private static Finding Known(FailoverSite site, SiteWorkloads workloads) => workloads.All.Count + workloads.CronJobs.Count > 0
        ? Finding.Pass(site.Name, "workloads", Wording.Count(workloads.All.Count + workloads.CronJobs.Count, "workload"), "at least 1")
        : Finding.Unknown(
            site.Name, "workloads", "none is named", "at least 1", "No rule of the topology chooses a workload of the site, so nobody knows what to stop.", "Add rules to the topology (workloads).");

    // What has no count to set to 0 is told, and keeps nobody from isolating the rest.
    private static async Task<IReadOnlyList<Precondition>> RemainingAsync(FailoverWorld world, SiteWorkloads workloads, CancellationToken cancellationToken)
    {
        var site = world.Active;
        var pods = await site.Cluster.ListPodsAsync(site.Namespace, cancellationToken).ConfigureAwait(false);
        var owners = workloads.All.Select(one => one.Workload).ToList();
        // The Jobs of a CronJob are waited for with it.
        var strays = world.Topology.Workloads.SelectMany(rule => rule.PodsOfNone(owners, pods)).Select(Remnants.KeeperOf).Except(workloads.CronJobs.SelectMany(one => one.CronJob.RunningJobs(pods))).ToList();
        var remaining = owners.Where(workload => workload.Kind == WorkloadKind.DaemonSet).Select(workload => workload.Target).Concat(strays).ToList();
        return remaining.Count == 0 ? [] :
        [
            new Precondition("NothingRemains", Finding.Warn(
                site.Name, "workloads", $"{Wording.List(remaining)} {(remaining.Count == 1 ? "remains" : "remain")}", "nothing runs",
                "What has no count of replicas is left as it is: DaemonSets, Jobs, and pods of no workload.",
                string.Join(" ", strays.Select(target => Remnants.Ending(site, target)).Append(remaining.Count > strays.Count ? "Keep the DaemonSets off the nodes by their node selector." : "")).TrimEnd())),
        ];
    }
}
