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
        var segment = Path.Combine(server.DataFolder, "pg_wal", await NextSegmentAsync(server, isStandby, cancellationToken));
        // A recycled segment may stand ready in its place.
        File.Delete(segment);
        File.CreateSymbolicLink(segment, Full);
        return new Injection($"Database/{server.Name}", token => UndoAsync(scene, server, segment, token), token => ShowsAsync(scene, server, isStandby, token));
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

    // Nobody waits until the rest of the segment is written by itself.
    private static async Task ShowsAsync(FaultScene scene, PostgresServer server, bool isStandby, CancellationToken cancellationToken)
    {
        var writer = isStandby ? scene.Databases.Other(server) : server;
        await UntilAsync(
            $"{server.Name} has no room for its WAL",
            async () =>
            {
                try
                {
                    await writer.ExecuteAsync("SELECT pg_switch_wal()", cancellationToken);
                    await writer.ExecuteAsync("SELECT pg_create_restore_point('disk full')", cancellationToken);
                }
                catch (NpgsqlException) when (!isStandby)
                {
                    // That is the fault.
                }
                return File.ReadAllText(server.LogFile).Contains("No space left on device", StringComparison.Ordinal);
            },
            cancellationToken);
    }

    private static async Task UndoAsync(FaultScene scene, PostgresServer server, string segment, CancellationToken cancellationToken)
    {
        if (new FileInfo(segment).LinkTarget == Full)
        {
            File.Delete(segment);
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
