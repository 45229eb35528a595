using DalpHa.Lab.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace DalpHa.Lab.Hosting;

/// <summary>A small steady load: one row, one commit, so many times a second, into <c>lab.load</c> on the primary.</summary>
internal sealed class WriteLoad(PostgresPair pair, ILogger log) : IAsyncDisposable
{
    /// <summary>The most that the control endpoint takes; text, since a route constraint is.</summary>
    public const string MostPerSecondText = "1000";
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim turn = new(1, 1);
    private CancellationTokenSource? stopping;
    private Task running = Task.CompletedTask;

    /// <summary>Commits per second; 0 when there is no load.</summary>
    public int PerSecond { get; private set; }

    public async Task SetAsync(int perSecond, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            await EndAsync();
            PerSecond = perSecond;
            if (perSecond > 0)
            {
                stopping = new CancellationTokenSource();
                running = RunAsync(perSecond, stopping.Token);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        turn.Dispose();
    }

    private async Task EndAsync()
    {
        if (stopping is not null)
        {
            await stopping.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stopping.Dispose();
            stopping = null;
        }
    }

    private async Task RunAsync(int perSecond, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await WriteAsync(perSecond, cancellationToken);
            }
            catch (NpgsqlException exception)
            {
                log.LogInformation("The load waits for the primary: {Reason}", exception.Message);
                await Task.Delay(Retry, cancellationToken);
            }
        }
    }

    private async Task WriteAsync(int perSecond, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(pair.Primary.ConnectionString(PostgresPair.OwnerUser, pair.Passwords.Owner, pair.Database));
        await connection.OpenAsync(cancellationToken);
        await ExecuteAsync(connection, "CREATE SCHEMA IF NOT EXISTS lab; CREATE TABLE IF NOT EXISTS lab.load (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())", cancellationToken);
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        while (await beat.WaitForNextTickAsync(cancellationToken))
        {
            await ExecuteAsync(connection, "INSERT INTO lab.load DEFAULT VALUES", cancellationToken);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
