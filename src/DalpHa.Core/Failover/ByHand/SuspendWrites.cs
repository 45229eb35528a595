using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// The freeze of a site by hand: of two that take writes, it may be about to end just that. As much is done as can be: where the cluster does not answer, its databases
/// are frozen all the same, and it is told that the writers were not stopped. Acts on the world's active site.
/// </summary>
public sealed class SuspendWrites : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => FailoverSteps.Freeze;

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = await SiteFreeze.ReadAsync(world, world.Runbook.StepOf(Name).Timeout, cancellationToken).ConfigureAwait(false);
        var unseen = await site.JudgeUnseenAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Finding> fenced = [.. unseen.Where(finding => finding.Status == CheckStatus.Pass)];
        return new FailoverStep
        {
            Name = Name,
            Measured = site.Measured,
            Preconditions =
            [
                .. site.Silence switch
                {
                    null => [site.WritersKnown],
                    { } silence when site.Servers.All(one => one.Now is null) => (IReadOnlyList<Precondition>)[new Precondition(ActiveFence.Name, SiteFence.OfActive(world, takesWord: false).Unseen("writers", silence))],
                    _ => [],
                },
                .. fenced.Select(finding => new Precondition(ActiveFence.Name, finding)),
                .. FreezeConditions.Of(world.Active, site.Servers, patience: null),
            ],
            Stages =
            [
                site.Stops,
                [.. site.Suspensions.Concat(site.FreezesBut(fenced)).Select(action => action with { RunsRegardless = true })],
                site.Silence is null ? [] : [StopUnseen(world, site.Silence)],
            ],
        };
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
}
