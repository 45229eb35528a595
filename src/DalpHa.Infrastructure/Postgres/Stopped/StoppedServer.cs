using System.Globalization;
using System.Text.RegularExpressions;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Kubernetes;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>
/// A PostgreSQL server that is stopped, read out of its files by PostgreSQL's own programs. They are asked in a fixed language and time zone, and what they say is
/// taken only where it has the known form: what can't be read is an error, and never nothing.
/// </summary>
/// <param name="name">The server's name in the topology.</param>
/// <param name="place">Where its files are, in people's words.</param>
/// <param name="dataFolder">Its data folder there.</param>
/// <param name="run">Runs a program there.</param>
internal sealed partial class StoppedServer(string name, string place, string dataFolder, ProgramRunner run) : ILineageSource
{
    // CloudNativePG's own: pkg/specs/pods.go and pkg/specs/volumes.go.
    private const string Container = "postgres";
    private const string PodDataFolder = "/var/lib/postgresql/data/pgdata";

    private const int NoServerRuns = 3;
    private const int SmallestPage = 1024;
    private const int LongestPageHeader = 40;

    // How WAL ends where its writer was killed or stopped following: what comes next was never written (zeroes), or is left of a segment's former use.
    private static readonly string[] Ends = ["invalid record length at", "unexpected pageaddr", "invalid magic number", "record with incorrect prev-link", "contrecord"];

    private readonly string walFolder = $"{dataFolder}/pg_wal";

    public string Name => name;

    /// <summary>One of CloudNativePG's.</summary>
    public static StoppedServer InPod(PodExec pod, StoppedInstance instance) => new(
        instance.Name,
        $"pod {instance.Namespace}/{instance.Pod}",
        PodDataFolder,
        (program, arguments, hear, token) => pod.RunAsync(instance.Namespace, instance.Pod, Container, program, arguments, hear, token));

    public async Task<DatabaseLineage> ReadLineageAsync(CancellationToken cancellationToken)
    {
        var status = await RunAsync("pg_ctl", ["status", "--pgdata", dataFolder], static _ => { }, cancellationToken).ConfigureAwait(false);
        if (status.ExitCode != NoServerRuns)
        {
            throw status.ExitCode == 0
                ? Fail("DatabaseFilesInUse", FaultKind.Conflict, $"PostgreSQL runs in {place}, and its files change while it does.", "Wait until its fence has stopped it, or ask it by its address.")
                : Unreadable($"pg_ctl status ended with {status.ExitCode}: {status.Errors}");
        }
        var lines = await LinesAsync("pg_controldata", ["--pgdata", dataFolder], cancellationToken).ConfigureAwait(false);
        var control = Read(() => ControlData.Parse(lines));
        var last = control.IsShutDown ? await RecordAsync(control.Timeline, control.Checkpoint, cancellationToken).ConfigureAwait(false) : await LastRecordAsync(control, cancellationToken).ConfigureAwait(false);
        if (control.IsShutDown && last.Type != "CHECKPOINT_SHUTDOWN")
        {
            throw Unreadable($"it was shut down, and its WAL does not end with a shutdown: {last.Type} stands at {last.Position}");
        }
        var end = last.End(control.WalBlockSize, control.SegmentSize);
        if (end < control.Reached)
        {
            throw Unreadable($"its WAL ends at {end}, and once reached to {control.Reached} at least");
        }
        var lineage = new DatabaseLineage(
            control.SystemIdentifier,
            control.IsInRecovery,
            TakesWrites: false,
            control.Timeline,
            end,
            control.IsShutDown ? control.NextTransactionId : null,
            new LineageCheckpoint(control.Redo, control.OldestActiveTransactionId > 0 ? control.OldestActiveTransactionId : control.NextTransactionId));
        try
        {
            return lineage with { History = await ReadHistoryAsync(control.Timeline, cancellationToken).ConfigureAwait(false) };
        }
        catch (DalpException exception)
        {
            return lineage with { HistoryFailure = exception };
        }
    }

