using DalpHa.Core.Clusters;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>One CronJob of a site, and the actions that suspend it and let it start Jobs again.</summary>
internal sealed class SiteCronJob(FailoverSite site, SharedLoad load, CronJob cronJob, TimeSpan timeout)
{
    /// <summary>Suspends it; done when none of its Jobs runs any more. They are left to end.</summary>
    public FailoverAction Suspend() => new()
    {
        Name = $"Suspend {cronJob.Target}",
        Site = site.Name,
        Outcome = $"{cronJob.Target} is suspended, and no Job of it is left",
        LookAsync = async cancellationToken =>
        {
            var all = await load.ReadAsync(cancellationToken).ConfigureAwait(false);
            var now = all.CronJobs.Counterpart(cronJob);
            var running = (now ?? cronJob with { ActiveJobs = [] }).RunningJobs(all.Pods);
            var left = running.Count == 0 ? "no Job" : $"{Wording.List(running)} still {(running.Count == 1 ? "runs" : "run")}. {string.Join(" ", running.Select(job => Remnants.Ending(site, job)))}";
            return (now, running.Count) switch
            {
                (null, 0) => Sighting.Yes("It is not there."),
                (null, _) => Sighting.NotYet($"It is not there, and {left}"),
                ({ IsSuspended: true }, 0) => Sighting.Yes("Suspended, no Job."),
                ({ IsSuspended: true }, _) => Sighting.NotYet($"Suspended, and {left}"),
                ({ IsRemembered: true }, _) => Sighting.NotYet(Remnants.SetBack(now.Target)),
                _ => Sighting.NotYet("It starts Jobs."),
            };
        },
        ActAsync = cancellationToken => SetSuspendedAsync(true, cancellationToken),
        Timeout = timeout,
    };

    /// <summary>Lets it start Jobs again.</summary>
    public FailoverAction Resume() => new()
    {
        Name = $"Resume {cronJob.Target}",
        Site = site.Name,
        Outcome = $"{cronJob.Target} starts Jobs",
        LookAsync = async cancellationToken => (await load.ReadAsync(cancellationToken).ConfigureAwait(false)).CronJobs.Counterpart(cronJob) switch
        {
            null => Sighting.NotYet("It is not there."),
            { IsSuspended: true } => Sighting.NotYet("Suspended."),
            // A note that stays would be taken for one of the next stop.
            { IsRemembered: true } => Sighting.NotYet("It starts Jobs, and is still noted as suspended."),
            _ => Sighting.Yes("It starts Jobs."),
        },
        ActAsync = cancellationToken => SetSuspendedAsync(false, cancellationToken),
        Timeout = timeout,
    };

    private async Task SetSuspendedAsync(bool suspended, CancellationToken cancellationToken)
    {
        try
        {
            await site.Control.SetSuspendedAsync(site.Namespace, cronJob.Name, suspended, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            load.Changed();
        }
    }
}
