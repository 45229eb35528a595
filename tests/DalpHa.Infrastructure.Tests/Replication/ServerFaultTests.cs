using System.Diagnostics;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Replication;

/// <summary>
/// Faults of a server, and of the way to it, under one probe that goes on measuring: each measurement ends in time, none calls what it can't see
/// healthy, and the end of the fault is noticed. One pair for all, since each leaves it as it found it.
/// </summary>
public sealed class ServerFaultTests(StreamingPair shared) : IClassFixture<StreamingPair>
{
    // A measurement asks every server, and the primary once more.
    private static readonly TimeSpan MeasurementBound = TimeSpan.FromSeconds(6);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SiteRole.Active)]
    [InlineData(SiteRole.Standby)]
    public async Task A_server_that_hangs_with_all_its_sessions_is_unknown_in_time(SiteRole role)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGSTOP.");
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        await using (await Signal.HangAsync(role == SiteRole.Active ? test.Pair.Primary : test.Pair.Standby))
        {
            // Over the kept connection, and then over a new one.
            for (var round = 0; round < 2; round++)
            {
                var lag = await MeasureInTimeAsync(test.Probe);
                Assert.Equal(CheckStatus.Unknown, lag.Status);
                Assert.Contains("did not answer within 2 s", lag.Detail, StringComparison.Ordinal);
                Assert.Equal(role == SiteRole.Active, lag.PossibleLoss is not null);
                Assert.Equal(role == SiteRole.Standby, lag.PrimaryLsn is not null);
            }
        }
        await test.WaitAsync(CheckStatus.Pass);
    }

    [Theory]
    [InlineData("vanishes", "did not answer within 2 s")]
    [InlineData("is refused", "can't be reached")]
    [InlineData("is forgotten", "did not answer within 2 s")]
    public async Task A_way_to_a_server_that_fails_is_unknown_in_time(string fault, string detail)
    {
        await using var test = new ProbedPair(shared.Pair);
        await using var link = new StandbyLink(0, test.Pair.Standby.Port);
        await using var probe = test.NewProbe(new DatabaseServerSettings { Name = test.Pair.Standby.Name, Host = "127.0.0.1", Port = link.Port });
        await UntilPassAsync(probe);
        switch (fault)
        {
            case "vanishes":
                link.Set(LinkState.Stalled);
                break;
            case "is refused":
                link.Set(LinkState.Refused);
                break;
            default:
                link.Forget();
                break;
        }
        var lag = await MeasureInTimeAsync(probe);
        Assert.Equal((CheckStatus.Unknown, ReplicationLink.Unknown), (lag.Status, lag.Link));
        Assert.Contains(detail, lag.Detail, StringComparison.Ordinal);
        Assert.NotNull(lag.LastHealthyAt);
        link.Set(LinkState.Passing);
        await UntilPassAsync(probe);
    }

    [Fact]
    public async Task A_query_that_waits_for_a_lock_is_unknown_in_time_and_is_not_left_behind()
    {
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        await using (var locker = await OpenAsync(test.Pair.Primary))
        {
            // The view of the senders reads this table, and so does every login.
            await ExecuteAsync(locker, "BEGIN; LOCK TABLE pg_authid IN ACCESS EXCLUSIVE MODE");
            var lag = await MeasureInTimeAsync(test.Probe);
            Assert.Equal(CheckStatus.Unknown, lag.Status);
            await Poll.UntilAsync(
                async () => await ExecuteAsync(locker, "SELECT count(*) FROM pg_locks WHERE NOT granted") is 0L, MeasurementBound, "nothing waits for the lock any more");
            await ExecuteAsync(locker, "ROLLBACK");
        }
        await test.WaitAsync(CheckStatus.Pass);
    }

    [Fact]
    public async Task A_wal_receiver_that_is_stuck_is_a_dead_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGSTOP.");
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        var receiver = (int)(await test.Pair.Standby.ExecuteAsync("SELECT pid FROM pg_stat_wal_receiver", Token))!;
        await Signal.SendAsync("-STOP", receiver);
        try
        {
            var lag = await test.WaitAsync(lag => lag.Link == ReplicationLink.Broken);
            Assert.Equal(CheckStatus.Fail, lag.Status);
        }
        finally
        {
            await Signal.SendAsync("-CONT", receiver);
        }
        await test.WaitAsync(CheckStatus.Pass);
    }

    [Fact]
    public async Task Replay_that_waits_for_a_query_of_the_standby_is_lag()
    {
        await using var test = new ProbedPair(shared.Pair);
        await test.CommitAsync();
        await test.WaitAsync(lag => lag is { Status: CheckStatus.Pass, LagBytes: 0 });
        await SetAsync(test.Pair.Standby, "max_standby_streaming_delay = -1");
        await using (var reader = await OpenAsync(test.Pair.Standby))
        {
            await ExecuteAsync(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM load");
            await test.Pair.Primary.ExecuteAsync("DELETE FROM load", Token);
            await test.Pair.Primary.ExecuteAsync("VACUUM load", Token);
            await test.WaitAsync(lag => lag.ReplayLagBytes > 0);
            var clock = Stopwatch.StartNew();
            await Task.Delay(1200, Token);
            var truth = clock.Elapsed;
            var lag = await test.MeasureAsync();
            Assert.Equal(ReplicationLink.Streaming, lag.Link);
            Assert.True(lag.LagTime >= truth, $"{lag.LagTime} is less than {truth}");
            await ExecuteAsync(reader, "ROLLBACK");
        }
        await test.WaitAsync(lag => lag is { Status: CheckStatus.Pass, LagBytes: 0 });
        await SetAsync(test.Pair.Standby, "max_standby_streaming_delay = DEFAULT");
    }

    [Fact]
    public async Task A_session_that_crashes_takes_the_primary_through_recovery_and_back()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGKILL.");
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        await using (var victim = await OpenAsync(test.Pair.Primary))
        {
            await Signal.SendAsync("-KILL", (int)(await ExecuteAsync(victim, "SELECT pg_backend_pid()"))!);
        }
        await Poll.UntilAsync(
            async () =>
            {
                await MeasureInTimeAsync(test.Probe);
                return File.ReadAllText(test.Pair.Primary.LogFile).Contains("reinitializing", StringComparison.Ordinal);
            },
            TimeSpan.FromSeconds(10),
            "the primary begins its recovery");
        await test.WaitAsync(CheckStatus.Pass);
    }

    [Fact]
    public async Task A_standby_that_takes_no_connections_is_unknown_with_its_reason()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGTERM.");
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        var standby = test.Pair.Standby;

        // A smart shutdown waits for the sessions that are open, and takes no more.
        await using (await OpenAsync(standby))
        {
            await Signal.SendAsync("-TERM", standby.ProcessId!.Value);
            await test.RestartProbeAsync();
            await test.WaitAsync(lag => lag.Status == CheckStatus.Unknown && lag.Detail.Contains("shuts down", StringComparison.Ordinal));
        }
        await Poll.UntilAsync(() => Task.FromResult(standby.ProcessId is null), TimeSpan.FromSeconds(10), "the standby has ended");

        standby.Data.Configure(new Dictionary<string, string> { ["hot_standby"] = "off" });
        using (var enough = new CancellationTokenSource(TimeSpan.FromSeconds(1)))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => standby.StartAsync(enough.Token));
        }
        await test.WaitAsync(lag => lag.Status == CheckStatus.Unknown && lag.Detail.Contains("takes no connections", StringComparison.Ordinal));

        await standby.StopAsync(PostgresStopMode.Fast, Token);
        standby.Data.Configure(new Dictionary<string, string>());
        await standby.StartAsync(Token);
        await test.WaitAsync(CheckStatus.Pass);
    }

    private static async Task<DalpReplicationLag> MeasureInTimeAsync(ReplicationProbe probe)
    {
        var clock = Stopwatch.StartNew();
        var lag = Assert.Single(await probe.MeasureAsync(Token));
        Assert.True(clock.Elapsed < MeasurementBound, $"took {clock.Elapsed}");
        return lag;
    }

    private static Task UntilPassAsync(ReplicationProbe probe) => Poll.UntilAsync(
        async () => Assert.Single(await probe.MeasureAsync(Token)).Status == CheckStatus.Pass, TimeSpan.FromSeconds(20), "the pair passes");

    private async Task<NpgsqlConnection> OpenAsync(PostgresServer server)
    {
        var connection = new NpgsqlConnection(server.ConnectionString("postgres", shared.Pair.Passwords.Superuser));
        await connection.OpenAsync(Token);
        return connection;
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }

    private static async Task SetAsync(PostgresServer server, string setting)
    {
        await server.ExecuteAsync("ALTER SYSTEM SET " + setting, Token);
        await server.ExecuteAsync("SELECT pg_reload_conf()", Token);
    }
}
