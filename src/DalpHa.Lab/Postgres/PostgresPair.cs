using System.Globalization;
using DalpHa.Core.Errors;
using Npgsql;

namespace DalpHa.Lab.Postgres;

/// <summary>
/// A primary and a hot standby that streams from it through a physical slot, over a link that can be cut. The roles may change: the names are of those that
/// the servers were made with.
/// </summary>
public sealed class PostgresPair : IAsyncDisposable
{
    /// <summary>The standby's slot at the primary.</summary>
    public const string SlotName = "standby";

    /// <summary>The login that only reads replication state (member of <c>pg_monitor</c>).</summary>
    public const string MonitorUser = "dalpha";

    /// <summary>The login that a failover changes the servers with: no superuser, it has just the rights that DalpHa's help names.</summary>
    public const string AdminUser = "dalpha-admin";

    /// <summary>The login that owns the platform's database.</summary>
    public const string OwnerUser = "dalp";

    /// <summary>The login that a standby streams as.</summary>
    internal const string ReplicationUser = "replicator";

    private readonly string folder;
    private readonly StandbyLink wayBack;

    private PostgresPair(string folder, string database, PostgresServer primary, PostgresServer standby, StandbyLink link, StandbyLink wayBack, PairPasswords passwords)
    {
        this.folder = folder;
        this.wayBack = wayBack;
        Database = database;
        Primary = primary;
        Standby = standby;
        Link = link;
        Passwords = passwords;
    }

    /// <summary>The server that was made as primary.</summary>
    public PostgresServer Primary { get; }

    /// <summary>The server that was made as standby.</summary>
    public PostgresServer Standby { get; }

    /// <summary>The link over which the standby streams.</summary>
    public StandbyLink Link { get; }

    /// <summary>The platform's database.</summary>
    public string Database { get; }

    /// <summary>The passwords of its users.</summary>
    public PairPasswords Passwords { get; }

    /// <summary>A libpq password file with the owner's, the monitor's and the administrator's login at both servers, for PGPASSFILE.</summary>
    public string PasswordFile => Path.Combine(folder, "pgpass");

    /// <summary>Where the primary archives to, when it does.</summary>
    public string ArchiveFolder => Path.Combine(folder, "archive");

    /// <summary>Makes and starts both, and waits until the standby streams.</summary>
    /// <exception cref="DalpException">There are no server programs, a port is taken, or a server failed. Nothing is left running.</exception>
    public static async Task<PostgresPair> StartAsync(PostgresPairOptions options, CancellationToken cancellationToken)
    {
        var account = ServerAccount.Find();
        var passwords = PairPasswords.Generate();
        PostgresServer? primary = null, standby = null;
        StandbyLink? link = null, wayBack = null;
        ServerAccount.CreateFolder(account, options.Folder);
        try
        {
            primary = await PostgresServer.InitializeAsync(PrimaryOptions(options, account, passwords), cancellationToken);
            await primary.StartAsync(cancellationToken);
            await PairUsers.CreateAsync(primary, options.Database, passwords, cancellationToken);
            link = new StandbyLink(options.LinkPort, primary.Port);
            standby = await PostgresServer.CopyAsync(StandbyOptions(options, link.Port, account, passwords), primary.Port, ReplicationUser, passwords.Replication, cancellationToken);
            wayBack = new StandbyLink(0, standby.Port);
            await standby.StartAsync(cancellationToken);
            var pair = new PostgresPair(options.Folder, options.Database, primary, standby, link, wayBack, passwords);
            pair.WritePasswordFile();
            await pair.WaitForStreamingAsync(cancellationToken);
            return pair;
        }
        catch
        {
            await EndAsync(options.Folder, primary, standby, link, wayBack);
            throw;
        }
    }

    /// <summary>Cuts the link between standby and primary, whichever of them is which.</summary>
    /// <param name="silently">True: packets vanish and both ends wait. False: connections are reset and refused.</param>
    public void CutLink(bool silently) => SetLinks(silently ? LinkState.Stalled : LinkState.Refused);

    /// <summary>Restores the link.</summary>
    public void RestoreLink() => SetLinks(LinkState.Passing);

    /// <summary>Pauses replay at the standby: it receives and does not apply.</summary>
    public Task PauseReplayAsync(CancellationToken cancellationToken) => Standby.ExecuteAsync("SELECT pg_wal_replay_pause()", cancellationToken);

    /// <summary>Resumes replay at the standby.</summary>
    public Task ResumeReplayAsync(CancellationToken cancellationToken) => Standby.ExecuteAsync("SELECT pg_wal_replay_resume()", cancellationToken);

    /// <summary>Promotes the standby and waits until it takes writes. The primary is left as it is.</summary>
    public Task PromoteAsync(CancellationToken cancellationToken) => Standby.ExecuteAsync("SELECT pg_promote(true, 30)", cancellationToken);

