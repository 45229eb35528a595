using System.Diagnostics;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Postgres;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>What is seen of a server's transactions and sessions, which of them are ended, and who may not.</summary>
[Collection(nameof(ControlledPairCollection))]
public sealed class DatabaseControlTests(ControlledPair shared)
{
    private static readonly TimeSpan Timeout = PairSessions.Timeout;

    private PostgresPair Pair => shared.Pair;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_labs_administrator_is_no_superuser_where_the_server_lets_others_do_it()
    {
        var version = (int)(await Pair.Primary.ExecuteAsync("SELECT current_setting('server_version_num')::int", Token))!;
        Assert.Equal(version < 150000, await Pair.Primary.ExecuteAsync($"SELECT rolsuper FROM pg_roles WHERE rolname = '{PostgresPair.AdminUser}'", Token));
    }

    [Fact]
    public async Task A_transaction_that_writes_is_seen_and_only_its_end_moves_the_id()
    {
        await using var control = Pair.Control(Pair.Primary);
        await Pair.Primary.ExecuteAsync("CREATE TABLE seen (x int)", Token);
        var idle = await control.ReadActivityAsync(Token);
        Assert.True(idle is { IsInRecovery: false, IsReadOnly: false, WritersRunning: 0, PreparedTransactions: 0, Timeline: 1, NextTransactionId: not null, CurrentLsn: not null }, idle.ToString());
        await using (var application = await Pair.ConnectAsync(Pair.Primary))
        {
            await application.ExecuteAsync("BEGIN; SELECT 1");
            Assert.Equal(0, (await control.ReadActivityAsync(Token)).WritersRunning);
            await application.ExecuteAsync("CREATE TEMP TABLE t (x int); SELECT pg_current_xact_id()");
            var writing = await control.ReadActivityAsync(Token);
            Assert.Equal((1, idle.NextTransactionId, idle.Sessions + 1), (writing.WritersRunning, writing.NextTransactionId, writing.Sessions));
            await application.ExecuteAsync("ROLLBACK");
            var ended = await control.ReadActivityAsync(Token);
            Assert.Equal(0, ended.WritersRunning);
            Assert.True(ended.NextTransactionId > idle.NextTransactionId);
            await application.ExecuteAsync("BEGIN; SELECT pg_logical_emit_message(true, 'test', 'x'); PREPARE TRANSACTION 'left'");
        }
        Assert.Equal(1, (await control.ReadActivityAsync(Token)).PreparedTransactions);
        await Pair.ExecuteAsOwnerAsync("ROLLBACK PREPARED 'left'");
        await using var standby = Pair.Control(Pair.Standby);
        Assert.True(await standby.ReadActivityAsync(Token) is { IsInRecovery: true, NextTransactionId: null, CurrentLsn: null, Timeline: 1 });
    }

    [Fact]
    public async Task The_replication_does_not_count_as_a_transaction()
    {
        await using var control = Pair.Control(Pair.Primary);
        await control.SetReadOnlyAsync(true, Token);
        try
        {
            Assert.Equal(1L, await Pair.Primary.ExecuteAsync("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'", Token));
            await Poll.UntilAsync(async () => await control.ReadActivityAsync(Token) is { LeftAlone: [] }, Timeout, "nothing is left alone that has a transaction");
        }
        finally
        {
            await control.SetReadOnlyAsync(false, Token);
        }
    }

    [Fact]
    public async Task Where_the_log_ends_is_where_the_standby_gets_to_and_what_is_not_written_out_yet_is_before_it()
    {
        await using var primary = Pair.Control(Pair.Primary);
        await using var standby = Pair.Control(Pair.Standby);
        await using var application = await Pair.ConnectAsync(Pair.Primary);
        await application.ExecuteAsync("SET synchronous_commit = off");
        // Whatever a page has room for, in steps that are no divisor of it: some of them end at its very end.
        for (var size = 0; size < 40; size++)
        {
            await application.ExecuteAsync($"SELECT pg_logical_emit_message(true, 'test', repeat('x', {size * 8 + 200}))");
            var (position, end) = (await primary.ReadActivityAsync(Token)) is { CurrentLsn: { } written, EndLsn: { } last } ? (written, last) : default;
            Assert.True(end >= position);
            await Poll.UntilAsync(async () => (await standby.ReadActivityAsync(Token)).ReplayedLsn >= end, Timeout, $"the standby has replayed up to {end}");
            var (now, there) = (await primary.ReadActivityAsync(Token), await standby.ReadActivityAsync(Token));
            Assert.True(there is { IsInRecovery: true, EndLsn: null } && there.ReceivedLsn >= end, there.ToString());
            if (now.EndLsn == end)
            {
                Assert.Equal((end, end), (there.ReceivedLsn, there.ReplayedLsn));
            }
        }
    }

