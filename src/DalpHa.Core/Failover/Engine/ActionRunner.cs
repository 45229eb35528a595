using System.Runtime.ExceptionServices;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>What became of an action.</summary>
/// <param name="Outcome">Succeeded when its outcome was seen; NotStarted when it was refused; Unknown when it could not be looked at; else Incomplete.</param>
/// <param name="HasActed">Whether anything was done; false when the outcome was there already, and when it was refused.</param>
/// <param name="Detail">What was seen, or why not.</param>
public sealed record ActionResult(FailoverOutcome Outcome, bool HasActed, string Detail);

/// <summary>
/// Does actions: looks whether there is anything to do, announces it, does it once, and looks until the outcome is there or its time is over. What was not seen in
/// its time, or failed, is looked at once more before it is told so: it may have come at the last moment.
/// </summary>
public sealed class ActionRunner
{
    private static readonly TimeSpan LastLook = TimeSpan.FromSeconds(30);
    private readonly TimeProvider time;

    /// <summary>Makes a runner.</summary>
    /// <param name="time">The clock.</param>
    public ActionRunner(TimeProvider time) => this.time = time;

    /// <summary>Is called with what was seen before an action is done; what it throws keeps the action from being done.</summary>
    public Func<FailoverAction, Sighting, CancellationToken, Task> AnnounceAsync { get; init; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Is asked last of all, when an action is announced, why it must not be done any more; null when it may be.</summary>
    public Func<FailoverAction, CancellationToken, Task<string?>> VetoAsync { get; init; } = (_, _) => Task.FromResult<string?>(null);

    /// <summary>Is called with what became of an action.</summary>
    public Func<FailoverAction, ActionResult, Task> RecordAsync { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Is shown what is seen meanwhile.</summary>
    public Action<FailoverAction, string> Show { get; init; } = (_, _) => { };

    /// <summary>
    /// Goes once through everything that an action goes through, for an action that does nothing. The first action of a process may be the promotion that an
    /// outage waits for: it must not wait for the just-in-time compiler as well.
    /// </summary>
    public static async Task WarmUpAsync(CancellationToken cancellationToken) =>
        await new ActionRunner(TimeProvider.System).RunAsync(DoNothing(), cancellationToken).ConfigureAwait(false);

    /// <summary>An action that does nothing, and is seen to be done at the fourth look.</summary>
    internal static FailoverAction DoNothing()
    {
        var looks = 0;
        return new FailoverAction
        {
            Name = "Do nothing",
            Site = "",
            Outcome = "nothing was done",
            LookAsync = async _ =>
            {
                await Task.Yield();
                return ++looks < 4 ? Sighting.NotYet("") : Sighting.Yes("");
            },
            ActAsync = async _ => await Task.Yield(),
            Timeout = TimeSpan.FromSeconds(10),
            LookEvery = TimeSpan.FromMilliseconds(1),
        };
    }

    /// <summary>
    /// Runs stage after stage, the actions of each at the same time. When one does not show its outcome, what comes after it is left, but for what is to be done
    /// regardless.
    /// </summary>
    /// <returns>The first failure; null when every outcome was seen.</returns>
    /// <exception cref="DalpException">An action could not be looked at beforehand, or not be announced.</exception>
    public async Task<ActionResult?> RunAsync(IReadOnlyList<IReadOnlyList<FailoverAction>> stages, CancellationToken cancellationToken)
    {
        var (failed, unseen) = ((ActionResult?)null, (ExceptionDispatchInfo?)null);
        foreach (var stage in stages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var due = stage.Where(action => action.RunsRegardless || (failed is null && unseen is null));
            try
            {
                var results = await Task.WhenAll(due.Select(action => RunAsync(action, cancellationToken))).ConfigureAwait(false);
                failed ??= results.FirstOrDefault(result => result.Outcome != FailoverOutcome.Succeeded);
            }
            catch (DalpException exception)
            {
                unseen ??= ExceptionDispatchInfo.Capture(exception);
            }
        }
        unseen?.Throw();
        return failed;
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
        if (await VetoAsync(action, cancellationToken).ConfigureAwait(false) is { } veto)
        {
            return new ActionResult(FailoverOutcome.NotStarted, HasActed: false, $"{action.Name} was not done. {veto}");
        }
        // What can't be undone is seen through to its outcome, whatever the operator asks meanwhile; its own bound ends it.
        var patience = action.CanBeUndone ? cancellationToken : CancellationToken.None;
        using var late = new CancellationTokenSource(action.Timeout, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, patience);
        var trouble = await ActAsync(action, bound.Token, patience).ConfigureAwait(false);
        var isRefused = trouble?.Kind is FaultKind.Forbidden or FaultKind.Unauthenticated or FaultKind.InvalidInput or FaultKind.NotFound or FaultKind.Conflict;
        // A script that failed may have done part of its work, and does no more of it.
        var isOver = isRefused || trouble?.Kind is FaultKind.LocalResource;
        // What was refused or has ended will not come: it is not waited for.
        var outcome = isOver ? null : await AwaitOutcomeAsync(action, bound.Token, patience).ConfigureAwait(false);
        var (seen, unseen) = outcome is { } held ? (held, null) : await LookOnceMoreAsync(action, patience).ConfigureAwait(false);
        if (seen.Holds)
        {
            return new ActionResult(FailoverOutcome.Succeeded, HasActed: true, seen.Seen);
        }
        if (isRefused)
        {
            return new ActionResult(FailoverOutcome.NotStarted, HasActed: false, $"{action.Name} was refused. {trouble!.Message} {trouble.RecommendedAction}");
        }
        var why = isOver
            ? $"{action.Name} failed, and may be done in part. {trouble!.Message} {trouble.RecommendedAction} {unseen ?? seen.Seen}"
            : $"{action.Name}: it was not seen within {action.Timeout.TotalSeconds:0.#} s that {action.Outcome}. {unseen ?? seen.Seen} {trouble?.Message}";
        return new ActionResult(unseen is null ? FailoverOutcome.Incomplete : FailoverOutcome.Unknown, HasActed: true, why.TrimEnd());
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

    /// <returns>The outcome; null when its time is over.</returns>
    private async Task<Sighting?> AwaitOutcomeAsync(FailoverAction action, CancellationToken bound, CancellationToken patience)
    {
        try
        {
            while (true)
            {
                try
                {
                    var seen = await action.LookAsync(bound).ConfigureAwait(false);
                    if (seen.Holds)
                    {
                        return seen;
                    }
                    Show(action, seen.Seen);
                }
                catch (DalpException unseen)
                {
                    Show(action, unseen.Message);
                }
                await Task.Delay(action.LookEvery, time, bound).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!patience.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <returns>What is there, and why it could not be seen; null when it could.</returns>
    private async Task<(Sighting Seen, string? Unseen)> LookOnceMoreAsync(FailoverAction action, CancellationToken patience)
    {
        using var late = new CancellationTokenSource(LastLook, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, patience);
        try
        {
            return (await action.LookAsync(bound.Token).ConfigureAwait(false), null);
        }
        catch (DalpException exception)
        {
            return (default, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return (default, patience.IsCancellationRequested ? "It was not looked at: the operator asked to stop." : $"It could not be looked at within {LastLook.TotalSeconds:0} s.");
        }
    }
}
