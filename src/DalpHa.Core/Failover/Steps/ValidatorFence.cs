using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// A step that is begun when the standby's validators may sign: none of the former ones does. The step <c>validators</c> itself stops them first, sees them gone, and
/// only then is its owner asked to start the standby's. His word counts for what can't be seen: where the former site answers, it is looked at once more after it.
/// </summary>
/// <param name="step">The step.</param>
internal sealed class ValidatorFence(IStepRecipe step) : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => step.Name;

    /// <inheritdoc/>
    public StepMode Mode => step.Mode;

    /// <summary>Whether the step itself stops the former ones.</summary>
    public bool StopsThem { get; init; }

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var stops = StopsThem ? await StopsAsync(world, cancellationToken).ConfigureAwait(false) : null;
        var begun = world with { HasBegunValidators = true };
        // What the step itself stops is in nobody's way before it.
        var measured = await step.MeasureAsync(stops is null ? begun : world, cancellationToken).ConfigureAwait(false);
        return measured with
        {
            Stages = [.. stops ?? [], .. measured.Stages],
            LookAtWordAsync = token => ActiveFence.MeasureAsync(begun, token),
        };
    }

    /// <returns>What stops the former ones; null where their site can't be seen.</returns>
    private static async Task<IReadOnlyList<IReadOnlyList<FailoverAction>>?> StopsAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var timeout = world.Runbook.StepOf(FailoverSteps.Validators).Timeout;
        try
        {
            var workloads = await SiteWorkloads.ReadAsync(world.Active, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            return
            [
                [
                    .. workloads.All.Where(one => one.Rule.Role == WorkloadRole.Validator && one.Workload.Kind != WorkloadKind.DaemonSet).Select(one => workloads.Stop(one.Workload)),
                    .. workloads.CronJobs.Where(one => one.Rule.MustRunOnce()).Select(one => workloads.Suspend(one.CronJob)),
                ],
                [ActiveFence.SeeNothingLeft(world, timeout)],
            ];
        }
        catch (DalpException)
        {
            return null;
        }
    }
}
