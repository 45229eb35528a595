using System.Globalization;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Core.Replication;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Lab.Faults;

/// <summary>
/// The disk of a database is full: its next WAL segment is <c>/dev/full</c>, so the server gets the very error that a full disk gives (ENOSPC) as soon as the
/// present segment is used up. A primary panics and does not come back; a standby panics again and again.
/// </summary>
/// <remarks>What is written outside of WAL, and a new timeline's first segment, still finds room.</remarks>
internal sealed class DiskFullFault : ILabFault
{
    private const string Full = "/dev/full";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public LabFault Name => LabFault.DiskFull;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        if (!File.Exists(Full))
        {
            throw new DalpException("LabFaultNotPossible", FaultKind.InvalidInput, $"The fault {Name} needs {Full}, as Linux has it.", "Rehearse it in a lab on Linux.", Name.ToString());
        }
        var server = scene.Region.Database.Server;
        if (await PostgresPair.IsInRecoveryAsync(server, cancellationToken) is not { } isStandby)
        {
            throw FaultInTheWay.Because($"{server.Name} does not answer, so nobody can tell where its WAL stands.", "Undo the fault first that keeps it from running.", server.Name);
        }
        if (isStandby && (scene.Databases.Link.State != LinkState.Passing || await PostgresPair.IsInRecoveryAsync(scene.Databases.Other(server), cancellationToken) != false))
        {
            throw FaultInTheWay.Because($"{server.Name} gets no WAL from {scene.Databases.Other(server).Name}, so its disk can't fill.", "Mend the link between the databases, or the primary, first.", server.Name);
        }
        // What an earlier fault left in the log is not this one's.
        var logged = new FileInfo(server.LogFile).Length;
        var segment = Path.Combine(server.DataFolder, "pg_wal", await NextSegmentAsync(server, isStandby, cancellationToken));
        // A recycled segment may stand ready in its place.
        File.Delete(segment);
        File.CreateSymbolicLink(segment, Full);
        return new Injection($"Database/{server.Name}", token => UndoAsync(scene, server, segment, token), token => ShowsAsync(isStandby ? scene.Databases.Other(server) : server, server, logged, token));
    }

    private static async Task<string> NextSegmentAsync(PostgresServer server, bool isStandby, CancellationToken cancellationToken)
    {
        var position = isStandby
            ? "SELECT received_tli || ' ' || pg_last_wal_receive_lsn() FROM pg_stat_wal_receiver"
            : "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int || ' ' || pg_current_wal_insert_lsn()";
        if (await server.ExecuteAsync(position, cancellationToken) is not string text)
        {
            throw FaultInTheWay.Because($"{server.Name} receives no WAL, so its disk can't fill.", "Mend the link between the databases first.", server.Name);
        }
        var size = (ulong)(long)(await server.ExecuteAsync("SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'", cancellationToken))!;
        var (timeline, lsn) = (text.Split(' ')[0], Lsn.Parse(text.Split(' ')[1])!.Value);
        // "WAL Internals" of the PostgreSQL manual: the timeline, and the segment's number in two parts that make up a whole 32 bits each.
        var (next, perLog) = (((lsn.Value - 1) / size) + 1, 0x1_0000_0000UL / size);
        return $"{int.Parse(timeline, CultureInfo.InvariantCulture):X8}{next / perLog:X8}{next % perLog:X8}";
    }

    private static async Task ShowsAsync(PostgresServer writer, PostgresServer server, long logged, CancellationToken cancellationToken)
    {
        await EndSegmentAsync(writer, cancellationToken);
        await UntilAsync($"{server.Name} has no room for its WAL", () => Task.FromResult(SaysFull(server.LogFile, logged)), cancellationToken);
    }

    // Nobody waits until the rest of the segment is written by itself. Once: each switch is a whole segment, and what the standby does not take the primary keeps.
    private static async Task EndSegmentAsync(PostgresServer writer, CancellationToken cancellationToken)
    {
        try
        {
            // A switch at the very beginning of a segment does nothing: the first record sees to that.
            await writer.ExecuteAsync("SELECT pg_create_restore_point('disk full')", cancellationToken);
            await writer.ExecuteAsync("SELECT pg_switch_wal()", cancellationToken);
            await writer.ExecuteAsync("SELECT pg_create_restore_point('disk full')", cancellationToken);
        }
        catch (NpgsqlException)
        {
            // On a primary that is the fault. Whether it shows on a standby, its log says.
        }
    }

    private static bool SaysFull(string log, long from)
    {
        using var stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // A start of the server begins its log anew.
        stream.Position = stream.Length < from ? 0 : from;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Contains("No space left on device", StringComparison.Ordinal);
    }

    private static async Task UndoAsync(FaultScene scene, PostgresServer server, string segment, CancellationToken cancellationToken)
    {
        if (new FileInfo(segment).LinkTarget == Full)
        {
            File.Delete(segment);
        }
        if (KeptDown.ByOther(scene, LabFault.DiskFull))
        {
            return;
        }
        await UntilAsync(
            $"{server.Name} answers again",
            async () =>
            {
                await server.StartAsync(cancellationToken);
                return await PostgresPair.IsInRecoveryAsync(server, cancellationToken) is not null;
            },
            cancellationToken);
        await RegionDoors.WaitForStreamingAsync(scene, cancellationToken);
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> holds, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(Limit);
        while (!await holds())
        {
            try
            {
                await Task.Delay(PollInterval, bound.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"It was not seen within {Limit.TotalSeconds} s that {what}.");
            }
        }
    }
}
