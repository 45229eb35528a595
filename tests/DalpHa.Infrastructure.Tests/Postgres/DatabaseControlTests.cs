using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Postgres;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>One pair for the tests that leave it as they found it. Its administrator is no superuser.</summary>
public sealed class ControlledPair : IAsyncLifetime
{
    public PostgresPair Pair { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Pair = await PostgresPair.StartAsync(
        new PostgresPairOptions { Folder = PairFolder.New(), Settings = new Dictionary<string, string> { ["max_prepared_transactions"] = "5", ["autovacuum"] = "off" } },
        CancellationToken.None);

    public ValueTask DisposeAsync() => Pair.DisposeAsync();
}

public sealed class DatabaseControlTests(ControlledPair shared, ITestOutputHelper output) : IClassFixture<ControlledPair>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

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
        await using var control = Open(Pair.Primary);
        await Pair.Primary.ExecuteAsync("CREATE TABLE seen (x int)", Token);
        var idle = await control.ReadActivityAsync(Token);
        Assert.True(idle is { IsInRecovery: false, IsReadOnly: false, WritersRunning: 0, PreparedTransactions: 0, Timeline: 1, NextTransactionId: not null, CurrentLsn: not null }, idle.ToString());
        await using (var application = await ConnectAsync())
        {
            await ExecuteAsync(application, "BEGIN; SELECT 1");
            Assert.Equal(0, (await control.ReadActivityAsync(Token)).WritersRunning);
            await ExecuteAsync(application, "CREATE TEMP TABLE t (x int); SELECT pg_current_xact_id()");
            var writing = await control.ReadActivityAsync(Token);
            Assert.Equal((1, idle.NextTransactionId, idle.Sessions + 1), (writing.WritersRunning, writing.NextTransactionId, writing.Sessions));
            await ExecuteAsync(application, "ROLLBACK");
            var ended = await control.ReadActivityAsync(Token);
            Assert.Equal(0, ended.WritersRunning);
            Assert.True(ended.NextTransactionId > idle.NextTransactionId);
            await ExecuteAsync(application, "BEGIN; SELECT pg_logical_emit_message(true, 'test', 'x'); PREPARE TRANSACTION 'left'");
        }
        Assert.Equal(1, (await control.ReadActivityAsync(Token)).PreparedTransactions);
        await ExecuteAsOwnerAsync("ROLLBACK PREPARED 'left'");
        await using var standby = Open(Pair.Standby);
        Assert.True(await standby.ReadActivityAsync(Token) is { IsInRecovery: true, NextTransactionId: null, CurrentLsn: null, Timeline: 1 });
    }

    [Fact]
    public async Task A_frozen_server_refuses_new_and_old_sessions_alike_and_writes_again_when_it_is_told()
    {
        await using var control = Open(Pair.Primary);
        await using var application = await ConnectAsync();
        await control.SetReadOnlyAsync(true, Token);
        Assert.True((await control.ReadActivityAsync(Token)).IsReadOnly);
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsOwnerAsync("CREATE TABLE x (y int)"))).SqlState);
        await Poll.UntilAsync(async () => await IsReadOnlyAsync(application), Timeout, "a session that was there before is read-only");
        var proof = (await control.ProveWriteAsync("written all the same, by DalpHa", Token))!;
        Assert.Equal("committed", await Pair.Primary.ExecuteAsync($"SELECT pg_xact_status('{proof.TransactionId}'::xid8)", Token));
        await control.SetReadOnlyAsync(true, Token);
        await control.SetReadOnlyAsync(false, Token);
        Assert.False((await control.ReadActivityAsync(Token)).IsReadOnly);
        await ExecuteAsOwnerAsync("CREATE TABLE x (y int); DROP TABLE x");
    }

    [Fact]
    public async Task A_standby_that_is_frozen_takes_no_writes_when_somebody_promotes_it()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await using var control = Open(pair.Standby, pair: pair);
        Assert.Contains("promotes it", (await control.ReadActivityAsync(Token)).WhyNotFrozen, StringComparison.Ordinal);
        // A session of before keeps its own default through a promotion.
        await using var reader = await ConnectAsync(pair.Standby, pair);
        await ExecuteAsync(reader, "SET default_transaction_read_only = off");
        await control.SetReadOnlyAsync(true, Token);
        Assert.Contains("sessions are older", (await control.ReadActivityAsync(Token)).WhyNotFrozen, StringComparison.Ordinal);
        await control.EndSessionsAsync(Token);
        await Poll.UntilAsync(async () => (await control.ReadActivityAsync(Token)) is { IsInRecovery: true, WhyNotFrozen: null }, Timeout, "it is frozen");

        await pair.Standby.ExecuteAsync("SELECT pg_promote()", Token);
        Assert.True(await control.ReadActivityAsync(Token) is { IsInRecovery: false, WhyNotFrozen: null });
        await using var application = await ConnectAsync(pair.Standby, pair);
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(application, "CREATE TABLE x (y int)"))).SqlState);
        await control.SetReadOnlyAsync(false, Token);
        await Poll.UntilAsync(async () => !await IsReadOnlyAsync(application), Timeout, "it is let go");
        await ExecuteAsync(application, "CREATE TABLE x (y int)");
    }

    [Fact]
    public async Task A_session_that_is_older_than_the_freeze_counts_until_it_is_ended_and_a_newer_one_does_not()
    {
        await using var control = Open(Pair.Primary);
        await using var application = await ConnectAsync();
        await ExecuteAsync(application, "SET default_transaction_read_only = off");
        await control.SetReadOnlyAsync(true, Token);
        try
        {
            // As a process leaves it that died between the two; whoever looks then has not been there before.
            await using var next = Open(Pair.Primary);
            var left = await next.ReadActivityAsync(Token);
            Assert.True(left is { IsReadOnly: true, WritersRunning: 0, OlderSessions: 1 }, left.ToString());
            Assert.Contains("1 sessions are older", left.WhyNotFrozen, StringComparison.Ordinal);
            await ExecuteAsync(application, "SELECT pg_logical_emit_message(true, 'test', 'written all the same'); CREATE TABLE left_over (x int); DROP TABLE left_over");
            await next.EndSessionsAsync(Token);
            await Poll.UntilAsync(async () => (await next.ReadActivityAsync(Token)).WhyNotFrozen is null, Timeout, "it is frozen");
            await using var newer = await ConnectAsync();
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
        await using var control = Open(Pair.Primary);
        await Pair.Primary.ExecuteAsync("CREATE TABLE IF NOT EXISTS kept_on (x int); TRUNCATE kept_on", Token);
        await using var superuser = new NpgsqlConnection(Pair.Primary.ConnectionString("postgres", Pair.Passwords.Superuser) + ";Application Name=batch");
        await superuser.OpenAsync(Token);
        await ExecuteAsync(superuser, before);
        var pid = superuser.ProcessID;
        Assert.DoesNotContain((await control.ReadActivityAsync(Token)).LeftAlone, one => one.IsOlder && what == "in a transaction");
        // What a statement under way goes on with it began before the freeze.
        var statement = after.StartsWith("CALL", StringComparison.Ordinal) ? ExecuteAsync(superuser, after) : null;
        try
        {
            await Poll.UntilAsync(async () => statement is null || (await control.ReadActivityAsync(Token)).LeftAlone.Any(one => one.Pid == pid), Timeout, "the statement is under way");
            await control.SetReadOnlyAsync(true, Token);
            await control.EndSessionsAsync(Token);
            await using var next = Open(Pair.Primary);
            foreach (var look in new[] { control, next })
            {
                var left = await look.ReadActivityAsync(Token);
                Assert.True(left is { IsReadOnly: true, OlderSessions: 0 }, $"{what}: {left}");
                Assert.Contains(left.LeftAlone, one => one is { IsOlder: true, User: "postgres", Application: "batch" or "" } && one.Pid == pid);
                Assert.Contains($"process {pid} (user postgres", left.WhyNotFrozen, StringComparison.Ordinal);
            }
            await (statement ?? ExecuteAsync(superuser, after));
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
                Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(superuser, "INSERT INTO kept_on VALUES (2)"))).SqlState);
                // What it begins now is no older, and is left alone.
                await Task.Delay(1100, Token);
                await ExecuteAsync(superuser, "BEGIN; SELECT 1");
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
    public async Task The_replication_does_not_count_as_a_transaction()
    {
        await using var control = Open(Pair.Primary);
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
        await using var primary = Open(Pair.Primary);
        await using var standby = Open(Pair.Standby);
        await using var application = await ConnectAsync();
        await ExecuteAsync(application, "SET synchronous_commit = off");
        // Whatever a page has room for, in steps that are no divisor of it: some of them end at its very end.
        for (var size = 0; size < 40; size++)
        {
            await ExecuteAsync(application, $"SELECT pg_logical_emit_message(true, 'test', repeat('x', {size * 8 + 200}))");
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
    public async Task A_role_or_database_with_a_default_of_its_own_is_named()
    {
        await Pair.Primary.ExecuteAsync($"ALTER ROLE {PostgresPair.OwnerUser} IN DATABASE {Pair.Database} SET default_transaction_read_only = off", Token);
        await using var control = Open(Pair.Primary);
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

    [Fact]
    public async Task Sessions_are_ended_but_DalpHas_the_replications_and_a_superusers()
    {
        await using var control = Open(Pair.Primary);
        await using var monitor = new DatabaseServer(Address(Pair.Primary, PostgresPair.MonitorUser, Pair.Passwords.Monitor), Timeout);
        await monitor.SampleAsync(Token);
        await using var one = await ConnectAsync();
        await using var two = await ConnectAsync();
        await ExecuteAsync(one, "BEGIN; SELECT pg_current_xact_id()");
        await using var superuser = new NpgsqlConnection(Pair.Primary.ConnectionString("postgres", Pair.Passwords.Superuser));
        await superuser.OpenAsync(Token);
        var isSuperuser = await Pair.Primary.ExecuteAsync($"SELECT rolsuper FROM pg_roles WHERE rolname = '{PostgresPair.AdminUser}'", Token) is true;
        Assert.Equal(isSuperuser ? 3 : 2, await control.EndSessionsAsync(Token));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(one, "SELECT 1"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(two, "SELECT 1"));
        await Poll.UntilAsync(async () => await control.ReadActivityAsync(Token) is { WritersRunning: 0 } now && now.Sessions == (isSuperuser ? 0 : 1), Timeout, "they are gone");
        Assert.Single((await monitor.SampleAsync(Token)).Senders);
    }

    [Fact]
    public async Task Who_lacks_a_right_is_told_what_to_grant()
    {
        await using var monitor = new DatabaseControl(Address(Pair.Primary, PostgresPair.MonitorUser, Pair.Passwords.Monitor), Timeout, TimeProvider.System);
        await using var owner = new DatabaseControl(Address(Pair.Primary, PostgresPair.OwnerUser, Pair.Passwords.Owner), Timeout, TimeProvider.System);
        await using var application = await ConnectAsync();
        await RefusedAsync(() => owner.ReadActivityAsync(Token), "pg_monitor");
        await RefusedAsync(() => monitor.SetReadOnlyAsync(true, Token), "GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only");
        await RefusedAsync(() => monitor.EndSessionsAsync(Token), "GRANT pg_signal_backend");
        await RefusedAsync(() => monitor.PromoteAsync(Token), "GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer)");
        // Nothing of it came to pass.
        await using var control = Open(Pair.Primary);
        Assert.False((await control.ReadActivityAsync(Token)).IsReadOnly);
        await ExecuteAsync(application, "SELECT 1");

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
        var failure = DatabaseFaults.From(new PostgresException(words, "ERROR", "ERROR", state), Address(Pair.Primary, "dalpha", "x"), Timeout, Need.ReadOnlyDefault);
        Assert.Equal("DatabasePermissionDenied", failure.ErrorId);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Contains("enableAlterSystem", failure.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("freeze", failure.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_primary_is_not_promoted_and_a_standby_proves_nothing_and_logs_nothing()
    {
        await using var primary = Open(Pair.Primary);
        await using var standby = Open(Pair.Standby);
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
        await using var control = Open(Pair.Primary);
        await Pair.Primary.ExecuteAsync("CREATE TABLE kept (x int)", Token);
        foreach (var note in (string[])["it's", "\\' || (SELECT 1); DROP TABLE kept; --", "ü\n\u0001", "", "$$"])
        {
            Assert.NotNull(await control.ProveWriteAsync(note, Token));
        }
        Assert.Equal(0L, await Pair.Primary.ExecuteAsync("SELECT count(*) FROM kept; ", Token));
    }

    [Fact]
    public async Task A_server_that_hangs_is_given_up_in_time_by_every_call()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGSTOP.");
        await using var control = Open(Pair.Primary, TimeSpan.FromSeconds(1));
        await control.ReadActivityAsync(Token);
        // All of them: the session of a test before this one may still be on its way out.
        var backends = (int[])(await Pair.Primary.ExecuteAsync($"SELECT array_agg(pid) FROM pg_stat_activity WHERE application_name = 'dalpha' AND usename = '{PostgresPair.AdminUser}'", Token))!;
        Pair.Primary.Freeze();
        foreach (var backend in backends)
        {
            await SignalAsync("-STOP", backend);
        }
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
            foreach (var backend in backends)
            {
                await SignalAsync("-CONT", backend);
            }
            Pair.Primary.Thaw();
        }
        await control.SetReadOnlyAsync(false, Token);
    }

    [Fact]
    public async Task A_promotion_is_proven_on_the_connection_that_asked_for_it()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await using var control = Open(pair.Standby, pair: pair);
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
        await using var control = new DatabaseControl(Address(pair.Standby, PostgresPair.AdminUser, pair.Passwords.Admin, pair.Database) with { Port = proxy.Port }, Timeout, TimeProvider.System);
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

    private DatabaseControl Open(PostgresServer server, TimeSpan? timeout = null, PostgresPair? pair = null) =>
        new(Address(server, PostgresPair.AdminUser, (pair ?? Pair).Passwords.Admin, Pair.Database), timeout ?? Timeout, TimeProvider.System);

    private DatabaseAddress Address(PostgresServer server, string user, string password, string? database = null) =>
        new(server.Name, "127.0.0.1", server.Port, database ?? Pair.Database, null, user, password);

    private Task<NpgsqlConnection> ConnectAsync() => ConnectAsync(Pair.Primary, Pair);

    private static async Task<NpgsqlConnection> ConnectAsync(PostgresServer server, PostgresPair pair)
    {
        var connection = new NpgsqlConnection(server.ConnectionString(PostgresPair.OwnerUser, pair.Passwords.Owner, pair.Database));
        await connection.OpenAsync(Token);
        return connection;
    }

    private async Task ExecuteAsOwnerAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await ExecuteAsync(connection, sql);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    private static async Task<bool> IsReadOnlyAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT current_setting('transaction_read_only')", connection);
        return await command.ExecuteScalarAsync(Token) is "on";
    }

    private static async Task SignalAsync(string signal, int processId)
    {
        using var kill = Process.Start("kill", [signal, processId.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Token);
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Passes on what clients send, and cuts a connection that sends a certain word after the server has had it.</summary>
    private sealed class CuttingProxy : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource ending = new();
        private readonly Task serving;
        private int seen;

        public CuttingProxy(int target, string word)
        {
            listener.Start();
            serving = ServeAsync(target, Encoding.ASCII.GetBytes(word));
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public int Seen => seen;

        public async ValueTask DisposeAsync()
        {
            await ending.CancelAsync();
            listener.Stop();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ending.Dispose();
        }

        private async Task ServeAsync(int target, byte[] word)
        {
            var connections = new List<Task>();
            while (!ending.IsCancellationRequested)
            {
                connections.Add(PassAsync(await listener.AcceptTcpClientAsync(ending.Token), target, word));
            }
            await Task.WhenAll(connections);
        }

        private async Task PassAsync(TcpClient client, int target, byte[] word)
        {
            using var server = new TcpClient();
            using (client)
            {
                await server.ConnectAsync(IPAddress.Loopback, target, ending.Token);
                using var cut = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                var back = server.GetStream().CopyToAsync(client.GetStream(), cut.Token);
                var buffer = new byte[65536];
                while (await client.GetStream().ReadAsync(buffer, ending.Token) is > 0 and var read)
                {
                    var isCut = buffer.AsSpan(0, read).IndexOf(word) >= 0;
                    if (isCut)
                    {
                        Interlocked.Increment(ref seen);
                        await cut.CancelAsync();
                        await back.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    }
                    await server.GetStream().WriteAsync(buffer.AsMemory(0, read), ending.Token);
                    if (isCut)
                    {
                        // The server answers into nothing.
                        await server.GetStream().ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, ending.Token);
                        return;
                    }
                }
            }
        }
    }
}
