using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Postgres;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>How DalpHa and an application come to the servers of a pair.</summary>
internal static class PairSessions
{
    /// <summary>How long an answer may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>DalpHa, as the pair's administrator.</summary>
    public static DatabaseControl Control(this PostgresPair pair, PostgresServer server, TimeSpan? timeout = null) =>
        new(pair.Address(server, PostgresPair.AdminUser, pair.Passwords.Admin), timeout ?? Timeout, TimeProvider.System);

    public static DatabaseAddress Address(this PostgresPair pair, PostgresServer server, string user, string password) =>
        new(server.Name, "127.0.0.1", server.Port, pair.Database, null, user, password);

    /// <summary>An application, as the database's owner.</summary>
    public static async Task<NpgsqlConnection> ConnectAsync(this PostgresPair pair, PostgresServer server)
    {
        var connection = new NpgsqlConnection(server.ConnectionString(PostgresPair.OwnerUser, pair.Passwords.Owner, pair.Database));
        await connection.OpenAsync(Token);
        return connection;
    }

    /// <summary>Runs a statement on the primary in a session of its own.</summary>
    public static async Task ExecuteAsOwnerAsync(this PostgresPair pair, string sql)
    {
        await using var connection = await pair.ConnectAsync(pair.Primary);
        await connection.ExecuteAsync(sql);
    }

    public static async Task ExecuteAsync(this NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }
}
