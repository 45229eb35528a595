using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// A step whose outcome DalpHa can't see yet: people do it, or a script of the runbook's does, and its owner vouches for it either way. What is written in
/// the runbook is what he is shown.
/// </summary>
/// <param name="name">The step's name.</param>
/// <param name="task">What is to be done when the runbook does not say.</param>
public sealed class ManualStep(string name, string task = "") : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public StepMode Mode => StepMode.Manual;

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var plan = world.Runbook.StepOf(name);
        return new FailoverStep
        {
            Name = name,
            Mode = Mode,
            Measured = (plan.Manual ?? (plan.Hook is { } hook ? $"{Path.GetFileName(hook)} runs; then see that it did what it should." : task)) + Checks(world.Runbook),
            // Before the freeze nobody can ask that the active site is frozen.
            Preconditions = name == FailoverSteps.Freeze ? [.. ReviewCondition.Of(world)] : await ActiveFence.MeasureAsync(world, cancellationToken).ConfigureAwait(false),
            Stages = plan.Hook is { } script ? [[Run(world, script, plan.Timeout)]] : [],
        };
    }

    // Who vouches that the platform serves again has before him what must be seen for that.
    private string Checks(DalpRunbook runbook) =>
        name == FailoverSteps.Validate && runbook.ValidationChecks.Count > 0 ? $" To be seen: {string.Join("; ", runbook.ValidationChecks.Select(check => check.TrimEnd('.')))}." : "";

    // That a script ran is all that can be seen of it here; what it did, its owner looks at.
    private FailoverAction Run(FailoverWorld world, string script, TimeSpan timeout)
    {
        var hasRun = false;
        return new FailoverAction
        {
            Name = $"Run {Path.GetFileName(script)}",
            Site = world.Standby.Name,
            Outcome = $"{Path.GetFileName(script)} has run",
            LookAsync = _ => Task.FromResult(hasRun ? Sighting.Yes("It has run.") : Sighting.NotYet("It has not run in this session.")),
            ActAsync = async cancellationToken =>
            {
                await world.RunHookAsync(new HookCall(script, name), cancellationToken).ConfigureAwait(false);
                hasRun = true;
            },
            Timeout = timeout,
        };
    }
}
