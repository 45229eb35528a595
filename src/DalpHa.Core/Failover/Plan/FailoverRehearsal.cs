using System.Globalization;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
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
        IReadOnlyDictionary<string, string> facts = new Dictionary<string, string>();
        var now = world;
        foreach (var recipe in FailoverSequence.For(world.Runbook))
        {
            var step = await recipe.MeasureAsync(now, cancellationToken).ConfigureAwait(false);
            facts = step.Facts.ContainsKey("lossSeconds") && facts.Count == 0 ? step.Facts : facts;
            if (step is { Name: FailoverSteps.Freeze, Mode: StepMode.Manual })
            {
                // What people do can't be rehearsed, and all that follows rests on it.
                now = now with { AssumesFreeze = true };
                step = step with { Measured = $"{step.Measured} What follows assumes that it is done." };
            }
            var (rehearsed, actions) = await RehearseAsync(step, cancellationToken).ConfigureAwait(false);
            steps.Add(Describe(rehearsed, steps.Count + 1, actions));
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
            LossTime = double.TryParse(facts.GetValueOrDefault("lossSeconds"), CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null,
            LossBytes = long.TryParse(facts.GetValueOrDefault("lossBytes"), CultureInfo.InvariantCulture, out var bytes) ? bytes : null,
        };
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
