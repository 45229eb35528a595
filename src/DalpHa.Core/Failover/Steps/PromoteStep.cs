using DalpHa.Core.Readiness;

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
        var database = new SiteDatabase(world.Standby, world.Runbook.StepOf(Name).Timeout, world.Time);
        return new FailoverStep
        {
            Name = Name,
            Measured = candidate.Measured,
            Preconditions = [.. await fence.ConfigureAwait(false), .. candidate.Preconditions, .. Supported(world)],
            Facts = candidate.Facts,
            Stages = candidate.IsUsable ? [[database.Promote(candidate.Server, $"dalpha {world.Topology.Name}")], [database.Thaw(candidate.Server)]] : [],
        };
    }

    private static IEnumerable<Precondition> Supported(FailoverWorld world)
    {
        if (world.Runbook.Promotion.Method != PromotionMethod.SelfRun)
        {
            yield return new Precondition("MethodSupported", Finding.Unknown(
                world.Standby.Name, "promotion", world.Runbook.Promotion.Method.ToString(), "SelfRun", "This version promotes self-run servers only.", "Promote by hand, and let the owner of the step vouch for it: steps[].manual in the runbook."));
        }
    }
}
