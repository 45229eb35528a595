using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using Npgsql;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>A PostgreSQL server over Npgsql. It keeps one connection between samples and makes a new one after a loss.</summary>
/// <remarks>
/// Every statement is a COPY TO STDOUT: the driver gives up a COPY at once when it is cancelled. For other statements it first opens a second
/// connection to ask the server to cancel, and blocks the canceller on it: on a server that hangs, that is the wait that should have ended.
/// </remarks>
internal sealed class DatabaseServer : IDatabaseServer
{
    private readonly DatabaseAddress address;
    private readonly TimeSpan timeout;
    private readonly NpgsqlDataSource source;
    private readonly SemaphoreSlim turn = new(1);
    private NpgsqlConnection? connection;

    public DatabaseServer(DatabaseAddress address, TimeSpan timeout)
    {
        this.address = address;
        this.timeout = timeout;
        source = ConnectionSettings.CreateSource(address, timeout);
    }

    public string Name => address.Name;

    public async Task<DatabaseSample> SampleAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(timeout);
        try
        {
            return await SampleOnceMoreIfBrokenAsync(bound.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not DalpException)
        {
            await CloseAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw bound.IsCancellationRequested
                ? DatabaseFaults.TimedOut(address, timeout, exception)
                : DatabaseFaults.From(exception, address, timeout);
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await source.DisposeAsync().ConfigureAwait(false);
        turn.Dispose();
    }

    // A kept connection may have died since it was last used: that says nothing of the server now. A new one that fails does.
    private async Task<DatabaseSample> SampleOnceMoreIfBrokenAsync(CancellationToken cancellationToken)
    {
        if (connection is not null)
        {
            try
            {
                return await ReadAsync(connection, cancellationToken).ConfigureAwait(false);
            }
            catch (NpgsqlException) when (!cancellationToken.IsCancellationRequested && connection.State != System.Data.ConnectionState.Open)
            {
                await CloseAsync().ConfigureAwait(false);
            }
        }
        connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await CopyOutAsync(connection, SampleQuery.PrepareSession(timeout), cancellationToken).ConfigureAwait(false);
        return await ReadAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    // The driver does not hear a cancellation while it waits for the answer to its offer of TLS. Such an opening is left to end by the
    // driver's own timeout, and closes itself then.
    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var opening = source.OpenConnectionAsync(cancellationToken).AsTask();
        try
        {
            return await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = opening.ContinueWith(
                late => late.IsCompletedSuccessfully ? late.GetAwaiter().GetResult().DisposeAsync().AsTask() : Task.FromResult(late.Exception),
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default);
            throw;
        }
    }

    private async Task<DatabaseSample> ReadAsync(NpgsqlConnection open, CancellationToken cancellationToken) =>
        SampleReader.Read(address.Name, await CopyOutAsync(open, SampleQuery.Sql, cancellationToken).ConfigureAwait(false));

    private static async Task<string> CopyOutAsync(NpgsqlConnection open, string copy, CancellationToken cancellationToken)
    {
        var exporter = await open.BeginBinaryExportAsync(copy, cancellationToken).ConfigureAwait(false);
        await using (exporter.ConfigureAwait(false))
        {
            await exporter.StartRowAsync(cancellationToken).ConfigureAwait(false);
            var value = await exporter.ReadAsync<string>(cancellationToken).ConfigureAwait(false);
            await exporter.StartRowAsync(cancellationToken).ConfigureAwait(false);
            return value;
        }
    }

    private async ValueTask CloseAsync()
    {
        if (connection is { } open)
        {
            connection = null;
            await open.DisposeAsync().ConfigureAwait(false);
        }
    }
}
