using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>
/// Step 8: the former active site stays isolated until its data are reconciled: nothing of the platform runs there, its routes are closed, its database
/// takes no writes. All of it is kept by the site itself, so that it comes back isolated after a loss of power.
/// </summary>
public sealed class IsolateStep : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => "isolate";

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = world.Active;
        var timeout = world.Runbook.StepOf(Name).Timeout;
        try
        {
            var workloads = await SiteWorkloads.ReadAsync(site, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            var routes = await site.Cluster.ListIngressRoutesAsync(site.Namespace, cancellationToken).ConfigureAwait(false);
            var database = new SiteDatabase(site, timeout, world.Time);
            var all = workloads.All.Where(one => one.Workload.Kind != Clusters.WorkloadKind.DaemonSet).Select(one => one.Workload).ToList();
            var running = all.Where(workload => workload.Desired > 0).Select(workload => workload.Target).ToList();
            return new FailoverStep
            {
                Name = Name,
                Measured = running.Count == 0 ? $"{site.Name}: nothing runs." : $"{site.Name}: {Wording.List(running)} still to stop.",
                Stages = [[.. all.Select(workloads.Stop), .. routes.Select(route => Close(site, route.Name, timeout))], [.. (site.Site.Database?.Servers ?? []).Select(database.Freeze)]],
            };
        }
        catch (DalpException exception)
        {
            return new FailoverStep
            {
                Name = Name,
                Measured = $"{site.Name} can't be reached: {exception.Message}",
                Preconditions = [new Precondition("ActiveReachable", Finding.Unknown(site.Name, "cluster", "can't be seen", "isolated", exception.Message, "Isolate it as soon as it answers, before anything else there: Resume-DalpFailover, or Protect-DalpSite."))],
            };
        }
    }

    private static FailoverAction Close(FailoverSite site, string route, TimeSpan timeout) => new()
    {
        Name = $"Close Ingress/{route}",
        Site = site.Name,
        Outcome = $"Ingress/{route} is served by no controller",
        LookAsync = async cancellationToken =>
        {
            var now = (await site.Cluster.ListIngressRoutesAsync(site.Namespace, cancellationToken).ConfigureAwait(false)).FirstOrDefault(one => one.Name == route);
            return now is null ? Sighting.Yes("It is not there.") : now.IsClosed ? Sighting.Yes("Closed.") : Sighting.NotYet($"Open, of class '{now.ClassName}'.");
        },
        ActAsync = cancellationToken => site.Control.SetIngressOpenAsync(site.Namespace, route, false, cancellationToken),
        Timeout = timeout,
    };
}
