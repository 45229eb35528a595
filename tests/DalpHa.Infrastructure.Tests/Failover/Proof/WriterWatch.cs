using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>
/// A client of the platform that tries to write to both databases all the time, round the gates. A standby that was promoted stays so: when it has taken a
/// write, and the former primary takes one afterwards, both were writable.
/// </summary>
internal sealed class WriterWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private readonly CancellationTokenSource stopping = new();
    private readonly Writer west;
    private readonly Writer east;
    private readonly Task watching;
    private TimeSpan? outage;
    private int both;
    private long lastOfWest = System.Diagnostics.Stopwatch.GetTimestamp();

    public WriterWatch(PostgresPair pair)
    {
        (west, east) = (new Writer(pair, pair.Primary), new Writer(pair, pair.Standby));
        watching = WatchAsync(stopping.Token);
    }

    /// <summary>How often both took a write.</summary>
    public int Both => OfALiveWatch(both);

    /// <summary>How many writes the former primary took.</summary>
    public long West => OfALiveWatch(west.Count);

    /// <summary>How many writes the promoted standby took.</summary>
    public long East => OfALiveWatch(east.Count);

    /// <summary>From the last write that the former primary took to the first of the promoted standby, as this client saw it; null before that.</summary>
    public TimeSpan? Outage => outage;

    /// <summary>Creates what is written to.</summary>
    public static Task PrepareAsync(PostgresPair pair, CancellationToken cancellationToken) => pair.Primary.ExecuteAsync(
        $"CREATE TABLE watch (server text NOT NULL, number bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp()); ALTER TABLE watch OWNER TO \"{PostgresPair.OwnerUser}\"", cancellationToken, pair.Database);

    /// <summary>Stops, and tells how many of the former primary's committed writes the promoted server has.</summary>
    public async Task<long> EndAsync(PostgresPair pair)
    {
        await StopAsync();
        return (long)(await pair.Standby.ExecuteAsync($"SELECT count(*) FROM watch WHERE server = '{pair.Primary.Name}'", CancellationToken.None, pair.Database))!;
    }

    /// <summary>
    /// Stops, and tells by the rows of the server that has them all how often the writes went over from one server to the other, and how many that were acknowledged it
    /// lacks. Two servers that took writes at one time show in the one or the other.
    /// </summary>
    public async Task<(long Turns, long Missing)> EndAsync(PostgresPair pair, PostgresServer judge)
    {
        await StopAsync();
        var turns = await judge.ExecuteAsync("SELECT count(*) FROM (SELECT server, lag(server) OVER (ORDER BY at, number) AS before FROM watch) w WHERE server <> before", CancellationToken.None, pair.Database);
        var there = await judge.ExecuteAsync(
            $"SELECT count(*) FROM watch WHERE number <= CASE server WHEN '{pair.Primary.Name}' THEN {West} ELSE {East} END", CancellationToken.None, pair.Database);
        return ((long)turns!, West + East - (long)there!);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await west.DisposeAsync();
        await east.DisposeAsync();
        stopping.Dispose();
    }

    private async Task StopAsync()
    {
        await stopping.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ = OfALiveWatch(0);
    }

    // Who has stopped looking has not seen that nothing was written.
    private T OfALiveWatch<T>(T seen) => watching is { IsFaulted: true, Exception: var failure } ? throw failure : seen;

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await east.TryAsync())
            {
                outage ??= System.Diagnostics.Stopwatch.GetElapsedTime(lastOfWest);
            }
            // In this order, see above.
            var taken = await west.TryAsync();
            lastOfWest = taken ? System.Diagnostics.Stopwatch.GetTimestamp() : lastOfWest;
            both += taken && east.Count > 0 ? 1 : 0;
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private sealed class Writer(PostgresPair pair, PostgresServer server) : IAsyncDisposable
    {
        private NpgsqlConnection? connection;

        public long Count { get; private set; }

        public async Task<bool> TryAsync()
        {
            try
            {
                if (connection is null)
                {
                    var opening = new NpgsqlConnection(server.ConnectionString(PostgresPair.OwnerUser, pair.Passwords.Owner, pair.Database));
                    await opening.OpenAsync();
                    connection = opening;
                }
                await using var command = new NpgsqlCommand($"INSERT INTO watch (server, number) VALUES ('{server.Name}', {Count + 1})", connection);
                await command.ExecuteNonQueryAsync();
                Count++;
                return true;
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction)
            {
                return false;
            }
            catch (NpgsqlException)
            {
                await DisposeAsync();
                return false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
            connection = null;
        }
    }
}
