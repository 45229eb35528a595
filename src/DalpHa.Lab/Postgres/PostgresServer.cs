using System.Diagnostics;
using System.Globalization;
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
    /// <summary>The settings that an operator keeps, as CloudNativePG calls the file.</summary>
    public const string OperatorFile = "custom.conf";

    /// <summary>The settings that a fault has put there.</summary>
    public const string FaultFile = "fault.conf";

    private const string StandbySignal = "standby.signal";
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
    }

    /// <summary>What it is called.</summary>
    public string Name => options.Name;

    /// <summary>The loopback port.</summary>
    public int Port { get; }

    /// <summary>Its data folder.</summary>
    public string DataFolder => Path.Combine(options.Folder, "data");

    /// <summary>Its log file.</summary>
    public string LogFile => Path.Combine(options.Folder, "server.log");

    /// <summary>The postmaster's process id; null when it does not run.</summary>
    public int? ProcessId => process is { HasExited: false } running ? running.Id : null;

    /// <summary>Makes a new, empty server. It does not run yet.</summary>
    /// <exception cref="DalpException">There are no server programs, the folder can't be used, or initdb failed.</exception>
    public static async Task<PostgresServer> InitializeAsync(PostgresServerOptions options, CancellationToken cancellationToken)
    {
        var server = Prepare(options);
        var passwordFile = Path.Combine(options.Folder, "password");
        ServerAccount.WriteFile(server.account, passwordFile, options.Password);
        try
        {
            await server.RunAsync(
                "initdb",
                ["--pgdata", server.DataFolder, "--username", "postgres", "--pwfile", passwordFile, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"],
                password: null,
                cancellationToken);
        }
        finally
        {
            File.Delete(passwordFile);
        }
        server.Configure(new Dictionary<string, string>());
        server.WriteDataFile("pg_hba.conf", """
            host all         all all scram-sha-256
            host replication all all scram-sha-256
            """);
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
        await server.BackUpAsync(primaryPort, userName, password, cancellationToken);
        server.BecomeStandby(new Dictionary<string, string>());
        return server;
    }

    /// <summary>Takes a stopped server back to where its history left that of another, and brings it what the other wrote since (pg_rewind).</summary>
    /// <param name="sourcePort">The loopback port of the server to follow, which runs and is no standby.</param>
    /// <param name="cancellationToken">Ends it; the data are then neither the one nor the other.</param>
    /// <exception cref="DalpException"><c>PostgresProgramFailed</c>: it can't be rewound.</exception>
    public Task RewindAsync(int sourcePort, CancellationToken cancellationToken)
    {
        // It writes that file anew, whatever an operator has made of it.
        SetAutoConfWritable(true);
        return RunAsync(
            "pg_rewind",
            ["--target-pgdata", DataFolder, "--source-server", $"host=127.0.0.1 port={Text(sourcePort)} user=postgres dbname=postgres sslmode=disable", "--no-sync"],
            options.Password,
            cancellationToken);
    }

    /// <summary>Replaces a stopped server's data by a base backup of a running primary.</summary>
    /// <param name="primaryPort">The primary's loopback port.</param>
    /// <param name="userName">A user with the REPLICATION attribute.</param>
    /// <param name="password">That user's password.</param>
    /// <param name="cancellationToken">Ends the backup.</param>
    public async Task RecopyAsync(int primaryPort, string userName, string password, CancellationToken cancellationToken)
    {
        // One that was broken off may have left nothing.
        if (Directory.Exists(DataFolder))
        {
            Directory.Delete(DataFolder, recursive: true);
        }
        await BackUpAsync(primaryPort, userName, password, cancellationToken);
    }

    /// <summary>What <c>pg_controldata</c> tells of its data, by the names that it uses. The server may run or not.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadControlDataAsync(CancellationToken cancellationToken)
    {
        var output = await RunAsync("pg_controldata", ["--pgdata", DataFolder], password: null, cancellationToken);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
    }

    /// <summary>How one of PostgreSQL's programs is started as the server's account, and its words are read.</summary>
    internal ProcessStartInfo ProgramInfo(string program, IEnumerable<string> arguments)
    {
        var info = ServerAccount.StartInfo(account, binaries[program], arguments);
        info.WorkingDirectory = options.Folder;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        info.Environment["LC_ALL"] = "C";
        return info;
    }

    /// <summary>Whether it starts as a standby.</summary>
    public bool IsStandbyByFile => File.Exists(Path.Combine(DataFolder, StandbySignal));

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

    /// <summary>The settings that whoever runs it keeps in a file of his own; empty when there are none.</summary>
    public string KeptSettings(string file) => File.Exists(Path.Combine(DataFolder, file)) ? File.ReadAllText(Path.Combine(DataFolder, file)) : "";

    /// <summary>Writes a file of settings over all others but those of <c>ALTER SYSTEM</c>, and lets the server read it when it runs.</summary>
    /// <param name="file"><see cref="OperatorFile"/> or <see cref="FaultFile"/>.</param>
    /// <param name="settings">What it holds, as <see cref="Lines"/> gives it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task KeepSettingsAsync(string file, string settings, CancellationToken cancellationToken)
    {
        WriteDataFile(file, settings);
        if (ProcessId is not null)
        {
            await ExecuteAsync("SELECT pg_reload_conf()", cancellationToken);
        }
    }

    /// <summary>Settings as a file holds them.</summary>
    public static string Lines(IEnumerable<KeyValuePair<string, string>> settings) =>
        string.Concat(settings.Select(setting => $"{setting.Key} = '{setting.Value.Replace("'", "''", StringComparison.Ordinal)}'\n"));

    /// <summary>Lets <c>ALTER SYSTEM</c> be used, or refuses it to everybody as CloudNativePG does before PostgreSQL 17: its file can't be written. Unix only.</summary>
    public void SetAutoConfWritable(bool isWritable)
    {
        var file = Path.Combine(DataFolder, "postgresql.auto.conf");
        if (!OperatingSystem.IsWindows() && File.Exists(file))
        {
            File.SetUnixFileMode(file, isWritable ? UnixFileMode.UserRead | UnixFileMode.UserWrite : UnixFileMode.UserRead);
        }
    }

    /// <summary>Its major version.</summary>
    public int MajorVersion => int.Parse(File.ReadAllText(Path.Combine(DataFolder, "PG_VERSION")), CultureInfo.InvariantCulture);

    /// <summary>Writes settings over the ones it was made with; they hold from its next start.</summary>
    public void Configure(IReadOnlyDictionary<string, string> settings)
    {
        var all = new Dictionary<string, string>
        {
            ["listen_addresses"] = "127.0.0.1",
            ["port"] = Text(Port),
            ["unix_socket_directories"] = "",
            ["cluster_name"] = Name,
            ["fsync"] = "off",
            ["shared_buffers"] = "16MB",
            ["max_connections"] = "40",
            ["wal_keep_size"] = "64MB",
            // Without it pg_rewind can't take a former primary back.
            ["wal_log_hints"] = "on",
            ["wal_retrieve_retry_interval"] = "250ms",
            ["log_timezone"] = "UTC",
            ["timezone"] = "UTC",
            ["lc_messages"] = "C",
        };
        if (OperatingSystem.IsWindows())
        {
            // Nothing stands between us and the server there that could send its output to the log.
            all["logging_collector"] = "on";
            all["log_directory"] = options.Folder;
            all["log_filename"] = Path.GetFileName(LogFile);
        }
        foreach (var (name, value) in options.Settings.Concat(settings))
        {
            all[name] = value;
        }
        WriteDataFile("postgresql.conf", $"{Lines(all)}include_if_exists = '{OperatorFile}'\ninclude_if_exists = '{FaultFile}'\n");
    }

    /// <summary>Lets it be a standby from its next start.</summary>
    /// <param name="settings">Settings over the ones that it was made with: among them whom it follows, where those do not say so.</param>
    public void BecomeStandby(IReadOnlyDictionary<string, string> settings)
    {
        WriteDataFile(StandbySignal, "");
        Configure(settings);
    }

    /// <summary>Writes a file into the data folder that only the server can read.</summary>
    public void WriteDataFile(string name, string content) => ServerAccount.WriteFile(account, Path.Combine(DataFolder, name), content);

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
            await RunAsync("pg_ctl", ["stop", "--pgdata", DataFolder, "--mode", mode == PostgresStopMode.Fast ? "fast" : "immediate"], password: null, cancellationToken);
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

    private Task BackUpAsync(int primaryPort, string userName, string password, CancellationToken cancellationToken) => RunAsync(
        "pg_basebackup",
        ["--pgdata", DataFolder, "--host", "127.0.0.1", "--port", Text(primaryPort), "--username", userName, "--checkpoint", "fast", "--wal-method", "stream", "--no-sync"],
        password,
        cancellationToken);

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

    private async Task<string> RunAsync(string program, IEnumerable<string> arguments, string? password, CancellationToken cancellationToken)
    {
        var info = ProgramInfo(program, arguments);
        if (password is not null)
        {
            info.Environment["PGPASSWORD"] = password;
        }
        using var run = Process.Start(info)!;
        var output = run.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = run.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await run.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            run.Kill(entireProcessTree: true);
            throw;
        }
        if (run.ExitCode != 0)
        {
            throw new DalpException(
                "PostgresProgramFailed",
                FaultKind.LocalResource,
                $"{program} for server '{Name}' ended with {run.ExitCode}: {(await errors).Trim()}",
                "See what it says; check free space and the folder's permissions.",
                Name);
        }
        return await output;
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

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // Numbers that POSIX systems agree on.
    private const int SigInt = 2;
    private const int SigQuit = 3;
}
