using System.Diagnostics;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Postgres;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>A promotion is asked for once, and proven by a commit.</summary>
[Collection(nameof(ControlledPairCollection))]
public sealed class DatabasePromotionTests(ControlledPair shared, ITestOutputHelper output)
{
    private static readonly TimeSpan Timeout = PairSessions.Timeout;

    private PostgresPair Pair => shared.Pair;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_primary_is_not_promoted_and_a_standby_proves_nothing_and_logs_nothing()
    {
        await using var primary = Pair.Control(Pair.Primary);
        await using var standby = Pair.Control(Pair.Standby);
        Assert.Equal("DatabaseNotInRecovery", (await Assert.ThrowsAsync<DalpException>(() => primary.PromoteAsync(Token))).ErrorId);
        for (var time = 0; time < 3; time++)
        {
            Assert.Null(await standby.ProveWriteAsync("mark", Token));
        }
        Assert.DoesNotContain("ERROR", await File.ReadAllTextAsync(Pair.Standby.LogFile, Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mark_may_say_anything()
    {
        await using var control = Pair.Control(Pair.Primary);
        await Pair.Primary.ExecuteAsync("CREATE TABLE kept (x int)", Token);
        foreach (var note in (string[])["it's", "\\' || (SELECT 1); DROP TABLE kept; --", "ü\n\u0001", "", "$$"])
        {
            Assert.NotNull(await control.ProveWriteAsync(note, Token));
        }
        Assert.Equal(0L, await Pair.Primary.ExecuteAsync("SELECT count(*) FROM kept; ", Token));
    }

    [Fact]
    public async Task A_promotion_is_proven_on_the_connection_that_asked_for_it()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await using var control = pair.Control(pair.Standby);
        Assert.Null(await control.ProveWriteAsync("warm", Token));
        var session = await SessionAsync(pair.Standby);
        var clock = Stopwatch.StartNew();
        await control.PromoteAsync(Token);
        var asked = clock.Elapsed;
        var (proof, looks) = await ProveAsync(control);
        output.WriteLine($"asked after {asked.TotalMilliseconds:0.0} ms, proven after {clock.Elapsed.TotalMilliseconds:0.0} ms and {looks} looks");
        Assert.Equal(2, proof.Timeline);
        Assert.Equal("committed", await pair.Standby.ExecuteAsync($"SELECT pg_xact_status('{proof.TransactionId}'::xid8)", Token));
        Assert.Equal(true, await pair.Standby.ExecuteAsync($"SELECT pg_current_wal_flush_lsn() >= '{proof.Lsn}'::pg_lsn", Token));
        Assert.Equal(session, await SessionAsync(pair.Standby));
        Assert.True(await control.ReadActivityAsync(Token) is { IsInRecovery: false, Timeline: 2 });
        Assert.Equal("DatabaseNotInRecovery", (await Assert.ThrowsAsync<DalpException>(() => control.PromoteAsync(Token))).ErrorId);
    }

    [Fact]
    public async Task A_promotion_whose_answer_is_lost_is_told_as_such_sent_once_and_found()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await using var proxy = new CuttingProxy(pair.Standby.Port, "pg_promote");
        await using var control = new DatabaseControl(pair.Address(pair.Standby, PostgresPair.AdminUser, pair.Passwords.Admin) with { Port = proxy.Port }, Timeout, TimeProvider.System);
        Assert.Null(await control.ProveWriteAsync("warm", Token));
        var failure = await Assert.ThrowsAsync<DalpException>(() => control.PromoteAsync(Token));
        Assert.Equal("DatabaseAnswerLost", failure.ErrorId);
        Assert.Equal(2, (await ProveAsync(control)).Proof.Timeline);
        Assert.Equal(1, proxy.Seen);
    }

    [Fact]
    public async Task A_promotion_that_nobody_could_be_asked_for_was_not_sent()
    {
        await using var control = new DatabaseControl(new DatabaseAddress("gone", "127.0.0.1", 1, "postgres", null, "dalpha", "x"), Timeout, TimeProvider.System);
        Assert.Equal("DatabaseUnreachable", (await Assert.ThrowsAsync<DalpException>(() => control.PromoteAsync(Token))).ErrorId);
    }

    private static async Task<(WriteProof Proof, int Looks)> ProveAsync(IDatabaseControl control)
    {
        var clock = Stopwatch.StartNew();
        for (var looks = 1; clock.Elapsed < Timeout; looks++)
        {
            if (await control.ProveWriteAsync("promoted", Token) is { } proof)
            {
                return (proof, looks);
            }
            await Task.Delay(2, Token);
        }
        throw new TimeoutException("The standby was not promoted.");
    }

    private static async Task<int> SessionAsync(PostgresServer server) =>
        (int)(await server.ExecuteAsync($"SELECT pid FROM pg_stat_activity WHERE usename = '{PostgresPair.AdminUser}'", Token))!;
}
