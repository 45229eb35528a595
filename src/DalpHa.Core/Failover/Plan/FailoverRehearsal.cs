using System.Runtime.CompilerServices;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Goes through the steps of a failover on a simulated world: what is read is real, what would be written is only told, and each step sees what those
/// before it would have left. So a plan and <c>-WhatIf</c> are made by the very recipes and actions that a failover runs.
/// </summary>
/// <param name="world">The world, with ports that only tell.</param>
public sealed class FailoverRehearsal(FailoverWorld world)
{
    /// <summary>Rehearses the sequence.</summary>
    /// <param name="id">The failover's id.</param>
    /// <param name="cancellationToken">Ends the rehearsal.</param>
    public async Task<DalpFailoverPlan> PlanAsync(string id, CancellationToken cancellationToken)
    {
        var measuredAt = world.Time.GetUtcNow();
        var steps = new List<DalpPlanStep>();
        MeasuredLoss? loss = null;
        await foreach (var (step, found) in GoThroughAsync(cancellationToken).ConfigureAwait(false))
        {
            loss ??= MeasuredLoss.In(found);
            steps.Add(step);
        }
        return new DalpFailoverPlan
        {
            Id = id,
            Kind = world.Kind,
            Topology = world.Topology,
            Runbook = world.Runbook,
            MeasuredAt = measuredAt,
            MaxDataLoss = world.MaxDataLoss,
            ActiveIsGone = world.ActiveIsGone,
            Steps = steps,
            LossTime = loss?.Time,
            LossBytes = loss?.Bytes,
        };
    }

    /// <summary>Rehearses a run: to the step that it is to end with, or to the first that it would not begin. What follows that would not be sent, so it is not told.</summary>
    /// <param name="until">The last step to run; null for all.</param>
    /// <param name="told">What the world's ports have told: of the step that would not be begun it is taken out again.</param>
    /// <param name="cancellationToken">Ends the rehearsal.</param>
    /// <returns>What the run would stop at, in lines to warn of; none when it would come to its end.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(string? until, List<ToldWrite> told, CancellationToken cancellationToken)
    {
        var begun = told.Count;
        await foreach (var (step, _) in GoThroughAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!step.IsReady)
            {
                told.RemoveRange(begun, told.Count - begun);
                return step.MayBeDeferred
                    ? [.. step.Blockers.Select(blocker => $"Not yet: {step.Step}: {blocker}.")]
                    :
                    [
                        .. step.Blockers.Select(blocker => $"In the way of {step.Step}: {blocker}."),
                        $"Neither '{step.Step}' nor anything after it would be begun, so no more is told. A new failover is not begun at all then, unless -Until names a step before it.",
                    ];
            }
            if (step.Step == until)
            {
                break;
            }
            begun = told.Count;
        }
        return [];
    }

    private async IAsyncEnumerable<(DalpPlanStep Step, IReadOnlyDictionary<string, string> Facts)> GoThroughAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (now, number) = (world, 0);
        foreach (var recipe in FailoverSequence.For(world.Runbook))
        {
            var step = await recipe.MeasureAsync(now, cancellationToken).ConfigureAwait(false);
            if (step is { Name: FailoverSteps.Freeze, Mode: StepMode.Manual })
            {
                // What people do can't be rehearsed, and all that follows rests on it.
                now = now with { AssumesFreeze = true };
                step = step with { Measured = $"{step.Measured} What follows assumes that it is done." };
            }
            if (step is { Name: FailoverSteps.Promote, Mode: StepMode.Manual })
            {
                await ShowPromotedAsync(cancellationToken).ConfigureAwait(false);
                step = step with { Measured = $"{step.Measured} What follows assumes that it is done." };
            }
            var (rehearsed, actions) = await RehearseAsync(step, cancellationToken).ConfigureAwait(false);
            yield return (Describe(rehearsed, ++number, actions), step.Facts);
        }
    }

    // Which server people promote is the runbook's to name; where it names none of several, nothing is assumed.
    private async Task ShowPromotedAsync(CancellationToken cancellationToken)
    {
        var candidate = await PromotionCandidate.MeasureAsync(world, cancellationToken).ConfigureAwait(false);
        if (candidate is { IsPromoted: false, Lag: not null })
        {
            (await world.Standby.OpenDatabaseAsync(candidate.Server, cancellationToken).ConfigureAwait(false) as TellingDatabaseControl)?.ShowPromoted();
        }
    }

    // What can't be gone through beforehand is in the way, and no reason to have no plan.
    private async Task<(FailoverStep Step, IReadOnlyList<DalpPlanAction> Actions)> RehearseAsync(FailoverStep step, CancellationToken cancellationToken)
    {
        try
        {
            return (step, await DoAsync(step, cancellationToken).ConfigureAwait(false));
        }
        catch (DalpException exception)
        {
            var unseen = Finding.Unknown(world.Active.Name, step.Name, "can't be rehearsed", "gone through", exception.Message, exception.RecommendedAction);
            return (
                step with { Preconditions = [.. step.Preconditions, new Precondition("CanBeRehearsed", unseen)] },
                [.. step.Stages.SelectMany(stage => stage).Select(action => new DalpPlanAction(action.Name, action.Site, action.Outcome, IsNeeded: true, action.CanBeUndone))]);
        }
    }

    /// <summary>Does what a step would on a simulated world, action after action.</summary>
    /// <returns>Its actions, and which of them are needed.</returns>
    public static async Task<IReadOnlyList<DalpPlanAction>> DoAsync(FailoverStep step, CancellationToken cancellationToken)
    {
        var actions = new List<DalpPlanAction>();
        foreach (var action in step.Stages.SelectMany(stage => stage))
        {
            var isNeeded = !await HoldsAsync(action, cancellationToken).ConfigureAwait(false);
            if (isNeeded)
            {
                await action.ActAsync(cancellationToken).ConfigureAwait(false);
            }
            actions.Add(new DalpPlanAction(action.Name, action.Site, action.Outcome, isNeeded, action.CanBeUndone));
        }
        return actions;
    }

    private static async Task<bool> HoldsAsync(FailoverAction action, CancellationToken cancellationToken)
    {
        try
        {
            return (await action.LookAsync(cancellationToken).ConfigureAwait(false)).Holds;
        }
        catch (DalpException)
        {
            // What can't be seen to be done is to be done.
            return false;
        }
    }

    private DalpPlanStep Describe(FailoverStep step, int number, IReadOnlyList<DalpPlanAction> actions)
    {
        var plan = world.Runbook.StepOf(step.Name);
        return new DalpPlanStep
        {
            Number = number,
            Step = step.Name,
            Owner = plan.Owner,
            Mode = step.Mode,
            Measured = step.Measured,
            Preconditions = step.Preconditions,
            Actions = actions,
            StopCondition = plan.StopCondition,
            Timeout = plan.Timeout,
            Expected = plan.Expected,
        };
    }
}
