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

    // The last step stops what runs there itself.
    private static IStepRecipe Fenced(IStepRecipe recipe) => recipe.Name is FailoverSteps.Validators or FailoverSteps.Traffic or FailoverSteps.Validate ? new ValidatorFence(recipe) : recipe;
}
