using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Runs the steps of a failover, one after the other: measure, ask, announce in the journal, act, look for the outcome, record it. It stops before the
/// first step whose preconditions do not hold, whose owner says no, or whose outcome does not come; nothing after it is begun.
/// </summary>
/// <param name="id">The failover's id.</param>
/// <param name="runbook">Owners, stop conditions and bounds.</param>
/// <param name="world">Both sites.</param>
/// <param name="journal">The journal, opened.</param>
/// <param name="lease">The lease, held.</param>
/// <param name="crew">Who is asked and shown.</param>
/// <param name="time">The clock.</param>
public sealed class FailoverEngine(string id, DalpRunbook runbook, FailoverWorld world, FailoverJournal journal, FailoverLease lease, IFailoverCrew crew, TimeProvider time)
{
    private static readonly Dictionary<string, string> Final = new() { [JournalFact.Final] = "true" };
    private readonly long begun = time.GetTimestamp();

    /// <summary>Runs the recipes in their order, up to and with a step, or to the end.</summary>
    /// <returns>One result for each step that was reached; the last is not Succeeded when the run stopped.</returns>
    /// <exception cref="DalpException">There is no such step to stop after (<c>StepNotKnown</c>); nothing was begun.</exception>
    public async IAsyncEnumerable<DalpStepResult> RunAsync(
        IReadOnlyList<IStepRecipe> recipes, string? until, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RequireStep(recipes, until);
        for (var number = 1; number <= recipes.Count; number++)
        {
            var result = await RunStepAsync(recipes, number, cancellationToken).ConfigureAwait(false);
            yield return result;
            if (result.Outcome != FailoverOutcome.Succeeded)
            {
                yield break;
            }
            if (result.Step == until)
            {
                await journal.RecordAsync(JournalEvent.Stopped, result.Step, null, $"Stopped after '{until}', as asked.", CancellationToken.None).ConfigureAwait(false);
                yield break;
            }
        }
        await journal.RecordAsync(JournalEvent.Finished, null, null, "Every step is done.", CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Refuses to stop after a step that never comes: all of them would be run.</summary>
    /// <exception cref="DalpException">It is none of the recipes (<c>StepNotKnown</c>).</exception>
    internal static void RequireStep(IReadOnlyList<IStepRecipe> recipes, string? until)
    {
        if (until is not null && !recipes.Any(recipe => recipe.Name == until))
        {
            throw FailoverSteps.NotKnown(until);
        }
    }

    private async Task<DalpStepResult> RunStepAsync(IReadOnlyList<IStepRecipe> recipes, int number, CancellationToken cancellationToken)
    {
        var recipe = recipes[number - 1];
        var plan = runbook.StepOf(recipe.Name);
        var run = new StepRun(id, plan, number, recipes.Count, token => recipe.MeasureAsync(world, token), time);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Show(run, null, "Measuring");
            var begunToMeasure = Moment.Now(time);
            var step = await run.MeasureAsync(cancellationToken).ConfigureAwait(false);
            if (step.Refusal is { } refusal)
            {
                return await StopAsync(run, FailoverOutcome.NotStarted, refusal).ConfigureAwait(false);
            }
            return step.Mode == StepMode.Manual
                ? await RunManualAsync(run, Question(step), AgreeAsync, cancellationToken).ConfigureAwait(false)
                : await RunAutomaticAsync(run, Question(step), AgreeAsync, cancellationToken).ConfigureAwait(false);

            StepQuestion Question(FailoverStep measured) => new(measured, plan, number, recipes.Count);

            // A prompt may stand for long, and the sites do not wait for it: what was true when it was asked is looked at once more before anything rests on it.
            async Task<(FailoverStep? Agreed, string Why)> AgreeAsync()
            {
                if (!await crew.ConfirmAsync(Question(step), cancellationToken).ConfigureAwait(false))
                {
                    return (null, $"{plan.Owner} did not agree.");
                }
                if (begunToMeasure.Age <= FailoverStep.MeasurementHolds)
                {
                    return (step, "");
                }
                Show(run, null, "Measuring again");
                var now = await run.MeasureAsync(cancellationToken).ConfigureAwait(false);
                return now.Refusal is { } changed ? (null, $"It changed while {plan.Owner} was asked. {changed}") : (now, "");
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return await StopAsync(run, run.HasActed ? FailoverOutcome.Incomplete : FailoverOutcome.NotStarted, "The operator asked to stop.").ConfigureAwait(false);
        }
        catch (DalpException exception)
        {
            return await StopAsync(run, run.HasActed ? FailoverOutcome.Incomplete : FailoverOutcome.NotStarted, $"{exception.Message} {exception.RecommendedAction}", exception.ErrorId).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, as a prompt that nobody can answer: those who wait are told, and the next one finds a journal that says where it stands.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return await StopAsync(run, run.HasActed ? FailoverOutcome.Unknown : FailoverOutcome.NotStarted, $"It ended in a way that nobody foresaw: {exception.Message}").ConfigureAwait(false);
        }
    }

    private async Task<DalpStepResult> RunManualAsync(StepRun run, StepQuestion question, Func<Task<(FailoverStep? Agreed, string Why)>> agreeAsync, CancellationToken cancellationToken)
    {
        if (journal.Chain.IsDone(run.Step))
        {
            return await PassOverAsync(run, "Its owner vouched for it earlier.").ConfigureAwait(false);
        }
        // Where there is nothing to do for him, its owner is asked once, for his word.
        (question, var stopped) = await ActAsync(run, question, question.Step.Stages.Count > 0 ? agreeAsync : () => Task.FromResult<(FailoverStep?, string)>((question.Step, "")), cancellationToken).ConfigureAwait(false);
        if (stopped is not null)
        {
            return stopped;
        }
        if (await crew.AttestAsync(question, cancellationToken).ConfigureAwait(false) is not { } words)
        {
            return await StopAsync(run, run.HasActed ? FailoverOutcome.Incomplete : FailoverOutcome.NotStarted, $"{question.Plan.Owner} did not vouch for it.").ConfigureAwait(false);
        }
        await journal.RecordAsync(JournalEvent.Attested, run.Step, null, words, CancellationToken.None).ConfigureAwait(false);
        if (FailoverStep.RefusalOf(await question.Step.LookAtWordAsync(cancellationToken).ConfigureAwait(false)) is { } against)
        {
            // What he vouches for he may have begun.
            return await StopAsync(run, FailoverOutcome.Incomplete, $"{question.Plan.Owner} vouched for it, and it was seen not to hold. {against}").ConfigureAwait(false);
        }
        await journal.RecordAsync(JournalEvent.StepDone, run.Step, null, words, CancellationToken.None).ConfigureAwait(false);
        return run.End(FailoverOutcome.Succeeded, words);
    }

    private async Task<DalpStepResult> RunAutomaticAsync(StepRun run, StepQuestion question, Func<Task<(FailoverStep? Agreed, string Why)>> agreeAsync, CancellationToken cancellationToken)
    {
        if (journal.Chain.IsDone(run.Step) && await HoldsAsync(run, question.Step, cancellationToken).ConfigureAwait(false))
        {
            return await PassOverAsync(run, run.LastSeen ?? question.Step.Measured).ConfigureAwait(false);
        }
        (question, var stopped) = await ActAsync(run, question, agreeAsync, cancellationToken).ConfigureAwait(false);
        if (stopped is not null)
        {
            return stopped;
        }
        var seen = run.LastSeen ?? question.Step.Measured;
        var found = await question.Step.LookAfterAsync(cancellationToken).ConfigureAwait(false);
        await journal.RecordAsync(JournalEvent.StepDone, run.Step, null, seen, CancellationToken.None, JournalFindings.With(question.Step.Facts, found)).ConfigureAwait(false);
        return run.End(FailoverOutcome.Succeeded, seen) with { Findings = found };
    }

    /// <returns>The step as it was agreed to and done; and how it stopped, where it was not.</returns>
    private async Task<(StepQuestion Asked, DalpStepResult? Stopped)> ActAsync(StepRun run, StepQuestion question, Func<Task<(FailoverStep? Agreed, string Why)>> agreeAsync, CancellationToken cancellationToken)
    {
        var (agreed, why) = await agreeAsync().ConfigureAwait(false);
        if (agreed is null)
        {
            return (question, await StopAsync(run, FailoverOutcome.NotStarted, why).ConfigureAwait(false));
        }
        question = question with { Step = agreed };
        await BeginAsync(run, question, cancellationToken).ConfigureAwait(false);
        var failed = await RunnerFor(run).RunAsync(agreed.Stages, cancellationToken).ConfigureAwait(false);
        return (question, failed is null ? null : await FailAsync(run, failed).ConfigureAwait(false));
    }

    // A step that was done, was then found wanting and holds again is done: the journal says so last of all, with what was noted when it was done.
    private async Task<DalpStepResult> PassOverAsync(StepRun run, string seen)
    {
        var done = journal.Chain.Records.Last(record => record.Event == JournalEvent.StepDone && record.Step == run.Step);
        if (journal.Chain.Records.Last(record => record.Step == run.Step) != done)
        {
            await journal.RecordAsync(JournalEvent.StepDone, run.Step, null, $"It holds. {seen}", CancellationToken.None, done.Data).ConfigureAwait(false);
        }
        return run.End(FailoverOutcome.Succeeded, seen);
    }

    private async Task BeginAsync(StepRun run, StepQuestion question, CancellationToken cancellationToken)
    {
        await lease.RequireAsync(isFinal: false, cancellationToken).ConfigureAwait(false);
        var data = new Dictionary<string, string>(question.Step.Facts) { [JournalFact.Owner] = question.Plan.Owner };
        // What is good enough only on somebody's word, or in spite of something, is evidence.
        var warnings = question.Step.Preconditions.Where(precondition => precondition.Finding.Status == CheckStatus.Warn)
            .Select(precondition => $"{precondition.Name}: {precondition.Finding.Target}: {precondition.Finding.Observed}, expected {precondition.Finding.Expected}. {precondition.Finding.Detail}").ToList();
        if (warnings.Count > 0)
        {
            data[JournalFact.RestsOn] = string.Join('\n', warnings);
        }
        await journal.AnnounceAsync(JournalEvent.StepStarted, run.Step, null, question.Step.Measured, cancellationToken, data).ConfigureAwait(false);
    }

    // Nobody is asked twice about what was done and still is so: a resumed failover comes past all of that.
    private async Task<bool> HoldsAsync(StepRun run, FailoverStep step, CancellationToken cancellationToken)
    {
        Sighting seen = default;
        try
        {
            foreach (var action in step.Stages.SelectMany(stage => stage))
            {
                seen = await action.LookAsync(cancellationToken).ConfigureAwait(false);
                if (!seen.Holds)
                {
                    return false;
                }
            }
        }
        catch (DalpException)
        {
            return false;
        }
        run.LastSeen = seen.Seen;
        return true;
    }

    private ActionRunner RunnerFor(StepRun run) => new(time)
    {
        AnnounceAsync = async (action, before, cancellationToken) =>
        {
            await lease.RequireAsync(isFinal: false, cancellationToken).ConfigureAwait(false);
            await journal.AnnounceAsync(JournalEvent.Intent, run.Step, action.Name, before.Seen, cancellationToken, action.CanBeUndone ? null : Final).ConfigureAwait(false);
            run.Announce();
        },
        VetoAsync = (action, cancellationToken) => action.CanBeUndone ? Task.FromResult<string?>(null) : VetoAsync(run, action, cancellationToken),
        RecordAsync = (action, result) =>
        {
            if (result.Outcome == FailoverOutcome.NotStarted)
            {
                run.Refuse();
            }
            else if (result.Outcome == FailoverOutcome.Succeeded)
            {
                run.Saw();
            }
            // What was so already tells less than what was done.
            run.LastSeen = result.HasActed || run.LastSeen is null ? result.Detail : run.LastSeen;
            return result.Outcome == FailoverOutcome.Succeeded
                ? journal.RecordAsync(JournalEvent.Done, run.Step, action.Name, $"{action.Outcome}{(result.HasActed ? "" : ", as it was already")}. {result.Detail}", CancellationToken.None, action.Facts())
                : journal.RecordAsync(JournalEvent.Failed, run.Step, action.Name, result.Detail, CancellationToken.None, new Dictionary<string, string> { [JournalFact.Outcome] = result.Outcome.ToString() });
        },
        Show = (action, seen) => Show(run, action.Name, seen),
    };

    // Between what was seen and what can't be undone lie the writes that announce it, and whatever made the machine sleep. Before anything has been seen to be done in
    // the step itself, that is what was measured; what a planned hand-over has drained was seen then, and its writers wait.
    private async Task<string?> VetoAsync(StepRun run, FailoverAction action, CancellationToken cancellationToken)
    {
        try
        {
            await lease.RequireAsync(isFinal: true, cancellationToken).ConfigureAwait(false);
            if (run.Seen.Age <= FailoverStep.MeasurementHolds)
            {
                return null;
            }
            Show(run, action.Name, "Measuring again");
            var now = await run.MeasureAsync(cancellationToken).ConfigureAwait(false);
            await lease.RequireAsync(isFinal: false, cancellationToken).ConfigureAwait(false);
            return now.Refusal is { } changed ? $"It changed before it was done. {changed}" : null;
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

    // A step of which only one action was refused has begun all the same.
    private Task<DalpStepResult> FailAsync(StepRun run, ActionResult failed) =>
        StopAsync(run, failed.Outcome == FailoverOutcome.NotStarted && run.HasActed ? FailoverOutcome.Incomplete : failed.Outcome, failed.Detail);

    private async Task<DalpStepResult> StopAsync(StepRun run, FailoverOutcome outcome, string why, string? errorId = null)
    {
        var data = new Dictionary<string, string> { [JournalFact.Outcome] = outcome.ToString() };
        if (errorId is not null)
        {
            data[JournalFact.Error] = errorId;
        }
        await journal.RecordAsync(JournalEvent.Stopped, run.Step, null, why, CancellationToken.None, data).ConfigureAwait(false);
        return run.End(outcome, why);
    }

    private void Show(StepRun run, string? action, string seen) => crew.Show(new FailoverProgress(
        run.Step, run.Number, run.Count, action, seen, time.GetElapsedTime(begun), run.Remaining(runbook.ExpectedFrom(run.Step))));

    private sealed class StepRun(string id, RunbookStep plan, int number, int count, Func<CancellationToken, Task<FailoverStep>> measureAsync, TimeProvider time)
    {
        private readonly DateTimeOffset startedAt = time.GetUtcNow();
        private readonly long started = time.GetTimestamp();

        public string Step => plan.Name;

        public int Number => number;

        public int Count => count;

        // What was announced, less what was refused; by actions that run at the same time.
        private int acts;

        /// <summary>Whether anything may have been done: more was announced than was refused.</summary>
        public bool HasActed => Volatile.Read(ref acts) > 0;

        public void Announce() => Interlocked.Increment(ref acts);

        public void Refuse() => Interlocked.Decrement(ref acts);

        public string? LastSeen { get; set; }

        /// <summary>When what the step rests on was seen last: when it was measured, or when an outcome of its own was there.</summary>
        public Moment Seen { get; private set; } = Moment.Now(time);

        public void Saw() => Seen = Moment.Now(time);

        public async Task<FailoverStep> MeasureAsync(CancellationToken cancellationToken)
        {
            var step = await measureAsync(cancellationToken).ConfigureAwait(false);
            Saw();
            return step;
        }

        /// <summary>What is left of an expectation of this step and those after it; never less than nothing.</summary>
        public TimeSpan? Remaining(TimeSpan? expected) => expected is { } whole ? TimeSpan.FromTicks(Math.Max(0, (whole - time.GetElapsedTime(started)).Ticks)) : null;

        public DalpStepResult End(FailoverOutcome outcome, string detail) => new()
        {
            FailoverId = id,
            Step = plan.Name,
            Owner = plan.Owner,
            Outcome = outcome,
            Detail = detail,
            StartedAt = startedAt,
            Duration = time.GetElapsedTime(started),
        };
    }
}
