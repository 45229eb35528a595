using DalpHa.Core.Lab;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Lab.Hosting;

/// <summary>
/// The database of one site: the server itself, which the site's own workloads use, the door at which everybody else reaches it, and what it is at present.
/// </summary>
internal sealed class SiteDatabase : IAsyncDisposable
{
    private const string Question = "SELECT pg_is_in_recovery(), pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly string connectionString;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task watching;

    /// <param name="pair">The pair that it is of.</param>
    /// <param name="server">The server.</param>
    /// <param name="port">The door's loopback port; 0 for a free one.</param>
    public SiteDatabase(PostgresPair pair, PostgresServer server, int port)
    {
        Server = server;
        Door = new StandbyLink(port, server.Port);
        connectionString = server.ConnectionString(PostgresPair.MonitorUser, pair.Passwords.Monitor, pair.Database);
        WriterConnectionString = server.ConnectionString(PostgresPair.OwnerUser, pair.Passwords.Owner, pair.Database);
        watching = WatchAsync(stopping.Token);
    }

    public PostgresServer Server { get; }

    /// <summary>Where the world outside the site reaches the server.</summary>
    public StandbyLink Door { get; }

    /// <summary>How the platform's own workloads log in.</summary>
    public string WriterConnectionString { get; }

    /// <summary>What it is at present, not older than a moment.</summary>
    public LabDatabaseRole Role { get; private set; }

    /// <summary>Whether a session that asks for nothing special can write.</summary>
    public bool TakesWrites { get; private set; }

    /// <summary>Is told when either has changed.</summary>
    public Action Changed { get; set; } = () => { };

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Door.DisposeAsync();
        stopping.Dispose();
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await FollowAsync(cancellationToken);
            }
            catch (NpgsqlException)
            {
                Set(LabDatabaseRole.Down, takesWrites: false);
            }
            await Task.Delay(Interval, cancellationToken);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Question, connection);
        while (true)
        {
            await using (var answer = await command.ExecuteReaderAsync(cancellationToken))
            {
                await answer.ReadAsync(cancellationToken);
                Set(answer.GetBoolean(0) ? LabDatabaseRole.Standby : LabDatabaseRole.Primary, takesWrites: !answer.GetBoolean(1));
            }
            await Task.Delay(Interval, cancellationToken);
        }
    }

    private void Set(LabDatabaseRole role, bool takesWrites)
    {
        if ((Role, TakesWrites) != (role, takesWrites))
        {
            (Role, TakesWrites) = (role, takesWrites);
            Changed();
        }
    }
}
