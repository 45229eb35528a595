using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Step 1: the active site writes no more. First the writers go, then the database takes no writes, then nothing is seen to write. In a planned hand-over only the
/// writers go: the database is frozen right before the promotion.
/// </summary>
public sealed class FreezeStep : IStepRecipe
{
    /// <summary>The step's name.</summary>
    internal const string StepName = "freeze";

    /// <inheritdoc/>
    public string Name => StepName;

    /// <summary>Whether the other site is to take over: then it must not take writes yet. Who freezes a site by hand may be about to end just that.</summary>
    public bool IsForPromotion { get; init; }

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var timeout = world.Runbook.StepOf(Name).Timeout;
        var database = SiteDatabase.OfActive(world, timeout);
        var servers = world.Active.Site.Database?.Servers ?? [];
        // A site that is gone is waited for once: for its databases while its cluster is.
        var fence = world.ActiveIsGone is null ? null : ActiveFence.MeasureAsync(world, cancellationToken);
        try
        {
            var workloads = await SiteWorkloads.ReadAsync(world.Active, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            var writers = workloads.All.Where(one => one.Rule.Writes()).Select(one => one.Workload).ToList();
            // A former site that has come back may sign beside the standby's validators.
            var validators = workloads.All.Where(one => world.HasBegunValidators && one.Rule.Role == WorkloadRole.Validator && one.Workload.Kind != WorkloadKind.DaemonSet).Select(one => one.Workload).ToList();
            var running = writers.Concat(validators).Where(one => one.Desired > 0).Select(one => one.Target).ToList();
            return new FailoverStep
            {
                Name = Name,
                Measured = running.Count == 0 ? $"{world.Active.Name}: no writer runs." : $"{world.Active.Name}: {Wording.List(running)} {(running.Count == 1 ? "runs" : "run")}.",
                Preconditions = [new Precondition("WritersKnown", Known(world, writers.Count)), .. await ConditionsAsync(world, world.Active, cancellationToken).ConfigureAwait(false)],
                Stages = [[.. writers.Concat(validators).Select(workloads.Stop)], .. FreezesLater(world) ? (IReadOnlyList<FailoverAction>[])[] : [[.. servers.Select(database.Freeze)]]],
            };
        }
        catch (DalpException exception)
        {
            return new FailoverStep
            {
                Name = Name,
                Measured = $"{world.Active.Name} can't be reached: {exception.Message}",
                Preconditions = [.. await (fence ?? ActiveFence.MeasureAsync(world, cancellationToken)).ConfigureAwait(false), .. await ConditionsAsync(world, toFreeze: null, cancellationToken).ConfigureAwait(false)],
            };
        }
    }

    // What people promote, they find frozen.
    private static bool FreezesLater(FailoverWorld world) => world.Kind.IsPlanned() && world.Runbook.StepOf("promote").Manual is null;

    private async Task<IReadOnlyList<Precondition>> ConditionsAsync(FailoverWorld world, FailoverSite? toFreeze, CancellationToken cancellationToken) => world.Kind.IsPlanned()
        ?
        [
            .. ReviewCondition.Of(world),
            .. await PlannedConditions.MeasureAsync(world, await PromotionCandidate.MeasureAsync(world, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false),
        ]
        :
        [
            .. IsForPromotion ? ReviewCondition.Of(world) : [],
            .. IsForPromotion ? await SoleWriter.MeasureAsync(world, cancellationToken).ConfigureAwait(false) : [],
            .. toFreeze is null ? [] : await FreezeConditions.MeasureAsync(toFreeze, patience: null, cancellationToken).ConfigureAwait(false),
        ];

    private static Finding Known(FailoverWorld world, int writers) => writers > 0
        ? Finding.Pass(world.Active.Name, "writers", Wording.Count(writers, "workload"), "at least 1")
        : Finding.Unknown(
            world.Active.Name, "writers", "none is named", "at least 1", "No workload of the active site is a writer by the topology, so nobody knows what to stop.", "Give the workloads that write 'role: writer' in the topology, or 'role: signer' where they sign transactions.");
}
