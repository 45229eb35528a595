using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using DalpHa.Core.Errors;
using DalpHa.Lab.Processes;
using Npgsql;

namespace DalpHa.Lab.Postgres;

/// <summary>One real PostgreSQL server on loopback. Its process ends with this one's.</summary>
/// <remarks>It does not flush to disk (<c>fsync = off</c>): a killed server loses nothing by that, only a machine that loses power does.</remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private readonly PostgresBinaries binaries;
    private readonly ServerAccount? account;
    private readonly PostgresServerOptions options;
    private LeashedProcess? process;

    private PostgresServer(PostgresBinaries binaries, ServerAccount? account, PostgresServerOptions options)
    {
        this.binaries = binaries;
        this.account = account;
        this.options = options;
        Port = options.Port == 0 ? LoopbackPort.Free() : options.Port;
        Data = new PostgresData(binaries, account, options, Port);
    }

    /// <summary>What it is called.</summary>
    public string Name => options.Name;

    /// <summary>The loopback port.</summary>
    public int Port { get; }

    /// <summary>Its data.</summary>
    public PostgresData Data { get; }

    /// <summary>Its data folder.</summary>
    public string DataFolder => Data.Folder;

    /// <summary>Its log file.</summary>
    public string LogFile => Data.LogFile;

    /// <summary>The postmaster's process id; null when it does not run.</summary>
    public int? ProcessId => process is { HasExited: false } running ? running.Id : null;

    /// <summary>Makes a new, empty server. It does not run yet.</summary>
    /// <exception cref="DalpException">There are no server programs, the folder can't be used, or initdb failed.</exception>
    public static async Task<PostgresServer> InitializeAsync(PostgresServerOptions options, CancellationToken cancellationToken)
    {
        var server = Prepare(options);
        await server.Data.InitializeAsync(cancellationToken);
        return server;
    }

    /// <summary>Makes a standby by a base backup of a running primary. It does not run yet.</summary>
    /// <param name="options">How it is made; its settings name the primary (<c>primary_conninfo</c>).</param>
    /// <param name="primaryPort">The primary's loopback port.</param>
    /// <param name="userName">A user with the REPLICATION attribute.</param>
    /// <param name="password">That user's password.</param>
    /// <param name="cancellationToken">Ends the backup.</param>
    public static async Task<PostgresServer> CopyAsync(PostgresServerOptions options, int primaryPort, string userName, string password, CancellationToken cancellationToken)
    {
        var server = Prepare(options);
        await server.Data.CopyAsync(primaryPort, userName, password, cancellationToken);
        server.Data.BecomeStandby(new Dictionary<string, string>());
        return server;
    }

    /// <summary>A connection string for Npgsql.</summary>
    public string ConnectionString(string userName, string password, string database = "postgres") => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = userName,
        Password = password,
        Database = database,
        Pooling = false,
        Timeout = 5,
        CommandTimeout = 10,
        SslMode = SslMode.Disable,
    }.ConnectionString;

    /// <summary>Writes a file of settings over all others but those of <c>ALTER SYSTEM</c>, and lets the server read it when it runs.</summary>
    /// <param name="file"><see cref="PostgresData.OperatorFile"/> or <see cref="PostgresData.FaultFile"/>.</param>
    /// <param name="settings">What it holds, as <see cref="PostgresData.Lines"/> gives it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task KeepSettingsAsync(string file, string settings, CancellationToken cancellationToken)
    {
        Data.WriteFile(file, settings);
        if (ProcessId is not null)
        {
            await ExecuteAsync("SELECT pg_reload_conf()", cancellationToken);
        }
    }

    /// <summary>Starts it and waits until it takes connections. Does nothing when it runs.</summary>
    /// <exception cref="DalpException">The port is taken, or the server ended or did not answer in time; the message has its last words.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (ProcessId is not null)
        {
            return;
        }
        DemandFreePort();
        var clock = Stopwatch.StartNew();
        Launch();
        while (!await AnswersAsync(cancellationToken))
        {
            if (process!.HasExited)
            {
                if (!LastWords().Contains("still in use", StringComparison.Ordinal) || clock.Elapsed > StartLimit)
                {
                    throw Failed("ended while it started");
                }
                // Sessions of a killed postmaster take a moment to notice its end, and hold its shared memory until then.
                Launch();
            }
            if (clock.Elapsed > StartLimit)
            {
                await KillAsync(CancellationToken.None);
                throw Failed($"did not take connections within {StartLimit.TotalSeconds} s");
            }
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    /// <summary>Stops it and waits for its end. Does nothing when it does not run.</summary>
    public async Task StopAsync(PostgresStopMode mode, CancellationToken cancellationToken)
    {
        if (process is null)
        {
            return;
        }
        if (OperatingSystem.IsWindows())
        {
            await Data.RunAsync("pg_ctl", ["stop", "--pgdata", DataFolder, "--mode", mode == PostgresStopMode.Fast ? "fast" : "immediate"], password: null, cancellationToken);
        }
        else
        {
            process.Signal(mode == PostgresStopMode.Fast ? SigInt : SigQuit);
        }
        if (!await process.WaitAsync(StopLimit, cancellationToken))
        {
            process.KillNow();
            await process.WaitAsync(StopLimit, cancellationToken);
        }
        Forget();
    }

    /// <summary>Kills the postmaster (SIGKILL); its sessions end when they notice.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (process is null)
        {
            return;
        }
        process.KillNow();
        await process.WaitAsync(StopLimit, cancellationToken);
        Forget();
    }

    /// <summary>Stops the postmaster from running (SIGSTOP), so that it hangs: the kernel still takes connections, and nobody answers. Unix only.</summary>
    public void Freeze() => process!.Freeze();

    /// <summary>Lets a frozen postmaster run again.</summary>
    public void Thaw() => process!.Thaw();

    /// <summary>Runs SQL as superuser and returns its first value, or null.</summary>
    public async Task<object?> ExecuteAsync(string sql, CancellationToken cancellationToken, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres", options.Password, database));
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken) is var value and not DBNull ? value : null;
    }

    /// <summary>Stops it.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(PostgresStopMode.Immediate, CancellationToken.None);

    private static PostgresServer Prepare(PostgresServerOptions options)
    {
        var server = new PostgresServer(PostgresBinaries.Find(), ServerAccount.Find(), options);
        server.DemandFreePort();
        ServerAccount.CreateFolder(server.account, options.Folder);
        return server;
    }

    private void Launch()
    {
        Forget();
        // Made by us, so that as root we can read what it says.
        ServerAccount.WriteFile(account, LogFile, "");
        process = LeashedProcess.Start(options.Folder, LogFile, ServerAccount.Command(account, binaries["postgres"], "-D", DataFolder));
    }

    private void Forget()
    {
        process?.Dispose();
        process = null;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync("SELECT 1", cancellationToken);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private DalpException Failed(string how)
    {
        var lastWords = LastWords();
        return new DalpException(
            "PostgresServerFailed",
            FaultKind.LocalResource,
            $"PostgreSQL server '{Name}' on port {Port} {how}. Its last words: {lastWords}",
            $"See its log: {LogFile}",
            Name);
    }

    private string LastWords() => File.Exists(LogFile) ? string.Join(" | ", File.ReadLines(LogFile, Encoding.UTF8).TakeLast(6)) : "none";

    private void DemandFreePort()
    {
        try
        {
            LoopbackPort.Probe(Port);
        }
        catch (SocketException exception)
        {
            throw new DalpException(
                "LabPortInUse",
                FaultKind.Conflict,
                $"Port {Port} of 127.0.0.1, which server '{Name}' is to use, is taken: {exception.Message}",
                "End what listens there, or choose other ports.",
                Port,
                exception);
        }
    }

    // Numbers that POSIX systems agree on.
    private const int SigInt = 2;
    private const int SigQuit = 3;
}
