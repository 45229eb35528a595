using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The steps of a failover in their order. A step that DalpHa does not do yet, or that the runbook gives to people or to a script, is theirs to vouch for.</summary>
public static class FailoverSequence
{
    private static readonly IReadOnlyList<IStepRecipe> All =
    [
        new FreezeStep { IsForPromotion = true },
        new ConfirmStep(),
        new PromoteStep(),
        new WorkloadsStep(),
        new ManualStep(FailoverSteps.Validators, "See that no new block carries a seal of the former validators, and only then start the standby's."),
        new ManualStep(FailoverSteps.Traffic, "Switch DNS, load balancer or traffic manager to the standby, and see every authoritative server answer with it."),
        new ManualStep(FailoverSteps.Validate, "See the dApp, the API, RPC, quorum, observability and the evidence work on the standby."),
        new IsolateStep(),
    ];

    /// <summary>The recipes for a runbook.</summary>
    public static IReadOnlyList<IStepRecipe> For(DalpRunbook runbook) =>
        [.. All.Select(recipe => runbook.StepOf(recipe.Name) is { Manual: null, Hook: null } ? recipe : new ManualStep(recipe.Name)).Select(Fenced)];

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
    public static string? Before(string step) => All.TakeWhile(recipe => recipe.Name != step).LastOrDefault()?.Name;

    // The last step stops what runs there itself.
    private static IStepRecipe Fenced(IStepRecipe recipe) => recipe.Name is FailoverSteps.Validators or FailoverSteps.Traffic or FailoverSteps.Validate ? new ValidatorFence(recipe) : recipe;
}
