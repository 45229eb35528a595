using DalpHa.Lab.Controllers;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace DalpHa.Lab.Hosting;

/// <summary>
/// What the platform writes: on each site one row, one commit, so many times a second, into <c>lab.load</c> of the site's own database, for as long as a pod
/// of the API runs there and the database takes writes. Nothing outside the site stops it.
/// </summary>
internal sealed class PlatformLoad(IReadOnlyList<Region> regions, ILogger log) : IAsyncDisposable
{
    /// <summary>The most that the control endpoint takes; text, since a route constraint is.</summary>
    public const string MostPerSecondText = "1000";

    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly List<SiteWriter> writers = [.. regions.Select(region => new SiteWriter(region, log))];
    private CancellationTokenSource? stopping;
    private Task running = Task.CompletedTask;

    /// <summary>Commits per second and site; 0 when there is no load.</summary>
    public int PerSecond { get; private set; }

    /// <summary>How many rows a site's database has acknowledged.</summary>
    public long AcknowledgedBy(Region region) => writers.First(writer => writer.Region == region).Acknowledged;

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
                running = Task.WhenAll(writers.Select(writer => writer.RunAsync(perSecond, stopping.Token)));
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
}

/// <summary>The session of one site's API at its database.</summary>
internal sealed class SiteWriter(Region region, ILogger log)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);
    private long acknowledged;

    public Region Region => region;

    /// <summary>Rows whose commit was acknowledged: a database that lacks one of them has lost it.</summary>
    public long Acknowledged => Interlocked.Read(ref acknowledged);

    private bool MayWrite => region.Writers.AreRunning && region.Database.TakesWrites;

    public async Task RunAsync(int perSecond, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (MayWrite)
                {
                    await WriteAsync(perSecond, cancellationToken);
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever its database, its network or the driver did: the platform's API is started again and goes on.
                log.LogInformation("The writer of {Site} waits for its database: {Reason}", region.Site.Context, exception.Message);
            }
            await Task.Delay(Retry, cancellationToken);
        }
    }

    private async Task WriteAsync(int perSecond, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(region.Database.WriterConnectionString);
        await connection.OpenAsync(cancellationToken);
        await ExecuteAsync(
            connection,
            "CREATE SCHEMA IF NOT EXISTS lab; CREATE TABLE IF NOT EXISTS lab.load (id bigserial PRIMARY KEY, site text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())",
            cancellationToken);
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        while (MayWrite && await beat.WaitForNextTickAsync(cancellationToken))
        {
            await ExecuteAsync(connection, $"INSERT INTO lab.load (site) VALUES ('{region.Site.Role}')", cancellationToken);
            Interlocked.Increment(ref acknowledged);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
