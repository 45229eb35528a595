using DalpHa.Core.Errors;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>A server that is frozen: what can be written there all the same, and that this is told as long as it is so.</summary>
[Collection(nameof(ControlledPairCollection))]
public sealed class DatabaseFreezeTests(ControlledPair shared)
{
    private static readonly TimeSpan Timeout = PairSessions.Timeout;

    private PostgresPair Pair => shared.Pair;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_frozen_server_refuses_new_and_old_sessions_alike_and_writes_again_when_it_is_told()
    {
        await using var control = Pair.Control(Pair.Primary);
        await using var application = await Pair.ConnectAsync(Pair.Primary);
        await control.SetReadOnlyAsync(true, Token);
        Assert.True((await control.ReadActivityAsync(Token)).IsReadOnly);
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => Pair.ExecuteAsOwnerAsync("CREATE TABLE x (y int)"))).SqlState);
        await Poll.UntilAsync(async () => await IsReadOnlyAsync(application), Timeout, "a session that was there before is read-only");
        var proof = (await control.ProveWriteAsync("written all the same, by DalpHa", Token))!;
        Assert.Equal("committed", await Pair.Primary.ExecuteAsync($"SELECT pg_xact_status('{proof.TransactionId}'::xid8)", Token));
        await control.SetReadOnlyAsync(true, Token);
        await control.SetReadOnlyAsync(false, Token);
        Assert.False((await control.ReadActivityAsync(Token)).IsReadOnly);
        await Pair.ExecuteAsOwnerAsync("CREATE TABLE x (y int); DROP TABLE x");
    }

    [Fact]
    public async Task A_standby_that_is_frozen_takes_no_writes_when_somebody_promotes_it()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await using var control = pair.Control(pair.Standby);
        Assert.Contains("promotes it", (await control.ReadActivityAsync(Token)).WhyNotFrozen, StringComparison.Ordinal);
        // A session of before keeps its own default through a promotion.
        await using var reader = await pair.ConnectAsync(pair.Standby);
        await reader.ExecuteAsync("SET default_transaction_read_only = off");
        await control.SetReadOnlyAsync(true, Token);
        Assert.Contains("sessions are older", (await control.ReadActivityAsync(Token)).WhyNotFrozen, StringComparison.Ordinal);
        await control.EndSessionsAsync(Token);
        await Poll.UntilAsync(async () => (await control.ReadActivityAsync(Token)) is { IsInRecovery: true, WhyNotFrozen: null }, Timeout, "it is frozen");

        await pair.Standby.ExecuteAsync("SELECT pg_promote()", Token);
        Assert.True(await control.ReadActivityAsync(Token) is { IsInRecovery: false, WhyNotFrozen: null });
        await using var application = await pair.ConnectAsync(pair.Standby);
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => application.ExecuteAsync("CREATE TABLE x (y int)"))).SqlState);
        await control.SetReadOnlyAsync(false, Token);
        await Poll.UntilAsync(async () => !await IsReadOnlyAsync(application), Timeout, "it is let go");
        await application.ExecuteAsync("CREATE TABLE x (y int)");
    }

    [Fact]
    public async Task A_session_that_is_older_than_the_freeze_counts_until_it_is_ended_and_a_newer_one_does_not()
    {
        await using var control = Pair.Control(Pair.Primary);
        await using var application = await Pair.ConnectAsync(Pair.Primary);
        await application.ExecuteAsync("SET default_transaction_read_only = off");
        await control.SetReadOnlyAsync(true, Token);
        try
        {
            // As a process leaves it that died between the two; whoever looks then has not been there before.
            await using var next = Pair.Control(Pair.Primary);
            var left = await next.ReadActivityAsync(Token);
            Assert.True(left is { IsReadOnly: true, WritersRunning: 0, OlderSessions: 1 }, left.ToString());
            Assert.Contains("1 sessions are older", left.WhyNotFrozen, StringComparison.Ordinal);
            await application.ExecuteAsync("SELECT pg_logical_emit_message(true, 'test', 'written all the same'); CREATE TABLE left_over (x int); DROP TABLE left_over");
            await next.EndSessionsAsync(Token);
            await Poll.UntilAsync(async () => (await next.ReadActivityAsync(Token)).WhyNotFrozen is null, Timeout, "it is frozen");
            await using var newer = await Pair.ConnectAsync(Pair.Primary);
            Assert.True(await IsReadOnlyAsync(newer));
            Assert.True(await next.ReadActivityAsync(Token) is { OlderSessions: 0, Sessions: > 0, WhyNotFrozen: null });
        }
        finally
        {
            await control.SetReadOnlyAsync(false, Token);
        }
    }

    [Theory]
    [InlineData("in a transaction", "BEGIN; SELECT 1", "INSERT INTO kept_on VALUES (1); COMMIT")]
    [InlineData("in a procedure that commits", "CREATE OR REPLACE PROCEDURE slow() LANGUAGE plpgsql AS 'BEGIN COMMIT; PERFORM pg_sleep(3); INSERT INTO kept_on VALUES (1); COMMIT; END'", "CALL slow()")]
    [InlineData("with its activity not tracked", "SET track_activities = off; BEGIN; SELECT 1", "INSERT INTO kept_on VALUES (1); COMMIT")]
    public async Task A_superusers_transaction_that_is_older_than_the_freeze_is_named_until_it_ends_and_it_could_have_written(string what, string before, string after)
    {
        Assert.SkipWhen(await Pair.Primary.ExecuteAsync($"SELECT rolsuper FROM pg_roles WHERE rolname = '{PostgresPair.AdminUser}'", Token) is true, "Before PostgreSQL 15 the administrator is a superuser, and ends it.");
        // The thaw before this test was a reload as well: what begins within its second of grace counts as older than that.
        await Task.Delay(1100, Token);
        await using var control = Pair.Control(Pair.Primary);
        await Pair.Primary.ExecuteAsync("CREATE TABLE IF NOT EXISTS kept_on (x int); TRUNCATE kept_on", Token);
        await using var superuser = new NpgsqlConnection(Pair.Primary.ConnectionString("postgres", Pair.Passwords.Superuser) + ";Application Name=batch");
        await superuser.OpenAsync(Token);
        await superuser.ExecuteAsync(before);
        var pid = superuser.ProcessID;
        Assert.DoesNotContain((await control.ReadActivityAsync(Token)).LeftAlone, one => one.IsOlder && what == "in a transaction");
        // What a statement under way goes on with it began before the freeze.
        var statement = after.StartsWith("CALL", StringComparison.Ordinal) ? superuser.ExecuteAsync(after) : null;
        try
        {
            await Poll.UntilAsync(async () => statement is null || (await control.ReadActivityAsync(Token)).LeftAlone.Any(one => one.Pid == pid), Timeout, "the statement is under way");
            await control.SetReadOnlyAsync(true, Token);
            await control.EndSessionsAsync(Token);
            await using var next = Pair.Control(Pair.Primary);
            foreach (var look in new[] { control, next })
            {
                var left = await look.ReadActivityAsync(Token);
                Assert.True(left is { IsReadOnly: true, OlderSessions: 0 }, $"{what}: {left}");
                Assert.Contains(left.LeftAlone, one => one is { IsOlder: true, User: "postgres", Application: "batch" or "" } && one.Pid == pid);
                Assert.Contains($"process {pid} (user postgres", left.WhyNotFrozen, StringComparison.Ordinal);
            }
            await (statement ?? superuser.ExecuteAsync(after));
            Assert.Equal(1L, await Pair.Primary.ExecuteAsync("SELECT count(*) FROM kept_on", Token));
            // A session without a transaction goes by the settings as everybody does; one whose activity nobody sees is none that is known to.
            if (what == "with its activity not tracked")
            {
                Assert.NotNull((await control.ReadActivityAsync(Token)).WhyNotFrozen);
                await superuser.CloseAsync();
            }
            await Poll.UntilAsync(async () => (await control.ReadActivityAsync(Token)).WhyNotFrozen is null, Timeout, "it is frozen");
            if (superuser.State == System.Data.ConnectionState.Open)
            {
                Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => superuser.ExecuteAsync("INSERT INTO kept_on VALUES (2)"))).SqlState);
                // What it begins now is no older, and is left alone.
                await Task.Delay(1100, Token);
                await superuser.ExecuteAsync("BEGIN; SELECT 1");
                var now = await control.ReadActivityAsync(Token);
                Assert.Contains(now.LeftAlone, one => one is { IsOlder: false } && one.Pid == pid);
                Assert.Null(now.WhyNotFrozen);
            }
        }
        finally
        {
            await control.SetReadOnlyAsync(false, Token);
        }
    }

    [Fact]
    public async Task A_role_or_database_with_a_default_of_its_own_is_named()
    {
        await Pair.Primary.ExecuteAsync($"ALTER ROLE {PostgresPair.OwnerUser} IN DATABASE {Pair.Database} SET default_transaction_read_only = off", Token);
        await using var control = Pair.Control(Pair.Primary);
        try
        {
            var failure = await Assert.ThrowsAsync<DalpException>(() => control.SetReadOnlyAsync(true, Token));
            Assert.Equal("DatabaseReadOnlyOverridden", failure.ErrorId);
            Assert.Contains($"role {PostgresPair.OwnerUser} in database {Pair.Database}", failure.Message, StringComparison.Ordinal);
            // It was refused, and has left nothing behind.
            Assert.True(await control.ReadActivityAsync(Token) is { IsReadOnly: false, IsReadOnlyByDefault: false });
            await Pair.Primary.ExecuteAsync("ALTER SYSTEM SET default_transaction_read_only = on", Token);
            await Pair.Primary.ExecuteAsync("SELECT pg_reload_conf()", Token);
            // Somebody's own default keeps it from counting as frozen, and it does not take everybody's writes either.
            await Poll.UntilAsync(async () => await control.ReadActivityAsync(Token) is { IsReadOnly: false, IsReadOnlyByDefault: true }, Timeout, "it is read-only by default");
        }
        finally
        {
            await control.SetReadOnlyAsync(false, Token);
            await Pair.Primary.ExecuteAsync($"ALTER ROLE {PostgresPair.OwnerUser} IN DATABASE {Pair.Database} RESET default_transaction_read_only", Token);
        }
    }

    private static async Task<bool> IsReadOnlyAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT current_setting('transaction_read_only')", connection);
        return await command.ExecuteScalarAsync(Token) is "on";
    }
}
