using System.Text;
using DalpHa.Core.Errors;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Kubernetes;
using DalpHa.Infrastructure.Postgres;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.CloudNativePg;
using DalpHa.Lab.Postgres;
using Npgsql;
using static DalpHa.Infrastructure.Tests.Replication.PartedPair;

namespace DalpHa.Infrastructure.Tests.Replication;

/// <summary>A stopped server's files tell what the server itself told before.</summary>
public sealed class StoppedServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PostgresStopMode.Fast)]
    [InlineData(PostgresStopMode.Immediate)]
    public async Task Both_ways_agree_on_one_server_first_alive_and_then_stopped(PostgresStopMode mode)
    {
        await using var pair = await StartAsync();
        var fork = await PartAsync(pair);
        await CommitAsync(pair, 12);
        await pair.Primary.ExecuteAsync("BEGIN; INSERT INTO t VALUES (99); PREPARE TRANSACTION 'a payment, COMMIT 2001-01-01 00:00:00.000000 UTC'", Token, pair.Database);
        await pair.Primary.ExecuteAsync("COMMIT PREPARED 'a payment, COMMIT 2001-01-01 00:00:00.000000 UTC'", Token, pair.Database);
        await pair.Primary.ExecuteAsync("BEGIN; INSERT INTO t VALUES (99); ROLLBACK", Token, pair.Database);
        // A commit whose description is longer than anything that is kept of a line.
        await pair.Primary.ExecuteAsync("DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE many_%s (x int)', i); END LOOP; END $$", Token, pair.Database);
        await FreezeAsync(pair);

        var (alive, counted) = await AliveAsync(pair, pair.Primary, fork);
        var end = await EndOfLogAsync(pair);
        await pair.Primary.StopAsync(mode, Token);
        await using var stopped = Stopped(pair.Primary);
        var lineage = await stopped.ReadLineageAsync(Token);

        Assert.Equal(14, counted!.Transactions);
        Assert.Equal(counted, await stopped.CountCommitsAsync(lineage, fork, Token));
        Assert.Equal((alive.SystemIdentifier, alive.Timeline, false, false), (lineage.SystemIdentifier, lineage.Timeline, lineage.IsInRecovery, lineage.TakesWrites));
        Assert.True(lineage.History!.IsSameAs(alive.History!));
        // It writes a checkpoint as it shuts down; and who reads leaves hints in pages that were not read before.
        Assert.InRange(lineage.Position - end, mode == PostgresStopMode.Fast ? 1 : 0, 256 * 1024);
    }

    [Fact]
    public async Task A_promoted_server_is_read_through_all_the_timelines_that_lead_to_its_end()
    {
        await using var pair = await StartAsync();
        var early = await EndOfLogAsync(pair);
        await CommitAsync(pair, 3);
        await pair.WaitForStreamingAsync(Token);
        var fork = await PartAsync(pair);
        await pair.Standby.ExecuteAsync("INSERT INTO t VALUES (1)", Token, pair.Database);
        var (alive, counted) = await AliveAsync(pair, pair.Standby, early);
        await pair.Standby.StopAsync(PostgresStopMode.Fast, Token);

        await using var stopped = Stopped(pair.Standby);
        var lineage = await stopped.ReadLineageAsync(Token);
        Assert.Equal((2, true), (lineage.Timeline, lineage.History!.IsSameAs(alive.History!)));
        Assert.Equal(counted, await stopped.CountCommitsAsync(lineage, early, Token));
        Assert.Equal((4, 1), (counted!.Transactions, (await stopped.CountCommitsAsync(lineage, fork, Token))!.Transactions));
    }

    [Fact]
    public async Task A_standby_that_was_stopped_reaches_as_far_as_what_it_received()
    {
        await using var pair = await StartAsync();
        await pair.PauseReplayAsync(Token);
        await CommitAsync(pair, 5);
        var end = await EndOfLogAsync(pair);
        await Poll.UntilAsync(
            async () => await pair.Standby.ExecuteAsync($"SELECT pg_last_wal_receive_lsn() >= '{end}'", Token) is true, TimeSpan.FromSeconds(10), "it has received all");
        await pair.Standby.StopAsync(PostgresStopMode.Fast, Token);

        await using var stopped = Stopped(pair.Standby);
        var lineage = await stopped.ReadLineageAsync(Token);
        Assert.True(lineage.IsInRecovery);
        Assert.InRange(lineage.Position - end, 0, await EndOfLogAsync(pair) - end);
    }

    [Fact]
    public async Task A_part_of_the_log_that_is_gone_leaves_the_number_unknown_and_the_bytes_known()
    {
        await using var pair = await StartAsync();
        var fork = await PartAsync(pair);
        await CommitAsync(pair, 3);
        await pair.Primary.ExecuteAsync("SELECT pg_switch_wal()", Token);
        await CommitAsync(pair, 3);
        await pair.Primary.StopAsync(PostgresStopMode.Fast, Token);
        var segment = $"00000001{fork.Value >> 32:X8}{(fork.Value & 0xFFFFFFFF) / (16 * 1024 * 1024):X8}";
        File.Delete(Path.Combine(pair.Primary.DataFolder, "pg_wal", segment));

        await using var stopped = Stopped(pair.Primary);
        var lineage = await stopped.ReadLineageAsync(Token);
        Assert.True(lineage.Position > fork);
        var missing = await Assert.ThrowsAsync<DalpException>(() => stopped.CountCommitsAsync(lineage, fork, Token));
        Assert.Equal("DatabaseWalMissing", missing.ErrorId);
        Assert.Contains(segment, missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_position_where_no_record_begins_is_no_place_to_count_from()
    {
        await using var pair = await StartAsync();
        var fork = await PartAsync(pair);
        await CommitAsync(pair, 3);
        await pair.Primary.StopAsync(PostgresStopMode.Fast, Token);
        await using var stopped = Stopped(pair.Primary);
        var lineage = await stopped.ReadLineageAsync(Token);
        var refused = await Assert.ThrowsAsync<DalpException>(() => stopped.CountCommitsAsync(lineage, new Lsn(fork.Value + 16), Token));
        Assert.Equal("DatabaseFilesUnreadable", refused.ErrorId);
    }

    [Fact]
    public async Task Files_of_a_server_that_runs_are_not_read()
    {
        await using var pair = await StartAsync();
        await using var running = Stopped(pair.Primary);
        Assert.Equal("DatabaseFilesInUse", (await Assert.ThrowsAsync<DalpException>(() => running.ReadLineageAsync(Token))).ErrorId);
    }

    [Fact]
    public async Task A_damaged_control_file_is_no_source()
    {
        await using var pair = await StartAsync();
        await pair.Primary.StopAsync(PostgresStopMode.Fast, Token);
        var path = Path.Combine(pair.Primary.DataFolder, "global", "pg_control");
        var content = await File.ReadAllBytesAsync(path, Token);
        content[40] ^= 1;
        await File.WriteAllBytesAsync(path, content, Token);
        await using var stopped = Stopped(pair.Primary);
        Assert.Equal("DatabaseFilesUnreadable", (await Assert.ThrowsAsync<DalpException>(() => stopped.ReadLineageAsync(Token))).ErrorId);
    }

    [Fact]
    public async Task Where_a_record_ends_is_computed_as_the_server_does()
    {
        await using var pair = await StartAsync();
        var begin = await EndOfLogAsync(pair);
        await pair.Primary.ExecuteAsync("CHECKPOINT", Token);
        // Whole pages, over the bounds of pages and of segments.
        await pair.Primary.ExecuteAsync("INSERT INTO t SELECT generate_series(1, 300000); UPDATE t SET x = x + 1", Token, pair.Database);
        await pair.Primary.ExecuteAsync("SELECT pg_switch_wal()", Token);
        await CommitAsync(pair, 1);
        var end = await EndOfLogAsync(pair);
        var (checkedRecords, crossing) = (0, 0);
        await using var connection = new NpgsqlConnection(pair.Primary.ConnectionString("postgres", pair.Passwords.Superuser, pair.Database));
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(
            $"SELECT resource_manager, record_length, start_lsn::text, record_type, end_lsn::text FROM pg_get_wal_records_info('{begin}', '{end}')", connection);
        await using var rows = await command.ExecuteReaderAsync(Token);
        while (await rows.ReadAsync(Token))
        {
            var record = new WalRecord(rows.GetString(0), (uint)rows.GetInt32(1), Lsn.Parse(rows.GetString(2))!.Value, rows.GetString(3), "");
            Assert.Equal(Lsn.Parse(rows.GetString(4))!.Value, record.End(8192, 16 * 1024 * 1024));
            checkedRecords++;
            crossing += record.Position.Value / 8192 != (record.Position.Value + record.Length) / 8192 ? 1 : 0;
        }
        Assert.True(checkedRecords > 100_000 && crossing > 100, $"{checkedRecords} {crossing}");
    }

    private static async Task<(DatabaseLineage Lineage, CommitCount? Count)> AliveAsync(PostgresPair pair, PostgresServer server, Lsn from)
    {
        await using var alive = new Infrastructure().OpenDatabase(
            new DatabaseAddress(server.Name, "127.0.0.1", server.Port, pair.Database, "disable", PostgresPair.AdminUser, pair.Passwords.Admin, null), TimeSpan.FromSeconds(10));
        var lineage = await alive.ReadLineageAsync(Token);
        return (lineage, await alive.CountCommitsAsync(lineage, from, Token));
    }

    // As the pod of an instance runs them.
    private static StoppedServer Stopped(PostgresServer server)
    {
        var programs = new InstancePrograms("instance", server);
        return new StoppedServer(server.Name, "the test's folder", InstancePrograms.DataFolder, async (program, arguments, hear, token) =>
        {
            var (output, errors) = (new OutputLines(hear, long.MaxValue), new StringBuilder());
            var turn = new SemaphoreSlim(1);
            var code = await programs.RunAsync("instance", ["env", "LC_ALL=C", "TZ=UTC", "timeout", "20", program, .. arguments], Write, token);
            output.Finish();
            return new ProgramEnd(code, errors.ToString().Trim());

            async Task Write(bool isError, ReadOnlyMemory<byte> bytes)
            {
                await turn.WaitAsync(token);
                if (isError)
                {
                    errors.Append(Encoding.UTF8.GetString(bytes.Span));
                }
                else
                {
                    output.Add(bytes.Span);
                }
                turn.Release();
            }
        });
    }
}
