using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DalpHa.Lab.Api.Serving;
using DalpHa.Lab.Postgres;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>
/// The programs in an instance's pod, as far as somebody needs them who looks at its files: PostgreSQL's own that read a data folder, run on that of the lab's real
/// server, and <c>cat</c> for the history of timelines. <c>env</c> and <c>timeout</c> may stand before them. There are no others, and no other arguments.
/// </summary>
/// <param name="instance">The instance, and its pod.</param>
/// <param name="server">Its server.</param>
internal sealed partial class InstancePrograms(string instance, PostgresServer server) : IPodPrograms
{
    /// <summary>Where an instance has its data folder, as its pod sees it.</summary>
    public const string DataFolder = "/var/lib/postgresql/data/pgdata";

    private const int TimedOut = 124;

    public async Task<int> RunAsync(string pod, IReadOnlyList<string> command, Func<bool, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellation)
    {
        var words = new Queue<string>(command);
        var environment = new Dictionary<string, string>();
        var limit = Timeout.InfiniteTimeSpan;
        if (words.Peek() == "env")
        {
            words.Dequeue();
            while (words.TryPeek(out var word) && word.Split('=', 2) is [var name, var value])
            {
                environment[name] = value;
                words.Dequeue();
            }
        }
        if (words.TryPeek(out var next) && next == "timeout")
        {
            words.Dequeue();
            limit = words.TryDequeue(out var number) && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? TimeSpan.FromSeconds(seconds)
                : throw new ProgramNotFoundException(next);
        }
        var program = words.TryDequeue(out var first) ? first : "";
        var arguments = words.ToList();
        if (pod != instance || !IsKnown(program, arguments))
        {
            throw new ProgramNotFoundException(program);
        }
        var real = arguments.Select(argument => argument.Replace(DataFolder, server.DataFolder, StringComparison.Ordinal)).ToList();
        return program == "cat" ? await ShowAsync(real[0], write, cancellation) : await StartAsync(server.Data.ProgramInfo(program, real), environment, limit, write, cancellation);
    }

    private static bool IsKnown(string program, List<string> arguments) => (program, arguments) switch
    {
        ("pg_ctl", ["status", "--pgdata", DataFolder]) or ("pg_controldata", ["--pgdata", DataFolder]) => true,
        ("pg_waldump", [$"--path={DataFolder}/pg_wal", .. var others]) => others.TrueForAll(WalDumpOption().IsMatch),
        ("cat", [var file]) => HistoryFile().IsMatch(file),
        _ => false,
    };

    private static async Task<int> ShowAsync(string file, Func<bool, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellation)
    {
        if (!File.Exists(file))
        {
            await write(true, Encoding.UTF8.GetBytes($"cat: {file}: No such file or directory\n"));
            return 1;
        }
        await write(false, await File.ReadAllBytesAsync(file, cancellation));
        return 0;
    }

    private static async Task<int> StartAsync(
        ProcessStartInfo info, Dictionary<string, string> environment, TimeSpan limit, Func<bool, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellation)
    {
        foreach (var (name, value) in environment)
        {
            info.Environment[name] = value;
        }
        using var late = new CancellationTokenSource(limit);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        using var run = Process.Start(info)!;
        try
        {
            await Task.WhenAll(CarryAsync(run.StandardOutput.BaseStream, isError: false), CarryAsync(run.StandardError.BaseStream, isError: true));
            await run.WaitForExitAsync(bound.Token);
            return run.ExitCode;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return TimedOut;
        }
        finally
        {
            if (!run.HasExited)
            {
                run.Kill();
            }
        }

        async Task CarryAsync(Stream from, bool isError)
        {
            var buffer = new byte[16 * 1024];
            while (await from.ReadAsync(buffer, bound.Token) is > 0 and var count)
            {
                await write(isError, buffer.AsMemory(0, count));
            }
        }
    }

    [GeneratedRegex(@"^--(?:(?:timeline|limit)=\d+|(?:start|end)=[0-9A-F]+/[0-9A-F]+|rmgr=Transaction|quiet)$")]
    private static partial Regex WalDumpOption();

    [GeneratedRegex($"^{DataFolder}/pg_wal/[0-9A-F]{{8}}\\.history$")]
    private static partial Regex HistoryFile();
}