    public async Task<CommitCount?> CountCommitsAsync(DatabaseLineage lineage, Lsn from, CancellationToken cancellationToken)
    {
        var count = new CommitCount(0, null, null);
        foreach (var (timeline, begin, end) in lineage.History!.Between(from, lineage.Position))
        {
            void Hear(string line) => count = Add(count, line, begin);
            var ended = await RunAsync("pg_waldump", [.. Wal(timeline, begin), $"--end={end}", "--rmgr=Transaction"], Hear, cancellationToken).ConfigureAwait(false);
            if (ended.ExitCode != 0)
            {
                throw ended.Errors.Contains("could not find file", StringComparison.Ordinal)
                    ? Fail(
                        "DatabaseWalMissing", FaultKind.NotFound, $"A part of the WAL from {begin} to {end} on timeline {timeline} is no longer in {place}: {ended.Errors}",
                        "The archive may hold the segment: count there with pg_waldump, on a copy.")
                    : Unreadable($"pg_waldump ended with {ended.ExitCode} between {begin} and {end}: {ended.Errors}");
            }
            // Where it begins is told among the records, and by later versions beside them.
            foreach (var line in ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                Read(() => count = Add(count, line.Replace("pg_waldump: ", "", StringComparison.Ordinal), begin));
            }
        }
        return count;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private CommitCount Add(CommitCount count, string line, Lsn begin)
    {
        if (Skipped().Match(line) is { Success: true } skipped)
        {
            // At a page's beginning its header is passed over. More than that would be the rest of a record, and a commit could be in it.
            return skipped.Groups[1].Value == begin.ToString() && begin.Value % SmallestPage == 0 && int.Parse(skipped.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) <= LongestPageHeader
                ? count
                : throw new FormatException($"no record begins at {begin}: {line}");
        }
        return WalRecord.Parse(line).CommittedAt is { } at
            ? new CommitCount(count.Transactions + 1, count.FirstAt < at ? count.FirstAt : at, count.LastAt > at ? count.LastAt : at)
            : count;
    }

    private async Task<TimelineHistory> ReadHistoryAsync(int timeline, CancellationToken cancellationToken)
    {
        if (timeline == 1)
        {
            return TimelineHistory.Parse("", timeline);
        }
        var lines = await LinesAsync("cat", [$"{walFolder}/{timeline.ToString("X8", CultureInfo.InvariantCulture)}.history"], cancellationToken).ConfigureAwait(false);
        return Read(() => TimelineHistory.Parse(string.Join('\n', lines), timeline));
    }

    // A server that was killed, or that followed, is read from where it would itself begin to recover: to where it would end.
    private async Task<WalRecord> LastRecordAsync(ControlData control, CancellationToken cancellationToken)
    {
        var end = await RunAsync("pg_waldump", [.. Wal(control.Timeline, control.Redo), "--quiet"], static _ => { }, cancellationToken).ConfigureAwait(false);
        var told = EndOfWal().Match(end.Errors);
        return told.Success && Array.Exists(Ends, reason => told.Groups[2].Value.Contains(reason, StringComparison.Ordinal))
            ? await RecordAsync(control.Timeline, Lsn.Parse(told.Groups[1].Value)!.Value, cancellationToken).ConfigureAwait(false)
            : throw Unreadable($"the end of its WAL was not found from {control.Redo} on timeline {control.Timeline} on: {end.Errors}");
    }

    private async Task<WalRecord> RecordAsync(int timeline, Lsn position, CancellationToken cancellationToken)
    {
        var lines = await LinesAsync("pg_waldump", [.. Wal(timeline, position), "--limit=1"], cancellationToken).ConfigureAwait(false);
        return lines.Count == 1 && Read(() => WalRecord.Parse(lines[0])) is var record && record.Position == position
            ? record
            : throw Unreadable($"pg_waldump does not show the record at {position}: {string.Join(' ', lines)}");
    }

    private string[] Wal(int timeline, Lsn start) => [$"--path={walFolder}", $"--timeline={timeline.ToString(CultureInfo.InvariantCulture)}", $"--start={start}"];

    private async Task<List<string>> LinesAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var end = await RunAsync(program, arguments, lines.Add, cancellationToken).ConfigureAwait(false);
        return end is { ExitCode: 0, Errors: "" } ? lines : throw Unreadable($"{program} ended with {end.ExitCode}: {end.Errors}");
    }

    private async Task<ProgramEnd> RunAsync(string program, IReadOnlyList<string> arguments, Action<string> hear, CancellationToken cancellationToken)
    {
        try
        {
            return await run(program, arguments, hear, cancellationToken).ConfigureAwait(false);
        }
        catch (FormatException exception)
        {
            throw Unreadable(exception.Message, exception);
        }
    }

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException exception)
        {
            throw Unreadable(exception.Message, exception);
        }
    }

    private DalpException Unreadable(string cause, Exception? inner = null) => Fail(
        "DatabaseFilesUnreadable", FaultKind.InvalidAnswer, $"What the stopped server's files in {place} hold can't be read: {cause}",
        "Look at them with pg_controldata and pg_waldump there; PostgreSQL 13 to 18 is understood.", inner);

    private DalpException Fail(string errorId, FaultKind kind, string message, string action, Exception? inner = null) => new(errorId, kind, message, action, name, inner);

    [GeneratedRegex(@"^pg_waldump: (?:error|fatal): error in WAL record at ([0-9A-F]+/[0-9A-F]+): (.+)$", RegexOptions.Singleline)]
    private static partial Regex EndOfWal();

    [GeneratedRegex(@"^first record is after ([0-9A-F]+/[0-9A-F]+), at [0-9A-F]+/[0-9A-F]+, skipping over (\d+) bytes?$")]
    private static partial Regex Skipped();
}
