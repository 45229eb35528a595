using System.Diagnostics;
using System.Globalization;
using DalpHa.Core.Errors;

namespace DalpHa.Lab.Postgres;

/// <summary>A server's data folder: how it is made, configured and copied, and PostgreSQL's programs that work on it while no server does.</summary>
public sealed class PostgresData
{
    /// <summary>The settings that an operator keeps, as CloudNativePG calls the file.</summary>
    public const string OperatorFile = "custom.conf";

    /// <summary>The settings that a fault has put there.</summary>
    public const string FaultFile = "fault.conf";

    private const string StandbySignal = "standby.signal";

    private readonly PostgresBinaries binaries;
    private readonly ServerAccount? account;
    private readonly PostgresServerOptions options;
    private readonly int port;

    internal PostgresData(PostgresBinaries binaries, ServerAccount? account, PostgresServerOptions options, int port)
    {
        this.binaries = binaries;
        this.account = account;
        this.options = options;
        this.port = port;
    }

    /// <summary>Where it is.</summary>
    public string Folder => Path.Combine(options.Folder, "data");

    /// <summary>The server's log file, beside it.</summary>
    public string LogFile => Path.Combine(options.Folder, "server.log");

    /// <summary>Makes it anew, with an empty database.</summary>
    /// <exception cref="DalpException"><c>PostgresProgramFailed</c>: initdb failed.</exception>
    internal async Task InitializeAsync(CancellationToken cancellationToken)
    {
        var passwordFile = Path.Combine(options.Folder, "password");
        ServerAccount.WriteFile(account, passwordFile, options.Password);
        try
        {
            await RunAsync(
                "initdb",
                ["--pgdata", Folder, "--username", "postgres", "--pwfile", passwordFile, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"],
                password: null,
                cancellationToken);
        }
        finally
        {
            File.Delete(passwordFile);
        }
        Configure(new Dictionary<string, string>());
        WriteFile("pg_hba.conf", """
            host all         all all scram-sha-256
            host replication all all scram-sha-256
            """);
    }

    /// <summary>Takes it back to where its history left that of another server, and brings it what that wrote since (pg_rewind).</summary>
    /// <param name="sourcePort">The loopback port of the server to follow, which runs and is no standby.</param>
    /// <param name="cancellationToken">Ends it; the data are then neither the one nor the other.</param>
    /// <exception cref="DalpException"><c>PostgresProgramFailed</c>: it can't be rewound.</exception>
    public Task RewindAsync(int sourcePort, CancellationToken cancellationToken)
    {
        // It writes that file anew, whatever an operator has made of it.
        SetAutoConfWritable(true);
        return RunAsync(
            "pg_rewind",
            ["--target-pgdata", Folder, "--source-server", $"host=127.0.0.1 port={Text(sourcePort)} user=postgres dbname=postgres sslmode=disable", "--no-sync"],
            options.Password,
            cancellationToken);
    }

    /// <summary>Makes it by a base backup of a running primary.</summary>
    /// <param name="primaryPort">The primary's loopback port.</param>
    /// <param name="userName">A user with the REPLICATION attribute.</param>
    /// <param name="password">That user's password.</param>
    /// <param name="cancellationToken">Ends the backup.</param>
    internal Task CopyAsync(int primaryPort, string userName, string password, CancellationToken cancellationToken) => RunAsync(
        "pg_basebackup",
        ["--pgdata", Folder, "--host", "127.0.0.1", "--port", Text(primaryPort), "--username", userName, "--checkpoint", "fast", "--wal-method", "stream", "--no-sync"],
        password,
        cancellationToken);

    /// <summary>Replaces a stopped server's by a base backup of a running primary.</summary>
    /// <inheritdoc cref="CopyAsync"/>
    public async Task RecopyAsync(int primaryPort, string userName, string password, CancellationToken cancellationToken)
    {
        // One that was broken off may have left nothing.
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
        await CopyAsync(primaryPort, userName, password, cancellationToken);
    }

    /// <summary>What <c>pg_controldata</c> tells of it, by the names that it uses. The server may run or not.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadControlAsync(CancellationToken cancellationToken)
    {
        var output = await RunAsync("pg_controldata", ["--pgdata", Folder], password: null, cancellationToken);
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

    /// <summary>Whether the server starts as a standby.</summary>
    public bool IsStandby => File.Exists(Path.Combine(Folder, StandbySignal));

    /// <summary>The settings that whoever runs it keeps in a file of his own; empty when there are none.</summary>
    public string Kept(string file) => File.Exists(Path.Combine(Folder, file)) ? File.ReadAllText(Path.Combine(Folder, file)) : "";

    /// <summary>Settings as a file holds them.</summary>
    public static string Lines(IEnumerable<KeyValuePair<string, string>> settings) =>
        string.Concat(settings.Select(setting => $"{setting.Key} = '{setting.Value.Replace("'", "''", StringComparison.Ordinal)}'\n"));

    /// <summary>Lets <c>ALTER SYSTEM</c> be used, or refuses it to everybody as CloudNativePG does before PostgreSQL 17: its file can't be written. Unix only.</summary>
    public void SetAutoConfWritable(bool isWritable)
    {
        var file = Path.Combine(Folder, "postgresql.auto.conf");
        if (!OperatingSystem.IsWindows() && File.Exists(file))
        {
            File.SetUnixFileMode(file, isWritable ? UnixFileMode.UserRead | UnixFileMode.UserWrite : UnixFileMode.UserRead);
        }
    }

    /// <summary>Its major version.</summary>
    public int MajorVersion => int.Parse(File.ReadAllText(Path.Combine(Folder, "PG_VERSION")), CultureInfo.InvariantCulture);

    /// <summary>Writes settings over the ones it was made with; they hold from the server's next start.</summary>
    public void Configure(IReadOnlyDictionary<string, string> settings)
    {
        var all = new Dictionary<string, string>
        {
            ["listen_addresses"] = "127.0.0.1",
            ["port"] = Text(port),
            ["unix_socket_directories"] = "",
            ["cluster_name"] = options.Name,
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
        WriteFile("postgresql.conf", $"{Lines(all)}include_if_exists = '{OperatorFile}'\ninclude_if_exists = '{FaultFile}'\n");
    }

    /// <summary>Lets the server be a standby from its next start.</summary>
    /// <param name="settings">Settings over the ones that it was made with: among them whom it follows, where those do not say so.</param>
    public void BecomeStandby(IReadOnlyDictionary<string, string> settings)
    {
        WriteFile(StandbySignal, "");
        Configure(settings);
    }

    /// <summary>Writes a file into it that only the server can read.</summary>
    public void WriteFile(string name, string content) => ServerAccount.WriteFile(account, Path.Combine(Folder, name), content);

    /// <summary>Runs one of PostgreSQL's programs to its end.</summary>
    /// <returns>What it wrote.</returns>
    /// <exception cref="DalpException"><c>PostgresProgramFailed</c>: it ended with an error.</exception>
    internal async Task<string> RunAsync(string program, IEnumerable<string> arguments, string? password, CancellationToken cancellationToken)
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
                $"{program} for server '{options.Name}' ended with {run.ExitCode}: {(await errors).Trim()}",
                "See what it says; check free space and the folder's permissions.",
                options.Name);
        }
        return await output;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
