using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>
/// The journal of one failover while it runs: a file on this machine, and its copy in the standby's cluster. Nothing is done to the world before the
/// record that announces it is in both.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="mirror">The copy.</param>
/// <param name="operatorName">Who runs the failover, as <c>user@machine</c>.</param>
/// <param name="warn">Is told when the copy falls behind.</param>
/// <param name="time">The clock.</param>
public sealed class FailoverJournal(JournalFile file, JournalMirror mirror, string operatorName, Action<string> warn, TimeProvider time) : IDisposable
{
    private static readonly IReadOnlyDictionary<string, string> NoData = new Dictionary<string, string>();
    private readonly SemaphoreSlim turn = new(1);

    /// <summary>What was written so far.</summary>
    public JournalChain Chain => file.Chain;

    /// <summary>What was brought back of the copy in the cluster when the journal was opened, in words; null when nothing was lost there.</summary>
    public string? BroughtBack => mirror.Lost.Count == 0 ? null
        : $"The copy in the standby's cluster lacked {Readiness.Wording.Count(mirror.Lost.Count, "record")}, the first of them number {mirror.Lost[0]}; they were written there anew from this machine's journal.";

    /// <summary>Writes a record that the next action rests on: it returns when both copies have it.</summary>
    /// <exception cref="DalpException">One of the copies refuses: then the action must not be done.</exception>
    public Task AnnounceAsync(JournalEvent @event, string? step, string? action, string text, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? data = null) =>
        WriteAsync(@event, step, action, text, data, async line =>
        {
            try
            {
                await mirror.AppendAsync(line, cancellationToken).ConfigureAwait(false);
            }
            catch (DalpException exception)
            {
                throw new DalpException(
                    "JournalMirrorRefused",
                    FaultKind.Unavailable,
                    $"The journal's copy in the standby's cluster can't be written, so nothing more is done: {exception.Message}",
                    "Mend the access to the standby's cluster; then resume: Resume-DalpFailover.",
                    exception.Target,
                    exception);
            }
        });

    /// <summary>Writes a record of what has been. The file must have it; the copy gets it with the next record when it can't take it now.</summary>
    public Task RecordAsync(JournalEvent @event, string? step, string? action, string text, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? data = null) =>
        WriteAsync(@event, step, action, text, data, async line =>
        {
            try
            {
                await mirror.AppendAsync(line, cancellationToken).ConfigureAwait(false);
            }
            catch (DalpException exception)
            {
                warn($"The journal's copy in the standby's cluster is {mirror.Behind} records behind: {exception.Message}");
            }
        });

    /// <summary>Lets the file go.</summary>
    public void Dispose()
    {
        file.Dispose();
        turn.Dispose();
    }

    private async Task WriteAsync(JournalEvent @event, string? step, string? action, string text, IReadOnlyDictionary<string, string>? data, Func<string, Task> copyAsync)
    {
        // What has happened is written even when the operator has asked to stop.
        await turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            var line = Chain.Add(new JournalRecord(0, time.GetUtcNow(), @event, step, action, text, operatorName, data ?? NoData));
            file.Append(line);
            await copyAsync(line).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }
}
