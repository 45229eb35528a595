using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What a freeze of the active site consists of, as it stands now: the writers that are to stop, and the databases that are to take no writes.</summary>
internal sealed class SiteFreeze
{
    private readonly FailoverWorld world;
    private readonly SiteDatabase database;
    private readonly IReadOnlyList<Workload> stopping = [];
    private readonly IReadOnlyList<CronJob> suspending = [];
    private readonly SiteWorkloads? workloads;

    private SiteFreeze(FailoverWorld world, TimeSpan timeout, SiteWorkloads? workloads, IReadOnlyList<ServerSight> servers, DalpException? silence)
    {
        this.world = world;
        this.workloads = workloads;
        database = SiteDatabase.OfActive(world, timeout);
        (Servers, Silence) = (servers, silence);
        if (workloads is null)
        {
            return;
        }
        // A former site that has come back may sign beside the standby's validators.
        stopping =
        [
            .. workloads.All.Where(one => one.Rule.Writes()).Select(one => one.Workload),
            .. workloads.All.Where(one => world.HasBegunValidators && one.Rule.Role == WorkloadRole.Validator && one.Workload.Kind != WorkloadKind.DaemonSet).Select(one => one.Workload),
        ];
        suspending = [.. workloads.CronJobs.Where(one => one.Rule.Writes() || (world.HasBegunValidators && one.Rule.MustRunOnce())).Select(one => one.CronJob)];
    }

    /// <summary>Why the site's cluster could not be read; null when it was.</summary>
    public DalpException? Silence { get; }

    /// <summary>The site's database servers.</summary>
    public IReadOnlyList<ServerSight> Servers { get; }

    /// <summary>What runs there of the writers, in one line.</summary>
    public string Measured
    {
        get
        {
            if (Silence is not null)
            {
                return $"{world.Active.Name} can't be reached: {Silence.Message}";
            }
            var running = stopping.Where(one => one.Desired > 0).Select(one => one.Target).Concat(suspending.Where(one => !one.IsSuspended).Select(one => one.Target)).ToList();
            return running.Count == 0 ? $"{world.Active.Name}: no writer runs." : $"{world.Active.Name}: {Wording.List(running)} {(running.Count == 1 ? "runs" : "run")}.";
        }
    }

    /// <summary>That the topology names writers: else nobody knows what to stop.</summary>
    public Precondition WritersKnown
    {
        get
        {
            var writers = workloads is null ? 0 : workloads.All.Count(one => one.Rule.Writes()) + workloads.CronJobs.Count(one => one.Rule.Writes());
            return new Precondition("WritersKnown", writers > 0
                ? Finding.Pass(world.Active.Name, "writers", Wording.Count(writers, "workload"), "at least 1")
                : Finding.Unknown(
                    world.Active.Name, "writers", "none is named", "at least 1", "No workload of the active site is a writer by the topology, so nobody knows what to stop.", "Give the workloads that write 'role: writer' in the topology, or 'role: signer' where they sign transactions."));
        }
    }

    /// <summary>What stops the writers; nothing where the cluster could not be read.</summary>
    public IReadOnlyList<FailoverAction> Stops => [.. stopping.Select(workload => workloads!.Stop(workload))];

    /// <summary>What suspends those that start by the clock; nothing where the cluster could not be read.</summary>
    public IReadOnlyList<FailoverAction> Suspensions => [.. suspending.Select(cronJob => workloads!.Suspend(cronJob))];

    /// <summary>Reads it now.</summary>
    public static async Task<SiteFreeze> ReadAsync(FailoverWorld world, TimeSpan timeout, CancellationToken cancellationToken)
    {
        // A site that is gone is waited for once: for its databases while its cluster is.
        var reading = world.Active.ReadServersAsync(cancellationToken);
        try
        {
            var workloads = await SiteWorkloads.ReadAsync(world.Active, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            return new SiteFreeze(world, timeout, workloads, await reading.ConfigureAwait(false), null);
        }
        catch (DalpException silence)
        {
            return new SiteFreeze(world, timeout, null, await reading.ConfigureAwait(false), silence);
        }
    }

    /// <summary>How the servers stand that can't be frozen, since they do not answer: fenced, or vouched for, or not known. Where none is named, that nobody knows of any.</summary>
    public async Task<IReadOnlyList<Finding>> JudgeUnseenAsync(CancellationToken cancellationToken)
    {
        var unseen = Servers.Where(one => one.Failure is not null).ToList();
        return unseen.Count == 0 && Servers.Count > 0 ? [] : await SiteFence.OfActive(world).DatabasesAsync(unseen, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What freezes the databases, but those of which is known how they stand without.</summary>
    public IReadOnlyList<FailoverAction> FreezesBut(IReadOnlyList<Finding> known) =>
        [.. Servers.Where(one => !known.Any(finding => finding.Target == one.Server.Name)).Select(one => database.Freeze(one.Server))];
}
