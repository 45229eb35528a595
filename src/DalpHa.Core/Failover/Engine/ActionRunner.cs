using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>What became of an action.</summary>
/// <param name="Outcome">Succeeded when its outcome was seen; NotStarted when it was refused; Unknown when it could not be looked at; else Incomplete.</param>
/// <param name="HasActed">Whether anything was done; false when the outcome was there already, and when it was refused.</param>
/// <param name="Detail">What was seen, or why not.</param>
public sealed record ActionResult(FailoverOutcome Outcome, bool HasActed, string Detail);

/// <summary>Does actions: looks whether there is anything to do, announces it, does it once, and looks until the outcome is there or its time is over.</summary>
public sealed class ActionRunner
{
    private readonly TimeProvider time;

    /// <summary>Makes a runner.</summary>
    /// <param name="time">The clock.</param>
    public ActionRunner(TimeProvider time) => this.time = time;

    /// <summary>Is called with what was seen before an action is done; what it throws keeps the action from being done.</summary>
    public Func<FailoverAction, Sighting, CancellationToken, Task> AnnounceAsync { get; init; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Is called with what became of an action.</summary>
    public Func<FailoverAction, ActionResult, Task> RecordAsync { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Is shown what is seen meanwhile.</summary>
    public Action<FailoverAction, string> Show { get; init; } = (_, _) => { };

    /// <summary>
    /// Goes once through everything that an action goes through, for an action that does nothing. The first action of a process may be the promotion that an
    /// outage waits for: it must not wait for the just-in-time compiler as well.
    /// </summary>
    public static async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        var looks = 0;
        var nothing = new FailoverAction
        {
            Name = "Do nothing",
            Site = "",
            Outcome = "nothing was done",
            LookAsync = async _ =>
            {
                await Task.Yield();
                return ++looks < 3 ? Sighting.NotYet("") : Sighting.Yes("");
            },
            ActAsync = async _ => await Task.Yield(),
            Timeout = TimeSpan.FromSeconds(10),
            LookEvery = TimeSpan.FromMilliseconds(1),
        };
        await new ActionRunner(TimeProvider.System).RunAsync(nothing, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs stage after stage, the actions of each at the same time, until one does not show its outcome.</summary>
    /// <returns>The first failure; null when every outcome was seen.</returns>
    public async Task<ActionResult?> RunAsync(IReadOnlyList<IReadOnlyList<FailoverAction>> stages, CancellationToken cancellationToken)
    {
        foreach (var stage in stages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var results = await Task.WhenAll(stage.Select(action => RunAsync(action, cancellationToken))).ConfigureAwait(false);
            if (results.FirstOrDefault(result => result.Outcome != FailoverOutcome.Succeeded) is { } failed)
            {
                return failed;
            }
        }
        return null;
    }

    /// <summary>Runs one action.</summary>
    /// <exception cref="DalpException">It could not be looked at beforehand; nothing was done.</exception>
    public async Task<ActionResult> RunAsync(FailoverAction action, CancellationToken cancellationToken)
    {
        var result = await DoAsync(action, cancellationToken).ConfigureAwait(false);
        await RecordAsync(action, result).ConfigureAwait(false);
        return result;
    }

    private async Task<ActionResult> DoAsync(FailoverAction action, CancellationToken cancellationToken)
    {
        var before = await action.LookAsync(cancellationToken).ConfigureAwait(false);
        Show(action, before.Seen);
        if (before.Holds)
        {
            return new ActionResult(FailoverOutcome.Succeeded, HasActed: false, before.Seen);
        }
        await AnnounceAsync(action, before, cancellationToken).ConfigureAwait(false);
        // What can't be undone is seen through to its outcome, whatever the operator asks meanwhile; its own bound ends it.
        var patience = action.CanBeUndone ? cancellationToken : CancellationToken.None;
        using var late = new CancellationTokenSource(action.Timeout, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, patience);
        var trouble = await ActAsync(action, bound.Token, patience).ConfigureAwait(false);
        var isRefused = trouble?.Kind is FaultKind.Forbidden or FaultKind.Unauthenticated or FaultKind.InvalidInput or FaultKind.NotFound or FaultKind.Conflict;
        // A script that failed may have done part of its work, and does no more of it.
        var isOver = isRefused || trouble?.Kind is FaultKind.LocalResource;
        var (seen, unseen) = await AwaitOutcomeAsync(action, isOver, bound.Token, patience).ConfigureAwait(false);
        if (seen.Holds)
        {
            return new ActionResult(FailoverOutcome.Succeeded, HasActed: true, seen.Seen);
        }
        if (isRefused)
        {
            return new ActionResult(FailoverOutcome.NotStarted, HasActed: false, $"{action.Name} was refused. {trouble!.Message} {trouble.RecommendedAction}");
        }
        if (isOver)
        {
            return new ActionResult(FailoverOutcome.Incomplete, HasActed: true, $"{action.Name} failed, and may be done in part. {trouble!.Message} {trouble.RecommendedAction}");
        }
        var why = $"{action.Name}: it was not seen within {action.Timeout.TotalSeconds:0.#} s that {action.Outcome}. {unseen?.Message ?? seen.Seen} {trouble?.Message}".TrimEnd();
        return new ActionResult(unseen is null ? FailoverOutcome.Incomplete : FailoverOutcome.Unknown, HasActed: true, why);
    }

    // An act that failed may have had its effect all the same: only the look afterwards decides.
    private static async Task<DalpException?> ActAsync(FailoverAction action, CancellationToken bound, CancellationToken patience)
    {
        try
        {
            await action.ActAsync(bound).ConfigureAwait(false);
            return null;
        }
        catch (DalpException exception)
        {
            return exception;
        }
        catch (OperationCanceledException) when (!patience.IsCancellationRequested)
        {
            return null;
        }
    }

    // What was refused or has ended will not come: one look tells whether it was there all the same.
    private async Task<(Sighting Seen, DalpException? Unseen)> AwaitOutcomeAsync(FailoverAction action, bool isOver, CancellationToken bound, CancellationToken patience)
    {
        var seen = Sighting.NotYet("It was not looked at in time.");
        DalpException? unseen = null;
        try
        {
            while (true)
            {
                try
                {
                    (seen, unseen) = (await action.LookAsync(bound).ConfigureAwait(false), null);
                }
                catch (DalpException exception)
                {
                    unseen = exception;
                }
                if (isOver || (seen.Holds && unseen is null))
                {
                    return (seen, unseen);
                }
                Show(action, unseen?.Message ?? seen.Seen);
                await Task.Delay(action.LookEvery, time, bound).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!patience.IsCancellationRequested)
        {
            return (seen, unseen);
        }
    }
}
