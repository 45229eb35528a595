using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace DalpHa.Lab.Outage;

/// <summary>
/// A client that knows all addresses of one database and writes wherever it may: at each of them it tries to commit one row, again and again, whatever the others
/// say. So what it sees of a change of roles is what the servers make of it, and nothing of a client's own waiting.
/// </summary>
/// <param name="servers">How it logs in to each of them.</param>
/// <param name="every">How often it tries; also the resolution of what it measures.</param>
internal sealed class WriteWatch(IReadOnlyList<string> servers, TimeSpan every)
{
    private const string Table = "dalpha_write_watch";
    private static readonly TimeSpan PrepareLimit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<AcknowledgedRow> acknowledged = new();
    private long lastRow;
    private int lastServer = -1;

    /// <summary>Writes until it is told to stop, and then looks for every acknowledged row on the server that acknowledged the last one.</summary>
    /// <param name="onServer">Is called with a server's place in the list when it acknowledges a row and another one did before, or none.</param>
    /// <param name="stop">Tells it to stop.</param>
    /// <exception cref="NpgsqlException">No server took the table within 30 s, or the last one can't be read.</exception>
    public async Task<WriteWatchReport> RunAsync(Action<int> onServer, CancellationToken stop)
    {
        await MakeTableAsync(stop);
        await Task.WhenAll(Enumerable.Range(0, servers.Count).Select(server => WriteAsync(server, onServer, stop)));
        var rows = acknowledged.OrderBy(row => row.At).ToList();
        return WriteWatchReport.Of(rows, servers.Count, rows.Count == 0 ? 0 : rows.Count - await CountFoundAsync(rows));
    }

    private async Task MakeTableAsync(CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await using var connection = await OpenAsync(attempt % servers.Count, stop);
                await using var command = new NpgsqlCommand($"DROP TABLE IF EXISTS {Table}; CREATE TABLE {Table} (id bigint PRIMARY KEY)", connection);
                await command.ExecuteNonQueryAsync(stop);
                return;
            }
            catch (NpgsqlException) when (clock.Elapsed < PrepareLimit)
            {
                await Task.Delay(every, stop);
            }
        }
    }

    private async Task WriteAsync(int server, Action<int> onServer, CancellationToken stop)
    {
        using var beat = new PeriodicTimer(every);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await OpenAsync(server, stop);
                while (await beat.WaitForNextTickAsync(stop))
                {
                    await TryRowAsync(server, connection, onServer, stop);
                }
            }
            catch (NpgsqlException)
            {
                await Task.Delay(every, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task TryRowAsync(int server, NpgsqlConnection connection, Action<int> onServer, CancellationToken stop)
    {
        var row = Interlocked.Increment(ref lastRow);
        await using var command = new NpgsqlCommand($"INSERT INTO {Table} VALUES ($1)", connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = row } } };
        try
        {
            await command.ExecuteNonQueryAsync(stop);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.UndefinedTable)
        {
            // A standby, or a frozen primary, or a standby that has yet to replay the table. The session stays, and is the first to write when that changes.
            return;
        }
        acknowledged.Enqueue(new AcknowledgedRow(row, server, Stopwatch.GetTimestamp()));
        if (Interlocked.Exchange(ref lastServer, server) != server)
        {
            onServer(server);
        }
    }

    private async Task<int> CountFoundAsync(IReadOnlyList<AcknowledgedRow> rows)
    {
        await using var connection = await OpenAsync(rows[^1].Server, CancellationToken.None);
        await using var command = new NpgsqlCommand($"SELECT count(*)::int FROM {Table} WHERE id = ANY($1)", connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. rows.Select(row => row.Id)] } },
        };
        return (int)(await command.ExecuteScalarAsync())!;
    }

    private async Task<NpgsqlConnection> OpenAsync(int server, CancellationToken stop)
    {
        var connection = new NpgsqlConnection(servers[server]);
        try
        {
            await connection.OpenAsync(stop);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

/// <summary>A row whose commit a server acknowledged.</summary>
/// <param name="Id">The row.</param>
/// <param name="Server">The server's place in the list.</param>
/// <param name="At">When, as <see cref="Stopwatch.GetTimestamp"/> tells it.</param>
internal readonly record struct AcknowledgedRow(long Id, int Server, long At);
