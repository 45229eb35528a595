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

    /// <summary>What must hold before it begins: that the active site is fenced.</summary>
    internal Func<FailoverWorld, CancellationToken, Task<IReadOnlyList<Precondition>>> MeasureConditionsAsync { get; init; } = ActiveFence.MeasureAsync;

    /// <summary>What its owner must see before he vouches for it, where the runbook lists that.</summary>
    internal Func<DalpRunbook, IReadOnlyList<string>> ToBeSeen { get; init; } = _ => [];

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var plan = world.Runbook.StepOf(name);
        return new FailoverStep
        {
            Name = name,
            Mode = Mode,
            Measured = (plan.Manual ?? (plan.Hook is { } hook ? $"{Path.GetFileName(hook)} runs; then see that it did what it should." : task)) + Checks(world.Runbook),
            Preconditions = await MeasureConditionsAsync(world, cancellationToken).ConfigureAwait(false),
            Stages = plan.Hook is { } script ? [[Run(world, script, plan.Timeout)]] : [],
        };
    }

    private string Checks(DalpRunbook runbook) => ToBeSeen(runbook) is { Count: > 0 } checks ? $" To be seen: {string.Join("; ", checks.Select(check => check.TrimEnd('.')))}." : "";

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