    [Fact]
    public async Task Sessions_are_ended_but_DalpHas_the_replications_and_a_superusers()
    {
        await using var control = Pair.Control(Pair.Primary);
        await using var monitor = new DatabaseServer(Pair.Address(Pair.Primary, PostgresPair.MonitorUser, Pair.Passwords.Monitor), Timeout);
        await monitor.SampleAsync(Token);
        await using var one = await Pair.ConnectAsync(Pair.Primary);
        await using var two = await Pair.ConnectAsync(Pair.Primary);
        await one.ExecuteAsync("BEGIN; SELECT pg_current_xact_id()");
        await using var superuser = new NpgsqlConnection(Pair.Primary.ConnectionString("postgres", Pair.Passwords.Superuser));
        await superuser.OpenAsync(Token);
        var isSuperuser = await Pair.Primary.ExecuteAsync($"SELECT rolsuper FROM pg_roles WHERE rolname = '{PostgresPair.AdminUser}'", Token) is true;
        Assert.Equal(isSuperuser ? 3 : 2, await control.EndSessionsAsync(Token));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => one.ExecuteAsync("SELECT 1"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => two.ExecuteAsync("SELECT 1"));
        await Poll.UntilAsync(async () => await control.ReadActivityAsync(Token) is { WritersRunning: 0 } now && now.Sessions == (isSuperuser ? 0 : 1), Timeout, "they are gone");
        Assert.Single((await monitor.SampleAsync(Token)).Senders);
    }

    [Fact]
    public async Task Who_lacks_a_right_is_told_what_to_grant()
    {
        await using var monitor = new DatabaseControl(Pair.Address(Pair.Primary, PostgresPair.MonitorUser, Pair.Passwords.Monitor), Timeout, TimeProvider.System);
        await using var owner = new DatabaseControl(Pair.Address(Pair.Primary, PostgresPair.OwnerUser, Pair.Passwords.Owner), Timeout, TimeProvider.System);
        await using var application = await Pair.ConnectAsync(Pair.Primary);
        await RefusedAsync(() => owner.ReadActivityAsync(Token), "pg_monitor");
        await RefusedAsync(() => monitor.SetReadOnlyAsync(true, Token), "GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only");
        await RefusedAsync(() => monitor.EndSessionsAsync(Token), "GRANT pg_signal_backend");
        await RefusedAsync(() => monitor.PromoteAsync(Token), "GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer)");
        // Nothing of it came to pass.
        await using var control = Pair.Control(Pair.Primary);
        Assert.False((await control.ReadActivityAsync(Token)).IsReadOnly);
        await application.ExecuteAsync("SELECT 1");

        static async Task RefusedAsync(Func<Task> act, string grant)
        {
            var failure = await Assert.ThrowsAsync<DalpException>(act);
            Assert.Equal(("DatabasePermissionDenied", FaultKind.Forbidden), (failure.ErrorId, failure.Kind));
            Assert.Contains(grant, failure.RecommendedAction, StringComparison.Ordinal);
        }
    }

    // What CloudNativePG answers on PostgreSQL 17 or later, and before it: no server here does.
    [Theory]
    [InlineData(PostgresErrorCodes.FeatureNotSupported, "ALTER SYSTEM is not allowed in this environment")]
    [InlineData(PostgresErrorCodes.InsufficientPrivilege, "could not open file \"postgresql.auto.conf\": Permission denied")]
    public void Who_may_not_change_settings_at_all_is_told_where_that_is_allowed(string state, string words)
    {
        var failure = DatabaseFaults.From(new PostgresException(words, "ERROR", "ERROR", state), Pair.Address(Pair.Primary, "dalpha", "x"), Timeout, Need.ReadOnlyDefault);
        Assert.Equal("DatabasePermissionDenied", failure.ErrorId);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Contains("enableAlterSystem", failure.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("freeze", failure.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_is_given_up_in_time_by_every_call()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGSTOP.");
        await using var control = Pair.Control(Pair.Primary, TimeSpan.FromSeconds(1));
        await control.ReadActivityAsync(Token);
        // All of them: the session of a test before this one may still be on its way out.
        var backends = (int[])(await Pair.Primary.ExecuteAsync($"SELECT array_agg(pid) FROM pg_stat_activity WHERE application_name = 'dalpha' AND usename = '{PostgresPair.AdminUser}'", Token))!;
        Pair.Primary.Freeze();
        await Signal.SendAsync("-STOP", backends);
        try
        {
            foreach (var (act, errorId) in new (Func<Task>, string)[]
            {
                (() => control.SetReadOnlyAsync(true, Token), "DatabaseTimedOut"),
                (() => control.ReadActivityAsync(Token), "DatabaseTimedOut"),
                (() => control.PromoteAsync(Token), "DatabaseTimedOut"),
            })
            {
                var clock = Stopwatch.StartNew();
                var failure = await Assert.ThrowsAsync<DalpException>(act);
                Assert.Equal(errorId, failure.ErrorId);
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), $"took {clock.Elapsed}");
            }
        }
        finally
        {
            await Signal.SendAsync("-CONT", backends);
            Pair.Primary.Thaw();
        }
        await control.SetReadOnlyAsync(false, Token);
    }
}
