using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Step 3: the standby database becomes the primary, once the active site can't write. In a planned hand-over the database is frozen here and not before, and all
/// that is asked and measured is so before that: from its last write to the first on the other side nobody is waited for.
/// </summary>
public sealed class PromoteStep : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => FailoverSteps.Promote;

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var timeout = world.Runbook.StepOf(Name).Timeout;
        var isPlanned = world.Kind.IsPlanned();
        // Before the fence is looked at: nothing of the site is to be looked at later than that.
        var former = PromotedServer.FindFormerAsync(world, cancellationToken);
        var fence = isPlanned ? ActiveFence.MeasureWritersAsync(world, cancellationToken) : ActiveFence.MeasureAsync(world, cancellationToken);
        var promotion = Promotions.For(world, timeout);
        var measuring = promotion.MeasureAsync(cancellationToken);
        var candidate = await PromotionCandidate.MeasureAsync(world, cancellationToken).ConfigureAwait(false);
        var planned = isPlanned ? await PlannedConditions.MeasureAsync(world, candidate, cancellationToken).ConfigureAwait(false) : [];
        var promoted = await PromotedServer.MeasureAsync(world, candidate, await former.ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        var conditions = await measuring.ConfigureAwait(false);
        var drain = isPlanned && !promotion.StopsTheActive ? new PrimaryDrain(world, candidate.Server) : null;
        var isWatched = drain is not null && (!candidate.IsPromoted || world.Drained is not null);
        return new FailoverStep
        {
            Name = Name,
            Measured = candidate.Measured,
            Preconditions =
            [
                .. await fence.ConfigureAwait(false),
                .. planned,
                .. candidate.Preconditions,
                .. promoted.Preconditions,
                .. conditions,
            ],
            Facts = candidate.Facts,
            LookAfterAsync = promoted.LookAsync,
            Stages = candidate.CanBeLookedAt && planned.All(precondition => precondition.IsMet)
                ?
                [
                    .. drain is null ? (IReadOnlyList<FailoverAction>[])[] : [[drain.Action(timeout)]],
                    .. promotion.Stages(candidate.Server),
                    [
                        // It may have been frozen when it was the primary of an earlier time.
                        SiteDatabase.OfStandby(world, timeout).Thaw(candidate.Server),
                        .. isWatched ? (IReadOnlyList<FailoverAction>)[new FormerPrimary(world, () => drain?.Drained ?? world.Drained).LookOnceMore(timeout)] : [],
                    ],
                ]
                : [],
        };
    }
}
