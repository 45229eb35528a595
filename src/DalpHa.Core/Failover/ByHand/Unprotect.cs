using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// The way back from the step <c>isolate</c>: the database runs and takes writes where it is a primary, what was stopped starts again, and the routes open last.
/// Acts on the world's active site. Where the database follows another, the site is a standby: only what a standby runs is started.
/// </summary>
/// <param name="timeout">How long each outcome may take.</param>
public sealed class Unprotect(TimeSpan timeout) : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => "unprotect";

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = world.Active;
        try
        {
            var cluster = await SitePostgresCluster.FindAsync(world, timeout, cancellationToken).ConfigureAwait(false);
            var follows = cluster?.Now.IsReplica ?? (await SiteRoleOf.MeasureAsync(site, cancellationToken).ConfigureAwait(false)).Status == CheckStatus.Fail;
            var workloads = await SiteWorkloads.ReadAsync(site, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            var routes = await site.Cluster.ListIngressRoutesAsync(site.Namespace, cancellationToken).ConfigureAwait(false);
            var starting = workloads.All.Where(one => one.Workload.Kind != WorkloadKind.DaemonSet && (one.Workload.Desired > 0 || one.Workload.RememberedReplicas > 0))
                .Where(one => !follows || (one.Rule.Standby == StandbyMode.Running && !one.Rule.MustRunOnce()))
                .Select(one => (one.Rule, one.Workload, Replicas: StartConditions.CountOf(one.Rule, one.Workload, null)!.Value)).ToList();
            var resuming = workloads.CronJobs.Where(one => one.CronJob.IsRemembered && (!follows || (one.Rule.Standby == StandbyMode.Running && !one.Rule.MustRunOnce()))).ToList();
            var database = SiteDatabase.OfActive(world, timeout);
            return new FailoverStep
            {
                Name = Name,
                Measured = $"{site.Name}: {(follows ? "a standby" : "a primary")}; {Wording.List(starting.Select(one => one.Workload.Target).Concat(resuming.Select(one => one.CronJob.Target)))} to run.",
                Preconditions =
                [
                    .. follows ? [] : await OtherFence.DatabasesAsync(world, cancellationToken).ConfigureAwait(false),
                    .. await OtherFence.SignersAsync(world, starting.Select(one => one.Rule).Concat(resuming.Select(one => one.Rule)), cancellationToken).ConfigureAwait(false),
                    .. await StartConditions.CapacityAsync(site, [.. starting.Select(one => (one.Workload, one.Replicas))], cancellationToken).ConfigureAwait(false),
                ],
                Stages =
                [
                    .. cluster is null ? (IReadOnlyList<IReadOnlyList<FailoverAction>>)[] : [[cluster.Unfence()]],
                    [.. (site.Site.Database?.Servers ?? []).Select(database.Thaw)],
                    .. workloads.Start(starting),
                    [.. resuming.Select(one => workloads.Resume(one.CronJob))],
                    [.. routes.Select(route => new SiteRoute(site, route, timeout).Open())],
                ],
            };
        }
        catch (DalpException exception)
        {
            return SiteUnseen.Step(Name, site, exception);
        }
    }
}
