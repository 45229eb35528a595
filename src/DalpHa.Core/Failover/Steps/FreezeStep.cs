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

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = await SiteFreeze.ReadAsync(world, world.Runbook.StepOf(Name).Timeout, cancellationToken).ConfigureAwait(false);
        var freezesNow = !world.Kind.IsPlanned() || world.Runbook.StepOf(FailoverSteps.Promote).Manual is not null;
        // What people promote, they find frozen. What does not answer can't be: it is fenced, or somebody vouches for it, or it is in the way.
        var unseen = freezesNow ? await site.JudgeUnseenAsync(cancellationToken).ConfigureAwait(false) : [];
        var freezes = freezesNow ? site.FreezesBut(unseen) : [];
        return new FailoverStep
        {
            Name = Name,
            Measured = site.Measured,
            Preconditions =
            [
                .. site.Silence is { } silence ? ActiveFence.Unseen(world, silence) : [site.WritersKnown],
                .. unseen.Select(finding => new Precondition(ActiveFence.Name, finding)),
                .. ReviewCondition.Of(world),
                .. world.Kind.IsPlanned()
                    ? await HandOverAsync(world, cancellationToken).ConfigureAwait(false)
                    : [.. await SoleWriter.MeasureAsync(world, cancellationToken).ConfigureAwait(false), .. FreezeConditions.Of(world.Active, site.Servers, patience: null)],
            ],
            // In a planned hand-over nobody's writers wait for a Job to end, and everybody writes until all else is done; else the database waits for nothing.
            Stages = world.Kind.IsPlanned()
                ? [site.Suspensions, site.Stops, freezes]
                : [site.Stops, [.. site.Suspensions.Concat(freezes).Select(action => action with { RunsRegardless = true })]],
        };
    }

    // Nobody's writers are stopped for a hand-over that can't be.
    private static async Task<IReadOnlyList<Precondition>> HandOverAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var candidate = await PromotionCandidate.MeasureAsync(world, cancellationToken).ConfigureAwait(false);
        return [.. await PlannedConditions.MeasureAsync(world, candidate, cancellationToken).ConfigureAwait(false), .. candidate.Preconditions];
    }
}
