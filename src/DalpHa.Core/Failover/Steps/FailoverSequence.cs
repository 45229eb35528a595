using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The steps of a failover in their order. A step that DalpHa does not do yet, or that the runbook gives to people or to a script, is theirs to vouch for.</summary>
public static class FailoverSequence
{
    private static readonly IReadOnlyList<(IStepRecipe Step, IStepRecipe GivenAway)> All =
    [
        // Before the freeze nobody can ask that the active site is frozen.
        (new FreezeStep(), new ManualStep(FailoverSteps.Freeze) { MeasureConditionsAsync = (world, _) => Task.FromResult<IReadOnlyList<Precondition>>([.. ReviewCondition.Of(world)]) }),
        (new ConfirmStep(), new ManualStep(FailoverSteps.Confirm)),
        (new PromoteStep(), new ManualStep(FailoverSteps.Promote)),
        (new WorkloadsStep(), new ManualStep(FailoverSteps.Workloads)),
        ByPeople(new ValidatorFence(new ManualStep(FailoverSteps.Validators, "See that no new block carries a seal of the former validators, and only then start the standby's.")) { StopsThem = true }),
        ByPeople(new ValidatorFence(new ManualStep(FailoverSteps.Traffic, "Switch DNS, load balancer or traffic manager to the standby, and see every authoritative server answer with it."))),
        ByPeople(new ValidatorFence(new ManualStep(FailoverSteps.Validate, "See the dApp, the API, RPC, quorum, observability and the evidence work on the standby.") { ToBeSeen = runbook => runbook.ValidationChecks })),
        (new IsolateStep(), new ManualStep(FailoverSteps.Isolate)),
    ];

    /// <summary>The recipes for a runbook.</summary>
    public static IReadOnlyList<IStepRecipe> For(DalpRunbook runbook) => [.. All.Select(one => runbook.StepOf(one.Step.Name) is { Manual: null, Hook: null } ? one.Step : one.GivenAway)];

    /// <summary>The steps for which people still have to vouch, in their order: a run comes to each of them with a question.</summary>
    /// <param name="runbook">The runbook.</param>
    /// <param name="until">The last step to run; null for all.</param>
    /// <param name="vouched">The steps whose word is there.</param>
    /// <param name="begun">The journal of one that goes on: what is done is not asked for again; null for one that begins.</param>
    public static IEnumerable<RunbookStep> ToVouchFor(DalpRunbook runbook, string? until, IEnumerable<string> vouched, JournalChain? begun)
    {
        foreach (var recipe in For(runbook))
        {
            if (recipe.Mode == StepMode.Manual && !vouched.Contains(recipe.Name) && begun?.IsDone(recipe.Name) != true)
            {
                yield return runbook.StepOf(recipe.Name);
            }
            if (recipe.Name == until)
            {
                yield break;
            }
        }
    }

    /// <summary>The step before one; null before the first.</summary>
    public static string? Before(string step) => All.Select(one => one.Step.Name).TakeWhile(name => name != step).LastOrDefault();

    private static (IStepRecipe Step, IStepRecipe GivenAway) ByPeople(IStepRecipe step) => (step, step);
}