    /// <summary>Whether a server is in recovery; null when it does not answer.</summary>
    public static async Task<bool?> IsInRecoveryAsync(PostgresServer server, CancellationToken cancellationToken)
    {
        try
        {
            return server.ProcessId is null ? null : (bool?)await server.ExecuteAsync("SELECT pg_is_in_recovery()", cancellationToken);
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    /// <summary>Whether the roles are still those that the servers were made with, and both run.</summary>
    public async Task<bool> HasFirstRolesAsync(CancellationToken cancellationToken) =>
        await IsInRecoveryAsync(Primary, cancellationToken) == false && await IsInRecoveryAsync(Standby, cancellationToken) == true;

    /// <summary>The server on the other side.</summary>
    public PostgresServer Other(PostgresServer server) => server == Primary ? Standby : Primary;

    /// <summary>Makes a stopped server a standby of the other from its next start; the other may be a standby itself, until it is promoted.</summary>
    public async Task FollowAsync(PostgresServer server, CancellationToken cancellationToken)
    {
        await Other(server).ExecuteAsync(
            $"SELECT pg_create_physical_replication_slot('{SlotName}', true) WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '{SlotName}')", cancellationToken);
        var link = server == Primary ? wayBack : Link;
        server.Data.BecomeStandby(Upstream(folder, server.Name, link.Port));
    }

    /// <summary>Waits until the server that was made as standby streams and has replayed what the other had when this was called; at most 30 s.</summary>
    /// <exception cref="TimeoutException">It did not.</exception>
    public Task WaitForStreamingAsync(CancellationToken cancellationToken) => WaitForStreamingAsync(Standby, cancellationToken);

    /// <summary>Waits until a standby streams and has replayed what the other server had when this was called; at most 30 s.</summary>
    /// <exception cref="TimeoutException">It did not.</exception>
    public async Task WaitForStreamingAsync(PostgresServer standby, CancellationToken cancellationToken)
    {
        var primary = Other(standby);
        var position = (string)(await primary.ExecuteAsync("SELECT pg_current_wal_lsn()::text", cancellationToken))!;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(30))
        {
            var sql = $"SELECT (SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming') = 1 AND pg_last_wal_replay_lsn() >= '{position}'::pg_lsn";
            if (await standby.ExecuteAsync(sql, cancellationToken) is true)
            {
                return;
            }
            await Task.Delay(50, cancellationToken);
        }
        throw new TimeoutException($"Standby '{standby.Name}' does not stream from '{primary.Name}'; see {standby.LogFile}.");
    }

    /// <summary>Ends both servers and deletes their folder.</summary>
    public async ValueTask DisposeAsync() => await EndAsync(folder, Primary, Standby, Link, wayBack);

    private static PostgresServerOptions PrimaryOptions(PostgresPairOptions options, ServerAccount? account, PairPasswords passwords)
    {
        var settings = new Dictionary<string, string>(options.Settings);
        if (options.Archive)
        {
            var archive = Path.Combine(options.Folder, "archive");
            ServerAccount.CreateFolder(account, archive);
            settings["archive_mode"] = "on";
            settings["archive_command"] = $"test ! -f \"{archive}/%f\" && cp \"%p\" \"{archive}/%f\"";
        }
        return new PostgresServerOptions
        {
            Name = options.PrimaryName,
            Folder = Path.Combine(options.Folder, options.PrimaryName),
            Port = options.PrimaryPort,
            Password = passwords.Superuser,
            Settings = settings,
        };
    }

    private static PostgresServerOptions StandbyOptions(PostgresPairOptions options, int linkPort, ServerAccount? account, PairPasswords passwords)
    {
        ServerAccount.WriteFile(account, ReplicationPasswordFile(options.Folder), $"*:*:*:{ReplicationUser}:{passwords.Replication}\n");
        var settings = new Dictionary<string, string>(options.Settings.Concat(Upstream(options.Folder, options.StandbyName, linkPort)));
        if (options.Archive)
        {
            settings["restore_command"] = $"cp \"{Path.Combine(options.Folder, "archive")}/%f\" \"%p\"";
        }
        return new PostgresServerOptions
        {
            Name = options.StandbyName,
            Folder = Path.Combine(options.Folder, options.StandbyName),
            Port = options.StandbyPort,
            Password = passwords.Superuser,
            Settings = settings,
        };
    }

    private static string ReplicationPasswordFile(string folder) => Path.Combine(folder, "replication.pgpass");

    private static Dictionary<string, string> Upstream(string folder, string name, int linkPort) => new()
    {
        ["primary_conninfo"] = string.Create(
            CultureInfo.InvariantCulture,
            $"host=127.0.0.1 port={linkPort} user={ReplicationUser} passfile='{ReplicationPasswordFile(folder)}' application_name='{name}' sslmode=disable connect_timeout=5"),
        ["primary_slot_name"] = SlotName,
    };

    private void SetLinks(LinkState state)
    {
        Link.Set(state);
        wayBack.Set(state);
    }

    private void WritePasswordFile()
    {
        // For any port: the servers' own, and whatever else on this machine leads to them.
        var lines = new[] { (MonitorUser, Passwords.Monitor), (OwnerUser, Passwords.Owner), (AdminUser, Passwords.Admin) }.Select(login => $"127.0.0.1:*:*:{login.Item1}:{login.Item2}\n");
        ServerAccount.WriteFile(account: null, PasswordFile, string.Concat(lines));
    }

    private static async Task EndAsync(string folder, PostgresServer? primary, PostgresServer? standby, StandbyLink? link, StandbyLink? wayBack)
    {
        foreach (var part in new IAsyncDisposable?[] { standby, primary, link, wayBack })
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }
        // A killed postmaster's sessions may still write for a moment.
        for (var attempt = 1; Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException) when (attempt < 20)
            {
                await Task.Delay(100);
            }
        }
    }
}
