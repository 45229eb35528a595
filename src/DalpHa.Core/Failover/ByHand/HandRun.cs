using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>
/// Runs one step that an operator does by hand: the same preconditions and actions as in a failover, without owner and lease. It ends before the
/// first stage that rests on something which was not done.
/// </summary>
/// <param name="crew">Who is asked and told.</param>
/// <param name="time">The clock.</param>
/// <param name="journal">Where it is written down.</param>
public sealed class HandRun(IHandCrew crew, TimeProvider time, HandJournal journal)
{
    private Func<CancellationToken, Task<FailoverStep>>? measureAgainAsync;
    private Func<CancellationToken, Task<FailoverStep>>? vetoAsync;
    private Moment seen = Moment.Now(time);

    // Whether somebody did not agree to something, or it changed meanwhile: then nothing more is done, whatever it is.
    private bool isRefused;

    /// <summary>Runs it; each action's result is told as it comes.</summary>
    /// <param name="step">The step as it was measured just now.</param>
    /// <param name="measureAsync">Measures it once more, where a prompt has kept it waiting.</param>
    /// <param name="cancellationToken">Ends it before the next action.</param>
    /// <returns>Whether every outcome was seen.</returns>
    /// <exception cref="DalpException">It may not begin (<c>PreconditionUnmet</c>); nothing was done.</exception>
    public async Task<bool> RunAsync(FailoverStep step, Func<CancellationToken, Task<FailoverStep>> measureAsync, CancellationToken cancellationToken)
    {
        (measureAgainAsync, vetoAsync, seen) = (measureAsync, measureAsync, Moment.Now(time));
        await RequireMetAsync(step, cancellationToken).ConfigureAwait(false);
        await HandRehearsal.RunAsync(journal, cancellationToken).ConfigureAwait(false);
        var isDone = false;
        IReadOnlyList<DalpCheckResult> found = [];
        try
        {
            isDone = await RunStagesAsync(step, cancellationToken).ConfigureAwait(false);
            found = isDone ? await step.LookAfterAsync(cancellationToken).ConfigureAwait(false) : [];
        }
        finally
        {
            await journal.EndAsync(
                isDone ? JournalEvent.StepDone : JournalEvent.Stopped, step, isDone ? "Every outcome was seen." : "Not all of it is done.", found).ConfigureAwait(false);
        }
        foreach (var finding in found)
        {
            crew.Found(finding);
        }
        return isDone;
    }

    /// <summary>Runs its stages, one after the other; false when an outcome was not seen.</summary>
    internal async Task<bool> RunStagesAsync(FailoverStep step, CancellationToken cancellationToken)
    {
        var isDone = true;
        foreach (var stage in step.Stages)
        {
            var due = stage.Where(action => isDone || (action.RunsRegardless && !isRefused)).ToList();
            foreach (var action in stage.Except(due))
            {
                End(action, new ActionResult(FailoverOutcome.NotStarted, HasActed: false, "What comes before it is not done."));
            }
            isDone &= await RunStageAsync(step, due, cancellationToken).ConfigureAwait(false);
        }
        return isDone;
    }

    /// <summary>Refuses a step whose preconditions do not hold, and warns of those that hold only just.</summary>
    /// <exception cref="DalpException">One does not hold (<c>PreconditionUnmet</c>).</exception>
    public static void RequireMet(IHandCrew crew, FailoverStep step)
    {
        foreach (var (name, finding) in step.Preconditions.Where(precondition => precondition.Finding.Status == CheckStatus.Warn))
        {
            crew.Warn($"{name}: {finding.Site} {finding.Target}: {finding.Observed}. {finding.Detail} {finding.Remediation}".TrimEnd());
        }
        var unmet = step.Unmet.ToList();
        if (unmet.Count > 0)
        {
            throw new DalpException(
                "PreconditionUnmet",
                FaultKind.Conflict,
                $"Nothing was done. {string.Join(" ", unmet.Select(one => $"{one.Name}: {one.Finding.Site} {one.Finding.Target}: {one.Finding.Observed}, expected {one.Finding.Expected}. {one.Finding.Detail}".TrimEnd()))}",
                unmet[0].Finding.Remediation,
                unmet[0].Finding.Target);
        }
    }

    // Where all is done already, not knowing whether it might be done keeps nobody from being told so. What is known to be wrong does.
    private async Task RequireMetAsync(FailoverStep step, CancellationToken cancellationToken)
    {
        var actions = step.Stages.SelectMany(stage => stage).ToList();
        var onlyUnseen = step.Unmet.Any() && actions.Count > 0 && step.Unmet.All(one => one.Finding.Status == CheckStatus.Unknown);
        if (!onlyUnseen || (await LookAsync(actions, cancellationToken).ConfigureAwait(false)).Any(look => !look.Seen.Holds))
        {
            RequireMet(crew, step);
        }
    }

