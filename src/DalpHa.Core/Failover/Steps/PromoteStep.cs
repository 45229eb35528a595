namespace DalpHa.Core.Failover;

/// <summary>Step 3: the standby database becomes the primary, once the active site can't write.</summary>
public sealed class PromoteStep : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => "promote";

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var fence = ActiveFence.MeasureAsync(world, cancellationToken);
        var candidate = await PromotionCandidate.MeasureAsync(world, cancellationToken).ConfigureAwait(false);
        var promotion = Promotions.For(world, world.Runbook.StepOf(Name).Timeout);
        return new FailoverStep
        {
            Name = Name,
            Measured = candidate.Measured,
            Preconditions = [.. await fence.ConfigureAwait(false), .. candidate.Preconditions, .. await promotion.MeasureAsync(cancellationToken).ConfigureAwait(false)],
            Facts = candidate.Facts,
            Stages = candidate.IsUsable ? promotion.Stages(candidate.Server) : [],
        };
    }
}
