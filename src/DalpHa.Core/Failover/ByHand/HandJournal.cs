using System.Globalization;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.State;

namespace DalpHa.Core.Failover;

/// <summary>
/// The journal of one step that an operator runs by hand, in the form of a failover's: what was measured, each action before it is done and what became of it, who did
/// it and on whose word. It begins with the first action; a step that changes nothing leaves none. The file on this machine has each record before anything rests on
/// it. The copy in the standby's cluster holds nothing up: whoever goes by hand may have no standby that answers.
/// </summary>
/// <param name="world">Both sites, as they were opened.</param>
/// <param name="folder">The folder of such journals on this machine.</param>
/// <param name="operatorName">Who runs it, as <c>user@machine</c>.</param>
/// <param name="warn">Is told when there is no copy.</param>
public sealed class HandJournal(FailoverWorld world, string folder, string operatorName, Action<string> warn) : IAsyncDisposable
{
    private static readonly IReadOnlyDictionary<string, string> NoData = new Dictionary<string, string>();
    // The copy is made apart from what waits for the record. Not even the processor time that it takes a cold process shall be in the way of what was announced.
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);
    private readonly string id = DalpFailoverPlan.NewId(world.Time);
    private readonly TaskCompletionSource hasActed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim turn = new(1);
    private JournalFile? file;
    private JournalMirror? mirror;
    private Exception? noCopy;
    private Task copying = Task.CompletedTask;
    private bool isRehearsal;

    /// <summary>Where they are kept by default: apart from the failovers'.</summary>
    public static string DefaultFolder => System.IO.Path.Combine(StateFolder.Path, "steps");

    /// <summary>Those of this machine.</summary>
    public static FailoverStore DefaultStore => new(DefaultFolder);

    /// <summary>The file; null while nothing was done.</summary>
    public string? Path => file?.Path;

    /// <summary>A journal beside this one that is written as this one will be, without a copy in the cluster, and is gone when it is disposed.</summary>
    internal HandJournal Rehearsal() => new(world, folder, operatorName, warn) { isRehearsal = true };

    /// <summary>Writes down what is about to be done, and before the first action the step itself.</summary>
    /// <exception cref="DalpException">The file refuses (<c>JournalRefused</c>): then the action must not be done.</exception>
    public async Task AnnounceAsync(FailoverStep step, FailoverAction action, string seen)
    {
        await turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (file is null)
            {
                file = JournalFile.Open(System.IO.Path.Combine(folder, id + (isRehearsal ? ".rehearsal" : ".jsonl")));
                Write(JournalEvent.StepStarted, step.Name, null, step.Measured, Facts(step));
            }
            Write(JournalEvent.Intent, step.Name, action.Name, seen, new Dictionary<string, string> { [JournalFact.Site] = action.Site });
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Writes down what became of an action.</summary>
    public Task RecordAsync(FailoverStep step, FailoverAction action, ActionResult result) => RecordAsync(
        result.Outcome == FailoverOutcome.Succeeded ? JournalEvent.Done : JournalEvent.Failed, step, action, $"{(result.HasActed ? "" : "Nothing was done. ")}{result.Detail}",
        new Dictionary<string, string> { [JournalFact.Outcome] = result.Outcome.ToString() });

    /// <summary>Writes down how the step ended, and what was found.</summary>
    public Task EndAsync(JournalEvent @event, FailoverStep step, string text, IReadOnlyList<DalpCheckResult> found) =>
        RecordAsync(@event, step, null, text, found.Count > 0 ? JournalFindings.With(NoData, found) : NoData);

    // Nothing is written for a step that has changed nothing.
    private async Task RecordAsync(JournalEvent @event, FailoverStep step, FailoverAction? action, string text, IReadOnlyDictionary<string, string> data)
    {
        await turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            hasActed.TrySetResult();
            if (file is not null)
            {
                Write(@event, step.Name, action?.Name, text, data);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Waits for the copy, and lets the file go.</summary>
    public async ValueTask DisposeAsync()
    {
        await copying.ConfigureAwait(false);
        if (noCopy is not null)
        {
            warn($"The standby's cluster has no copy of this step's journal, or not all of it; it is '{Path}': {noCopy.Message}");
        }
        file?.Dispose();
        turn.Dispose();
        if (isRehearsal)
        {
            file?.Delete();
        }
    }

    private void Write(JournalEvent @event, string step, string? action, string text, IReadOnlyDictionary<string, string> data)
    {
        var line = file!.Chain.Add(new JournalRecord(0, world.Time.GetUtcNow(), @event, step, action, text, operatorName, data));
        file.Append(line);
        if (isRehearsal)
        {
            return;
        }
        var before = copying;
        copying = Task.Run(() => CopyAsync(before, line));
    }

    // One line after the other. Where one could not be copied none is any more: a copy has no gaps.
    private async Task CopyAsync(Task before, string line)
    {
        await Task.WhenAny(hasActed.Task, Task.Delay(HeadStart, world.Time)).ConfigureAwait(false);
        await before.ConfigureAwait(false);
        if (noCopy is not null)
        {
            return;
        }
        try
        {
            mirror ??= JournalMirror.OfStep(world.Standby.Control, world.Standby.Namespace, id);
            await mirror.AppendAsync(line, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is: the file has it all, and what was done is told.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            noCopy = exception;
        }
    }

    private Dictionary<string, string> Facts(FailoverStep step)
    {
        var facts = new Dictionary<string, string>(step.Facts) { [JournalFact.Topology] = world.Topology.Name, [JournalFact.Active] = world.Active.Name, [JournalFact.Standby] = world.Standby.Name };
        foreach (var (name, word) in new[] { (JournalFact.ActiveIsGone, world.ActiveIsGone), (JournalFact.OtherIsFenced, world.OtherIsFenced), (JournalFact.BesideFailover, world.BesideFailover) })
        {
            if (word is not null)
            {
                facts[name] = word.ToString();
            }
        }
        if (world.MaxDataLoss is { } loss)
        {
            facts[JournalFact.MaxDataLoss] = loss.ToString("c", CultureInfo.InvariantCulture);
        }
        return facts;
    }
}
