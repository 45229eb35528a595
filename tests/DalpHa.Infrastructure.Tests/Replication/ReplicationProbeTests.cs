using System.Diagnostics;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Replication;

/// <summary>Lag as it is told of real servers that suffer real faults and recover: one pair for all, since each leaves it as it found it.</summary>
public sealed class ReplicationProbeTests(StreamingPair shared) : IClassFixture<StreamingPair>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_idle_pair_has_no_lag_and_a_busy_one_little()
    {
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        await Task.Delay(1500, Token);
        var idle = await test.WaitAsync(lag => lag.LagBytes == 0);
        Assert.Equal((TimeSpan.Zero, ReplicationLink.Streaming, CheckStatus.Pass), (idle.LagTime, idle.Link, idle.Status));
        Assert.Equal((PostgresPair.SlotName, "reserved"), (idle.Slot, idle.SlotStatus));
        Assert.Equal((0L, 0L), (idle.ReceiveLagBytes, idle.ReplayLagBytes));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var load = LoadAsync(test, stop.Token);
        for (var i = 0; i < 20; i++)
        {
            var busy = await test.MeasureAsync();
            Assert.Equal((CheckStatus.Pass, ReplicationLink.Streaming), (busy.Status, busy.Link));
            Assert.InRange(busy.LagTime!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(10));
            Assert.Equal(busy.LagBytes, busy.PrimaryLsn - busy.ReplayLsn);
        }
        await stop.CancelAsync();
        await load;
    }

    [Fact]
    public async Task A_first_look_after_an_idle_while_takes_no_fresh_commit_for_an_old_lag()
    {
        await using var test = new ProbedPair(shared.Pair);
        await test.CommitAsync();
        await Task.Delay(3000, Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var load = LoadAsync(test, stop.Token);
        var lag = await test.MeasureAsync();
        await stop.CancelAsync();
        await load;
        Assert.Equal(CheckStatus.Pass, lag.Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cut_link_is_broken_with_its_last_healthy_time_and_heals(bool silently)
    {
        await using var test = new ProbedPair(shared.Pair);
        var healthy = await test.WaitAsync(CheckStatus.Pass);
        test.Pair.CutLink(silently);
        var broken = await test.WaitAsync(lag => lag.Link == ReplicationLink.Broken);
        Assert.Equal(CheckStatus.Fail, broken.Status);
        Assert.True(broken.LastHealthyAt >= healthy.LastHealthyAt);
        var before = broken.LastHealthyAt;
        await test.CommitAsync();

        // Another run, which never saw it healthy itself, knows when it was.
        await test.RestartProbeAsync();
        broken = await test.MeasureAsync();
        Assert.Equal((ReplicationLink.Broken, before), (broken.Link, broken.LastHealthyAt));
        Assert.True(broken.LagBytes > 0);
        Assert.Equal(PostgresPair.SlotName, broken.Slot);

        test.Pair.RestoreLink();
        await test.WaitAsync(CheckStatus.Pass);
    }

    [Fact]
    public async Task A_silently_cut_link_under_load_shows_growing_lag_until_it_is_known_dead()
    {
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var load = LoadAsync(test, stop.Token);
        var clock = Stopwatch.StartNew();
        test.Pair.CutLink(silently: true);
        await Task.Delay(1000, Token);
        while (await test.MeasureAsync() is { Link: not ReplicationLink.Broken } lag)
        {
            Assert.True(lag.LagTime >= TimeSpan.FromSeconds(0.8), $"{lag.LagTime} after {clock.Elapsed}");
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15));
            await Task.Delay(300, Token);
        }
        await stop.CancelAsync();
        await load;
    }

    [Fact]
    public async Task Paused_replay_is_named_and_its_lag_grows()
    {
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        await test.Pair.PauseReplayAsync(Token);
        var paused = await test.MeasureAsync();
        Assert.Equal((CheckStatus.Warn, ReplicationLink.Streaming), (paused.Status, paused.Link));
        Assert.Contains("paused", paused.Detail, StringComparison.Ordinal);
        await test.CommitAsync();
        var committed = Stopwatch.StartNew();
        await Task.Delay(1200, Token);
        var truth = committed.Elapsed;
        var lag = await test.WaitAsync(lag => lag.ReplayLagBytes > 0);
        Assert.True(lag.LagTime >= truth, $"{lag.LagTime} is less than {truth}");
        Assert.Equal(0, lag.ReceiveLagBytes);
        await test.Pair.ResumeReplayAsync(Token);
        await test.WaitAsync(CheckStatus.Pass);
    }

    [Fact]
    public async Task Restarts_of_either_server_are_unknown_for_a_while_and_no_exception()
    {
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);

        await test.Pair.Standby.KillAsync(Token);
        var unseen = await test.MeasureAsync();
        Assert.Equal((CheckStatus.Unknown, ReplicationLink.Unknown), (unseen.Status, unseen.Link));
        Assert.NotNull(unseen.PrimaryLsn);
        Assert.NotNull(unseen.LastHealthyAt);
        await test.CommitAsync();
        await test.Pair.Standby.StartAsync(Token);
        await test.WaitAsync(CheckStatus.Pass);

        await test.CommitAsync();
        await test.Pair.Primary.KillAsync(Token);
        // A backend answers until it has noticed that its postmaster is dead.
        var lost = await test.WaitAsync(lag => lag.Status == CheckStatus.Unknown);
        Assert.Null(lost.LagBytes);
        Assert.Null(lost.LagTime);
        Assert.InRange(lost.PossibleLoss!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(15));
        await test.Pair.Primary.StartAsync(Token);
        await test.WaitAsync(CheckStatus.Pass);
    }

    [Fact]
    public async Task A_primary_that_hangs_costs_its_timeout_and_is_unknown()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGSTOP.");
        await using var test = new ProbedPair(shared.Pair);
        await test.WaitAsync(CheckStatus.Pass);
        test.Pair.Primary.Freeze();
        await test.RestartProbeAsync();
        var clock = Stopwatch.StartNew();
        var lag = await test.MeasureAsync();
        Assert.Equal(CheckStatus.Unknown, lag.Status);
        Assert.Contains("did not answer within 2 s", lag.Detail, StringComparison.Ordinal);
        Assert.NotNull(lag.PossibleLoss);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(4));
        test.Pair.Primary.Thaw();
        await test.WaitAsync(CheckStatus.Pass);
    }

    [Fact]
    public async Task A_login_without_pg_monitor_never_sees_a_dead_link_as_healthy()
    {
        await using var test = new ProbedPair(shared.Pair);
        await using var probe = test.NewProbe(login: new DatabaseLogin(PostgresPair.OwnerUser, test.Pair.Passwords.Owner));
        var lag = Assert.Single(await probe.MeasureAsync(Token));
        Assert.Equal(CheckStatus.Unknown, lag.Status);
        Assert.Contains("pg_monitor", lag.Detail, StringComparison.Ordinal);
        test.Pair.CutLink(silently: false);
        await Poll.UntilAsync(
            async () => Assert.Single(await probe.MeasureAsync(Token)).Status == CheckStatus.Fail, TimeSpan.FromSeconds(10), "the missing receiver is seen");
    }

    [Fact]
    public async Task The_view_measures_once_and_wrong_passwords_stay_out_of_it()
    {
        await using var test = new ProbedPair(shared.Pair);
        await using var probe = test.NewProbe(login: new DatabaseLogin(PostgresPair.MonitorUser, "canary-77"));
        var lag = Assert.Single(await probe.GetLagAsync());
        Assert.Equal(CheckStatus.Unknown, lag.Status);
        Assert.DoesNotContain("canary", lag.ToString(), StringComparison.Ordinal);
        var observation = Assert.Single(await probe.GetServersAsync(SiteRole.Active));
        Assert.Equal("DatabaseAuthenticationFailed", observation.Failure!.ErrorId);
        Assert.Same(observation, Assert.Single(await probe.GetServersAsync(SiteRole.Active)));
    }

    private static async Task LoadAsync(ProbedPair test, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await test.CommitAsync();
        }
    }
}
