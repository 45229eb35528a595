namespace DalpHa.Core.Failover;

/// <summary>A step that people do, and its owner vouches for. What is written in the runbook is what he is shown.</summary>
/// <param name="name">The step's name.</param>
/// <param name="task">What is to be done when the runbook does not say.</param>
public sealed class ManualStep(string name, string task) : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken) => new()
    {
        Name = name,
        Mode = StepMode.Manual,
        Measured = world.Runbook.StepOf(name).Manual ?? task,
        Preconditions = await ActiveFence.MeasureAsync(world, cancellationToken).ConfigureAwait(false),
    };
}
