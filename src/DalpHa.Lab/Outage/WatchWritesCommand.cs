using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace DalpHa.Lab.Outage;

/// <summary><c>watch-writes</c>: says <c>writing N</c> when the server in place N acknowledges a row and another one did before, or none, and reports in one line of JSON when its standard input ends.</summary>
/// <param name="user">Who logs in; the password comes as libpq takes it, from PGPASSWORD or PGPASSFILE.</param>
/// <param name="database">The database.</param>
/// <param name="ports">The servers' loopback ports.</param>
internal sealed class WatchWritesCommand(string user, string database, IReadOnlyList<int> ports)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(5);

    /// <summary>Reads the ports from the command line's list: <c>5432,5433</c>.</summary>
    public static IReadOnlyList<int> Ports(string list) => [.. list.Split(',').Select(port => int.Parse(port, CultureInfo.InvariantCulture))];

    public async Task<int> RunAsync()
    {
        using var stop = new CancellationTokenSource();
        // The console's reader has no asynchronous read: its own would hold this thread.
        var ending = Task.Run(() => EndWithInput(stop));
        try
        {
            var report = await new WriteWatch([.. ports.Select(ConnectionString)], Every).RunAsync(server => Console.Out.WriteLine($"writing {server}"), stop.Token);
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(report, WriteWatchJson.Default.WriteWatchReport));
            await ending;
            return 0;
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    // Whoever started it holds its input: it ends with him, however he ends.
    private static void EndWithInput(CancellationTokenSource stop)
    {
        Console.In.ReadToEnd();
        stop.Cancel();
    }

    private string ConnectionString(int port) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = user,
        Database = database,
        Pooling = false,
        Timeout = 2,
        CommandTimeout = 5,
        SslMode = SslMode.Disable,
        // Each row as it comes, planned once: the client is not what is measured.
        MaxAutoPrepare = 4,
        AutoPrepareMinUsages = 1,
    }.ConnectionString;
}