    private async Task<bool> RunStageAsync(FailoverStep step, IReadOnlyList<FailoverAction> stage, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (toDo, all) = (new List<FailoverAction>(), true);
        foreach (var (action, seen, unseen) in await LookAsync(stage, cancellationToken).ConfigureAwait(false))
        {
            if (seen.Holds)
            {
                End(action, new ActionResult(FailoverOutcome.Succeeded, HasActed: false, seen.Seen));
            }
            else if (unseen is not null)
            {
                all = false;
                End(action, new ActionResult(FailoverOutcome.NotStarted, HasActed: false, unseen.Message));
            }
            else if (await crew.ConfirmAsync(action, seen.Seen, cancellationToken).ConfigureAwait(false))
            {
                toDo.Add(action);
            }
            else
            {
                (all, isRefused) = (false, true);
                End(action, new ActionResult(FailoverOutcome.NotStarted, HasActed: false, "It was not agreed to."));
            }
        }
        if (toDo.Count > 0 && await ChangedAsync(cancellationToken).ConfigureAwait(false) is { } changed)
        {
            foreach (var action in toDo)
            {
                End(action, new ActionResult(FailoverOutcome.NotStarted, HasActed: false, changed));
            }
            isRefused = true;
            return false;
        }
        all &= (await Task.WhenAll(toDo.Select(action => DoAsync(step, action, cancellationToken))).ConfigureAwait(false)).All(isDone => isDone);
        seen = all && toDo.Count > 0 ? Moment.Now(time) : seen;
        return all;
    }

    // Only before the first action: what a step has begun does not have to look as it did when nobody had touched it.
    private async Task<string?> ChangedAsync(CancellationToken cancellationToken)
    {
        if (measureAgainAsync is not { } measureAsync)
        {
            return null;
        }
        measureAgainAsync = null;
        return await ChangedSinceAsync(measureAsync, cancellationToken).ConfigureAwait(false) is { Refusal: { } refusal } ? $"It changed while it was asked for. {refusal}" : null;
    }

    // What can't be undone rests on what was seen just now, whatever was done and asked in between. What the step itself has begun may be unseen for a while, as a server is that
    // it restarts; what is known to be wrong stops it.
    private async Task<string?> VetoAsync(FailoverAction action, CancellationToken cancellationToken)
    {
        if (action.CanBeUndone || vetoAsync is not { } measureAsync)
        {
            return null;
        }
        try
        {
            if (await ChangedSinceAsync(measureAsync, cancellationToken).ConfigureAwait(false) is not { } now
                || FailoverStep.RefusalOf(now.Preconditions.Where(one => one.Finding.Status == CheckStatus.Fail)) is not { } refusal)
            {
                return null;
            }
            isRefused = true;
            return $"It changed before it was done. {refusal}";
        }
        catch (DalpException exception)
        {
            return $"{exception.Message} {exception.RecommendedAction}";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return "The operator asked to stop.";
        }
    }

    // Null where what was seen is new enough.
    private async Task<FailoverStep?> ChangedSinceAsync(Func<CancellationToken, Task<FailoverStep>> measureAsync, CancellationToken cancellationToken)
    {
        if (seen.Age <= FailoverStep.MeasurementHolds)
        {
            return null;
        }
        var begun = Moment.Now(time);
        var now = await measureAsync(cancellationToken).ConfigureAwait(false);
        seen = begun;
        return now;
    }

    private async Task<bool> DoAsync(FailoverStep step, FailoverAction action, CancellationToken cancellationToken)
    {
        ActionResult result;
        try
        {
            var runner = RunnerFor(crew, time, journal, step, VetoAsync);
            result = await runner.RunAsync(action, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception)
        {
            // It could not be looked at before it was begun.
            result = new ActionResult(FailoverOutcome.NotStarted, HasActed: false, exception.Message);
        }
        End(action, result);
        return result.Outcome == FailoverOutcome.Succeeded;
    }

    /// <summary>What does the actions of a step, and writes them down.</summary>
    internal static ActionRunner RunnerFor(
        IHandCrew crew, TimeProvider time, HandJournal journal, FailoverStep step, Func<FailoverAction, CancellationToken, Task<string?>>? vetoAsync = null) => new(time)
    {
        VetoAsync = vetoAsync ?? ((_, _) => Task.FromResult<string?>(null)),
        AnnounceAsync = (action, before, _) => journal.AnnounceAsync(step, action, before.Seen),
        RecordAsync = (action, result) => journal.RecordAsync(step, action, result),
        Show = (action, seen) => crew.Show(action.Name, seen),
    };

    private static async Task<IReadOnlyList<(FailoverAction Action, Sighting Seen, DalpException? Unseen)>> LookAsync(IReadOnlyList<FailoverAction> actions, CancellationToken cancellationToken)
    {
        return await Task.WhenAll(actions.Select(LookAsync)).ConfigureAwait(false);

        async Task<(FailoverAction, Sighting, DalpException?)> LookAsync(FailoverAction action)
        {
            try
            {
                return (action, await action.LookAsync(cancellationToken).ConfigureAwait(false), null);
            }
            catch (DalpException exception)
            {
                return (action, default, exception);
            }
        }
    }

    private void End(FailoverAction action, ActionResult result) => crew.Ended(new DalpActionResult
    {
        Site = action.Site,
        Action = action.Name,
        Outcome = result.Outcome,
        HasActed = result.HasActed,
        Detail = result.Detail,
        At = time.GetUtcNow(),
        JournalPath = journal.Path,
    });
}
