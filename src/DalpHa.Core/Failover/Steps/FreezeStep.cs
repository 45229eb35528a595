using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Step 1: the active site writes no more. First the writers go, then the database takes no writes, also when one of them does not go, then nothing is seen to write.
/// In a planned hand-over only the writers go: the database is frozen right before the promotion.
/// </summary>
public sealed class FreezeStep : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => FailoverSteps.Freeze;

    /// <summary>Whether the other site is to take over: then it must not take writes yet. Who freezes a site by hand may be about to end just that.</summary>
    public bool IsForPromotion { get; init; }

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var timeout = world.Runbook.StepOf(Name).Timeout;
        // A site that is gone is waited for once: for its databases while its cluster is.
        var reading = world.Active.ReadServersAsync(cancellationToken);
        var (workloads, silence) = await ReadWorkloadsAsync(world, timeout, cancellationToken).ConfigureAwait(false);
        var servers = await reading.ConfigureAwait(false);
        var (freezes, notFrozen) = await FreezesAsync(world, servers, timeout, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Precondition> conditions = [.. notFrozen, .. await ConditionsAsync(world, servers, cancellationToken).ConfigureAwait(false)];
        if (workloads is null)
        {
            return new FailoverStep
            {
                Name = Name,
                Measured = $"{world.Active.Name} can't be reached: {silence!.Message}",
                // By hand the databases that answer are frozen all the same, and it is told that the writers were not stopped.
                Preconditions = [.. IsForPromotion || servers.All(one => one.Now is null) ? ActiveFence.Unseen(world, silence) : [], .. conditions],
                Stages = [freezes, IsForPromotion ? [] : [StopUnseen(world, silence)]],
            };
        }
        var writers = workloads.All.Where(one => one.Rule.Writes()).Select(one => one.Workload).ToList();
        // A former site that has come back may sign beside the standby's validators.
        var validators = workloads.All.Where(one => world.HasBegunValidators && one.Rule.Role == WorkloadRole.Validator && one.Workload.Kind != WorkloadKind.DaemonSet)
            .Select(one => one.Workload).ToList();
        var cronJobs = workloads.CronJobs.Where(one => one.Rule.Writes() || (world.HasBegunValidators && one.Rule.MustRunOnce())).Select(one => one.CronJob).ToList();
        var running = writers.Concat(validators).Where(one => one.Desired > 0).Select(one => one.Target).Concat(cronJobs.Where(one => !one.IsSuspended).Select(one => one.Target)).ToList();
        return new FailoverStep
        {
            Name = Name,
            Measured = running.Count == 0 ? $"{world.Active.Name}: no writer runs." : $"{world.Active.Name}: {Wording.List(running)} {(running.Count == 1 ? "runs" : "run")}.",
            Preconditions = [new Precondition("WritersKnown", Known(world, writers.Count + workloads.CronJobs.Count(one => one.Rule.Writes()))), .. conditions],
            // In a planned hand-over nobody's writers wait for a Job to end; else the database waits for none.
            Stages = world.Kind.IsPlanned()
                ? [[.. cronJobs.Select(workloads.Suspend)], [.. writers.Concat(validators).Select(workloads.Stop)], freezes]
                : [[.. writers.Concat(validators).Select(workloads.Stop)], [.. cronJobs.Select(workloads.Suspend).Select(one => one with { RunsRegardless = true }), .. freezes]],
        };
    }

    private static async Task<(SiteWorkloads? Workloads, DalpException? Silence)> ReadWorkloadsAsync(FailoverWorld world, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return (await SiteWorkloads.ReadAsync(world.Active, world.Topology, timeout, cancellationToken).ConfigureAwait(false), null);
        }
        catch (DalpException exception)
        {
            return (null, exception);
        }
    }

    // What does not answer can't be frozen: in a failover it is fenced, or somebody vouches for it, or it is in the way. By hand that much is done as can be.
    private async Task<(IReadOnlyList<FailoverAction> Freezes, IReadOnlyList<Precondition> NotFrozen)> FreezesAsync(
        FailoverWorld world, IReadOnlyList<ServerSight> servers, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (FreezesLater(world))
        {
            return ([], []);
        }
        var unseen = servers.Where(one => one.Failure is not null).ToList();
        var findings = unseen.Count == 0 && servers.Count > 0 ? [] : await SiteFence.OfActive(world).DatabasesAsync(unseen, cancellationToken).ConfigureAwait(false);
        var left = IsForPromotion ? findings : [.. findings.Where(finding => finding.Status == CheckStatus.Pass)];
        var database = SiteDatabase.OfActive(world, timeout);
        return (
            [.. servers.Where(one => !left.Any(finding => finding.Target == one.Server.Name)).Select(one => Freeze(world, database, one.Server))],
            [.. left.Select(finding => new Precondition(ActiveFence.Name, finding))]);
    }

    private static FailoverAction StopUnseen(FailoverWorld world, DalpException silence) => new()
    {
        Name = $"Stop the writers of {world.Active.Name}",
        Site = world.Active.Name,
        Outcome = "no writer runs",
        LookAsync = async cancellationToken => await SiteFence.OfActive(world).WritersAsync(cancellationToken).ConfigureAwait(false) switch
        {
            { Status: CheckStatus.Pass } => Sighting.Yes("None runs."),
            { Status: CheckStatus.Fail } seen => Sighting.NotYet($"{seen.Observed}. It did not answer when the step began: run it again."),
            _ => throw silence,
        },
        ActAsync = _ => Task.CompletedTask,
        Timeout = TimeSpan.FromSeconds(1),
        RunsRegardless = true,
    };

    // Who need not hand over lets everybody write until all else is done.
    private static FailoverAction Freeze(FailoverWorld world, SiteDatabase database, DatabaseServerSettings server) => database.Freeze(server) with { RunsRegardless = !world.Kind.IsPlanned() };

    // What people promote, they find frozen.
    private static bool FreezesLater(FailoverWorld world) => world.Kind.IsPlanned() && world.Runbook.StepOf(FailoverSteps.Promote).Manual is null;

    private async Task<IReadOnlyList<Precondition>> ConditionsAsync(FailoverWorld world, IReadOnlyList<ServerSight> servers, CancellationToken cancellationToken)
    {
        if (world.Kind.IsPlanned())
        {
            // Nobody's writers are stopped for a hand-over that can't be.
            var candidate = await PromotionCandidate.MeasureAsync(world, cancellationToken).ConfigureAwait(false);
            return [.. ReviewCondition.Of(world), .. await PlannedConditions.MeasureAsync(world, candidate, cancellationToken).ConfigureAwait(false), .. candidate.Preconditions];
        }
        return
        [
            .. IsForPromotion ? ReviewCondition.Of(world) : [],
            .. IsForPromotion ? await SoleWriter.MeasureAsync(world, cancellationToken).ConfigureAwait(false) : [],
            .. FreezeConditions.Of(world.Active, servers, patience: null),
        ];
    }

    private static Finding Known(FailoverWorld world, int writers) => writers > 0
        ? Finding.Pass(world.Active.Name, "writers", Wording.Count(writers, "workload"), "at least 1")
        : Finding.Unknown(
            world.Active.Name, "writers", "none is named", "at least 1", "No workload of the active site is a writer by the topology, so nobody knows what to stop.", "Give the workloads that write 'role: writer' in the topology, or 'role: signer' where they sign transactions.");
}
