namespace DalpHa.Core.Failover;

/// <summary>The people beside the engine: who is asked before each step, and who is shown how it goes.</summary>
public interface IFailoverCrew
{
    /// <summary>Asks a step's owner whether it shall begin, and shows what the decision rests on.</summary>
    /// <returns>False to stop here.</returns>
    Task<bool> ConfirmAsync(StepQuestion question, CancellationToken cancellationToken);

    /// <summary>Asks the owner of a manual step to vouch that it is done.</summary>
    /// <returns>What he vouches for, in his words with his name; null to stop here.</returns>
    Task<string?> AttestAsync(StepQuestion question, CancellationToken cancellationToken);

    /// <summary>Is shown what happens.</summary>
    void Show(FailoverProgress progress);

    /// <summary>Is told what became of a step.</summary>
    void StepEnded(DalpStepResult result);
}

/// <summary>What the owner of a step is asked.</summary>
/// <param name="Step">The step, as measured just now.</param>
/// <param name="Plan">The runbook's words on it: owner, stop condition, bounds.</param>
/// <param name="Number">Its number in the sequence, from 1.</param>
/// <param name="Count">How many steps there are.</param>
public sealed record StepQuestion(FailoverStep Step, RunbookStep Plan, int Number, int Count);

/// <summary>How far a failover is.</summary>
/// <param name="Step">The step.</param>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Count">How many steps there are.</param>
/// <param name="Action">The action, or null.</param>
/// <param name="Seen">What was seen last.</param>
/// <param name="Elapsed">Since the failover began.</param>
/// <param name="Remaining">What the runbook expects of the rest, less the time that the step has taken; null when it does not say of every step that is left.</param>
public sealed record FailoverProgress(string Step, int Number, int Count, string? Action, string Seen, TimeSpan Elapsed, TimeSpan? Remaining);
