using DalpHa.Core.Replication;
using Npgsql;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>One connection to a server, kept between uses, made anew after a loss, used by one caller at a time, each use bounded in time.</summary>
/// <remarks>
/// Every statement that can be one is a COPY TO STDOUT: the driver gives up a COPY at once when it is cancelled. For other statements it first opens
/// a second connection to ask the server to cancel, and blocks the canceller on it: on a server that hangs, that is the wait that should have ended.
/// </remarks>
internal sealed class KeptConnection(DatabaseAddress address, TimeSpan timeout, string prepareSession) : IAsyncDisposable
{
    private readonly NpgsqlDataSource source = ConnectionSettings.CreateSource(address, timeout);
    private readonly SemaphoreSlim turn = new(1);
    private NpgsqlConnection? connection;

    /// <summary>Runs a COPY that may be repeated, and gives its one value.</summary>
    /// <exception cref="Core.Errors.DalpException">It failed, or was late.</exception>
    public Task<string> ReadAsync(string copy, Need need, CancellationToken cancellationToken) =>
        UseAsync(need, mayRepeat: true, (open, token) => CopyOutAsync(open, copy, token), cancellationToken);

    /// <summary>Runs a COPY once, whatever becomes of it, and gives its one value.</summary>
    /// <exception cref="Core.Errors.DalpException">It failed, was late, or its answer was lost (<c>DatabaseAnswerLost</c>).</exception>
    public Task<string> RunOnceAsync(string copy, Need need, CancellationToken cancellationToken) =>
        UseAsync(need, mayRepeat: false, (open, token) => CopyOutAsync(open, copy, token), cancellationToken);

    /// <summary>Runs a command that is no COPY and may be repeated.</summary>
    /// <exception cref="Core.Errors.DalpException">It failed, or was late.</exception>
    public Task ExecuteAsync(string command, Need need, CancellationToken cancellationToken) =>
        UseAsync(
            need,
            mayRepeat: true,
            async (open, token) =>
            {
                await AbandonWhenLateAsync(RunAsync(open, command), _ => Task.CompletedTask, token).ConfigureAwait(false);
                return "";
            },
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await source.DisposeAsync().ConfigureAwait(false);
        turn.Dispose();
    }

    private async Task<string> UseAsync(Need need, bool mayRepeat, Func<NpgsqlConnection, CancellationToken, Task<string>> use, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(timeout);
        var isSent = false;
        try
        {
            if (mayRepeat && connection is not null)
            {
                // A kept connection may have died since it was last used: that says nothing of the server now. A new one that fails does.
                try
                {
                    return await use(connection, bound.Token).ConfigureAwait(false);
                }
                catch (NpgsqlException) when (!bound.IsCancellationRequested && connection.State != System.Data.ConnectionState.Open)
                {
                    await CloseAsync().ConfigureAwait(false);
                }
            }
            if (connection is null)
            {
                connection = await OpenAsync(bound.Token).ConfigureAwait(false);
            }
            isSent = !mayRepeat;
            return await use(connection, bound.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            var closing = CloseAsync();
            if (!bound.IsCancellationRequested)
            {
                // Where a statement still runs, the driver waits for it a while before it closes: nobody waits for that.
                await closing.ConfigureAwait(false);
            }
            cancellationToken.ThrowIfCancellationRequested();
            var failure = bound.IsCancellationRequested ? DatabaseFaults.TimedOut(address, timeout, exception) : DatabaseFaults.From(exception, address, timeout, need);
            throw isSent && exception is not PostgresException { SqlState: not (PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown) }
                ? DatabaseFaults.AnswerLost(address, need, failure)
                : failure;
        }
        finally
        {
            turn.Release();
        }
    }

    // The driver hears no cancellation between its connecting and its log-in (Npgsql 10), and has no way to close what it opens. Of a server that takes the
    // connection and says nothing, the opening is left to end by the driver's own timeout, and closes itself then: a second after the bound of the request.
    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var opening = source.OpenConnectionAsync(cancellationToken).AsTask();
        await AbandonWhenLateAsync(opening, CloseLateAsync, cancellationToken).ConfigureAwait(false);
        var open = await opening.ConfigureAwait(false);
        try
        {
            await CopyOutAsync(open, prepareSession, cancellationToken).ConfigureAwait(false);
            return open;
        }
        catch
        {
            await open.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task AbandonWhenLateAsync<T>(T running, Func<T, Task> clearAway, CancellationToken cancellationToken)
        where T : Task
    {
        try
        {
            await running.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = running.ContinueWith(
                late => late.IsCompletedSuccessfully ? clearAway((T)late) : Task.FromResult(late.Exception),
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default);
            throw;
        }
    }

    private static async Task CloseLateAsync(Task<NpgsqlConnection> opened) => await (await opened.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);

    private static async Task RunAsync(NpgsqlConnection open, string command)
    {
        var running = new NpgsqlCommand(command, open);
        await using (running.ConfigureAwait(false))
        {
            await running.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async Task<string> CopyOutAsync(NpgsqlConnection open, string copy, CancellationToken cancellationToken)
    {
        var exporter = await open.BeginBinaryExportAsync(copy, cancellationToken).ConfigureAwait(false);
        await using (exporter.ConfigureAwait(false))
        {
            await exporter.StartRowAsync(cancellationToken).ConfigureAwait(false);
            var value = await exporter.ReadAsync<string>(cancellationToken).ConfigureAwait(false);
            // The row comes before the commit. Only the end of the COPY says that the transaction stands.
            await exporter.StartRowAsync(cancellationToken).ConfigureAwait(false);
            return value;
        }
    }

    private async Task CloseAsync()
    {
        if (connection is { } open)
        {
            connection = null;
            // The driver closes in part on the caller's thread.
            await Task.Run(async () => await open.DisposeAsync().ConfigureAwait(false)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
