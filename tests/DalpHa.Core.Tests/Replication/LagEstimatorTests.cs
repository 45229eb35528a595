using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using static DalpHa.Core.Tests.Replication.Samples;

namespace DalpHa.Core.Tests.Replication;

public sealed class LagEstimatorTests
{
    [Fact]
    public void An_idle_pair_is_zero_however_old_its_last_commit()
    {
        var lag = Estimate(Standby() with { LastReplayedCommitAt = Now.AddDays(-2) }, Primary());
        Assert.Equal((CheckStatus.Pass, ReplicationLink.Streaming, 0L, TimeSpan.Zero), (lag.Status, lag.Link, lag.LagBytes, lag.LagTime));
        Assert.Equal(Now, lag.LastHealthyAt);
        Assert.Equal(("standby", "reserved"), (lag.Slot, lag.SlotStatus));
    }

    [Theory]
    [InlineData(10, CheckStatus.Pass)]
    [InlineData(29.9, CheckStatus.Pass)]
    [InlineData(30, CheckStatus.Warn)]
    [InlineData(59.9, CheckStatus.Warn)]
    [InlineData(60, CheckStatus.Fail)]
    [InlineData(7200, CheckStatus.Fail)]
    public void A_busy_pair_is_held_to_its_thresholds(double seconds, CheckStatus expected)
    {
        var lag = Estimate(Standby(1500, 1200) with { LastReplayedCommitAt = Now - TimeSpan.FromSeconds(seconds) }, Primary(2000));
        Assert.Equal(expected, lag.Status);
        Assert.Equal(TimeSpan.FromSeconds(seconds), lag.LagTime);
        Assert.Equal((800L, 500L, 300L), (lag.LagBytes, lag.ReceiveLagBytes, lag.ReplayLagBytes));
    }

    [Fact]
    public void A_remembered_position_bounds_more_tightly_than_an_old_commit()
    {
        var history = ReplicationHistory.Empty.Add(Primary(1100) with { ServerTime = Now.AddSeconds(-2) }, Now);
        var lag = Estimate(Standby(1150, 1150) with { LastReplayedCommitAt = Now.AddHours(-1) }, Primary(1200), history);
        Assert.Equal(TimeSpan.FromSeconds(2), lag.LagTime);
    }

    [Fact]
    public void Skewed_clocks_do_not_matter()
    {
        // The standby's clock is an hour ahead, and stamps what it receives and answers.
        var ahead = Now.AddHours(1);
        var standby = Standby() with { ServerTime = ahead };
        var lag = Estimate(standby.WithReceiver(r => r with { LastMessageAt = ahead.AddSeconds(-3) }), Primary().WithSender(s => s with { LastReplyAt = ahead.AddSeconds(-1) }));
        Assert.Equal(CheckStatus.Pass, lag.Status);
    }

    public static TheoryData<string> DeadLinks => [.. Dead.Keys];

    private static readonly Dictionary<string, (DatabaseSample Standby, DatabaseSample Primary)> Dead = new()
    {
        ["no receiver"] = (Standby().WithReceiver(_ => null), Primary() with { Senders = [] }),
        ["receiver starting"] = (Standby().WithReceiver(r => r with { Status = "starting" }), Primary()),
        ["no message"] = (Standby().WithReceiver(r => r with { LastMessageAt = Now.AddSeconds(-36) }), Primary()),
        ["never a message"] = (Standby().WithReceiver(r => r with { LastMessageAt = null }), Primary()),
        ["no reply"] = (Standby(), Primary().WithSender(s => s with { LastReplyAt = Now.AddSeconds(-16) })),
        ["slot unused"] = (Standby(), Primary().WithSlot(s => s with { IsActive = false, ActiveProcessId = null }) with { Senders = [] }),
        ["no sender"] = (Standby().WithReceiver(r => r with { SlotName = null }), Primary() with { Senders = [], Slots = [] }),
        ["sender stopping"] = (Standby(), Primary().WithSender(s => s with { State = "stopping" })),
        ["archive that stands still"] = (Standby().WithReceiver(_ => null) with { HasRestoreCommand = true }, Primary() with { Senders = [] }),
    };

    [Theory]
    [MemberData(nameof(DeadLinks))]
    public void A_dead_link_fails_and_is_never_zero(string name)
    {
        var (standby, primary) = Dead[name];
        var healthy = Now.AddMinutes(-3);
        var lag = Estimate(standby, primary, ReplicationHistory.Empty with { LastHealthyAt = healthy, LastReplayLsn = new Lsn(1000) });
        Assert.Equal((ReplicationLink.Broken, CheckStatus.Fail), (lag.Link, lag.Status));
        Assert.Null(lag.LagTime);
        Assert.Equal(0, lag.LagBytes);
        Assert.Equal(healthy, lag.LastHealthyAt);
        Assert.Contains("2026-11-24 11:57:00Z", lag.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Wal_that_waits_for_a_silent_standby_shows_the_link_dead_before_its_timeouts_do()
    {
        var history = ReplicationHistory.Empty.Add(Primary(1100) with { ServerTime = Now.AddSeconds(-6) }, Now);
        var silent = Standby().WithReceiver(r => r with { LastMessageAt = Now.AddSeconds(-7) });
        Assert.Equal(ReplicationLink.Broken, Estimate(silent, Primary(1200), history).Link);
        Assert.Equal(ReplicationLink.Streaming, Estimate(Standby(), Primary(1200), history).Link);
    }

    [Fact]
    public void A_standby_that_catches_up_says_so()
    {
        var lag = Estimate(Standby(), Primary(50_000_000).WithSender(s => s with { State = "catchup" }));
        Assert.Equal((ReplicationLink.CatchingUp, CheckStatus.Warn), (lag.Link, lag.Status));
    }

    [Fact]
    public void A_standby_that_restores_from_a_living_archive_warns()
    {
        var primary = Primary() with { Senders = [], Archiver = new WalArchiver("000000010000000000000001", Now.AddSeconds(-20), null) };
        var lag = Estimate(Standby().WithReceiver(_ => null) with { HasRestoreCommand = true }, primary);
        Assert.Equal((ReplicationLink.Archive, CheckStatus.Warn), (lag.Link, lag.Status));
        Assert.Equal(TimeSpan.FromSeconds(20), lag.ArchiveAge);
        Assert.Contains("Archiving fails", Estimate(Standby(), primary with { Archiver = new WalArchiver(null, null, Now) }).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_standby_that_restores_an_older_timeline_is_not_measured_against_the_new_one()
    {
        // It replayed what the primary never wrote, up to a position that the primary has passed since.
        var standby = Standby(1800, 1800) with { Receiver = null, HasRestoreCommand = true };
        var primary = Primary(2000) with { Timeline = 2, Senders = [], Archiver = new WalArchiver("000000020000000000000001", Now.AddSeconds(-20), null) };
        var history = ReplicationHistory.Empty.Add(primary with { CurrentLsn = new Lsn(1500), ServerTime = Now.AddSeconds(-2) }, Now.AddSeconds(-2)).Add(primary, Now);

        var lag = Estimate(standby, primary, history);

        Assert.Equal((ReplicationLink.Archive, CheckStatus.Unknown), (lag.Link, lag.Status));
        Assert.Null(lag.LagTime);
        Assert.Null(lag.LagBytes);
        Assert.Contains("timeline 1", lag.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cascading_standby_streams_from_its_upstream()
    {
        var upstream = Standby(name: "s0") with { Senders = Primary().Senders, Slots = Primary().Slots };
        var lag = Estimate(Standby(), Primary() with { Senders = [], Slots = [] }, peers: [upstream.Seen()]);
        Assert.Equal((ReplicationLink.Streaming, CheckStatus.Pass), (lag.Link, lag.Status));
    }

    [Fact]
    public void One_ends_word_is_not_enough_for_a_link_to_stream()
    {
        // The primary shows others' connections without their state, or another server that may be the upstream does not answer.
        var hidden = Estimate(Standby(), Primary().WithSender(sender => sender with { State = "", LastReplyAt = null }));
        Assert.Equal((ReplicationLink.Unknown, CheckStatus.Unknown), (hidden.Link, hidden.Status));
        Assert.Contains("lacks pg_monitor", hidden.Detail, StringComparison.Ordinal);
        var elsewhere = Estimate(Standby(), Primary() with { Senders = [], Slots = [] }, peers: [Unseen("s0", "standby")]);
        Assert.Equal((ReplicationLink.Unknown, CheckStatus.Unknown), (elsewhere.Link, elsewhere.Status));
        Assert.Contains("the other end was not found", elsewhere.Detail, StringComparison.Ordinal);
        Assert.Null(elsewhere.LagTime);
    }

    [Fact]
    public void An_unreachable_primary_is_unknown_with_the_bound_on_the_loss()
    {
        var history = ReplicationHistory.Empty.Add(Primary(900), Now.AddSeconds(-40)).Add(Primary(1000) with { ServerTime = Now.AddSeconds(1) }, Now.AddSeconds(-30))
            .Add(Primary(1500) with { ServerTime = Now.AddSeconds(2) }, Now.AddSeconds(-20));
        var lag = Estimate(Standby() with { LastReplayedCommitAt = Now.AddMinutes(-2) }, null, history);
        Assert.Equal((CheckStatus.Unknown, TimeSpan.FromSeconds(30)), (lag.Status, lag.PossibleLoss));
        Assert.Null(lag.LagBytes);
        Assert.Null(lag.LagTime);
        Assert.Null(lag.PrimaryLsn);
        Assert.NotEqual(ReplicationLink.Streaming, lag.Link);
        Assert.Contains("refused", lag.Detail, StringComparison.Ordinal);
        Assert.Null(Estimate(Standby() with { LastReplayedCommitAt = null }, null).PossibleLoss);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    [InlineData(-5, 0)]
    [InlineData(0, 5)]
    [InlineData(0, -5)]
    public void The_bound_on_the_loss_holds_whichever_clock_is_wrong(int primaryMinutes, int standbyMinutes)
    {
        var history = ReplicationHistory.Empty.Add(Primary(1500) with { ServerTime = Now.AddSeconds(-20).AddMinutes(primaryMinutes) }, Now.AddSeconds(-20));
        var lag = Estimate(
            Standby() with { ServerTime = Now.AddMinutes(standbyMinutes), LastReplayedCommitAt = Now.AddMinutes(-2 + primaryMinutes) }, null, history);
        Assert.InRange(lag.PossibleLoss!.Value, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(7));
    }

    [Theory]
    [InlineData(1, 1000, 120)]
    [InlineData(1, 1500, 120)]
    [InlineData(2, 1000, null)]
    public void A_broken_link_to_a_primary_in_sight_bounds_what_a_promotion_loses(int timeline, ulong received, int? seconds)
    {
        var standby = Standby(received, received) with { Timeline = timeline, LastReplayedCommitAt = Now.AddSeconds(-120) };
        var lag = Estimate(standby.WithReceiver(_ => null), Primary(1500));
        Assert.Equal(ReplicationLink.Broken, lag.Link);
        Assert.Null(lag.LagTime);
        Assert.Equal(timeline == 1 ? (long)(1500 - received) : null, lag.ReceiveLagBytes);
        var loss = seconds is { } some ? TimeSpan.FromSeconds(some) : (TimeSpan?)null;
        Assert.Equal(received == 1500 ? TimeSpan.Zero : loss, lag.PossibleLoss);
        Assert.Equal(received == 1500 ? TimeSpan.Zero : loss, RecoveryPoints.LossOf(lag));
    }

    [Fact]
    public void Times_ahead_of_the_clock_bound_no_loss()
    {
        var ahead = ReplicationHistory.Empty.Add(Primary(1000) with { ServerTime = Now.AddMinutes(5) }, Now.AddMinutes(5));
        Assert.Equal(TimeSpan.FromMinutes(2), Estimate(Standby() with { LastReplayedCommitAt = Now.AddMinutes(-2) }, null, ahead).PossibleLoss);
        Assert.Null(Estimate(Standby() with { LastReplayedCommitAt = Now.AddMinutes(3) }, null).PossibleLoss);
    }

    [Fact]
    public void An_unreachable_standby_is_unknown()
    {
        var lag = LagEstimator.Estimate(new LagQuestion("standby", Unseen("s1", "standby"), [Primary().Seen("active")], [], ReplicationHistory.Empty, Threshold, Now));
        Assert.Equal((CheckStatus.Unknown, ReplicationLink.Unknown), (lag.Status, lag.Link));
        Assert.Null(lag.LagBytes);
        Assert.Equal(new Lsn(1000), lag.PrimaryLsn);
    }

    [Fact]
    public void A_login_that_sees_neither_end_makes_it_unknown()
    {
        var standby = Standby().WithReceiver(_ => new WalReceiver("", null, null, null, null, null)) with { CanSeeAll = false };
        var lag = Estimate(standby, Primary().WithSender(s => s with { State = "", LastReplyAt = null }) with { CanSeeAll = false });
        Assert.Equal((ReplicationLink.Unknown, CheckStatus.Unknown), (lag.Link, lag.Status));
        Assert.Null(lag.LagTime);
        Assert.Contains("pg_monitor", lag.Detail, StringComparison.Ordinal);
    }

    public static TheoryData<string, CheckStatus, string> Faults => new()
    {
        { "paused", CheckStatus.Warn, "paused" },
        { "promoted", CheckStatus.Fail, "Two primaries: p1 and s1 both accept writes" },
        { "promoted, the former frozen", CheckStatus.Fail, "it was promoted, and p1 is frozen" },
        { "frozen former primary", CheckStatus.Fail, "a primary of its own, and frozen" },
        { "both frozen", CheckStatus.Fail, "nobody can write" },
        { "stranger", CheckStatus.Fail, "not a standby of p1" },
        { "two writable", CheckStatus.Fail, "Two servers of the active site" },
        { "peer writable", CheckStatus.Fail, "s2, of the same site, accepts writes" },
        { "newer timeline", CheckStatus.Fail, "timeline 2" },
        { "ahead", CheckStatus.Fail, "diverge" },
        { "slot lost", CheckStatus.Fail, "is lost" },
        { "slot unreserved", CheckStatus.Warn, "about to be lost" },
        { "none writable", CheckStatus.Fail, "all are in recovery" },
        { "no active", CheckStatus.Unknown, "names no database server" },
        { "behind, no time", CheckStatus.Unknown, "not known" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_is_named(string name, CheckStatus status, string words)
    {
        var lag = name switch
        {
            "paused" => Estimate(Standby() with { IsReplayPaused = true }, Primary()),
            "promoted" => Estimate(Standby() with { IsInRecovery = false }, Primary()),
            "promoted, the former frozen" => Estimate(Standby() with { IsInRecovery = false }, Primary() with { IsReadOnly = true }),
            "frozen former primary" => Estimate(Standby() with { IsInRecovery = false, IsReadOnly = true }, Primary()),
            "both frozen" => Estimate(Standby() with { IsInRecovery = false, IsReadOnly = true }, Primary() with { IsReadOnly = true }),
            "stranger" => Estimate(Standby() with { SystemIdentifier = "8" }, Primary()),
            "two writable" => Estimate(Standby(), null, active: [Primary().Seen("active"), Primary(name: "p2").Seen("active")]),
            "peer writable" => Estimate(Standby(), Primary(), peers: [Primary(name: "s2").Seen()]),
            "newer timeline" => Estimate(Standby() with { Timeline = 2 }, Primary()),
            "ahead" => Estimate(Standby(2000, 2000), Primary(1500)),
            "slot lost" => Estimate(Standby(), Primary().WithSlot(s => s with { WalStatus = "lost", IsActive = false })),
            "slot unreserved" => Estimate(Standby(), Primary().WithSlot(s => s with { WalStatus = "unreserved" })),
            "none writable" => Estimate(Standby(), null, active: [Standby(name: "p1").Seen("active")]),
            "no active" => Estimate(Standby(), null, active: []),
            _ => Estimate(Standby() with { LastReplayedCommitAt = null }, Primary(1100)),
        };
        Assert.Equal(status, lag.Status);
        Assert.Contains(words, lag.Detail, StringComparison.Ordinal);
        Assert.NotEqual(Now, lag.LastHealthyAt);
    }

    [Fact]
    public void A_condition_needs_every_standby()
    {
        var fine = Estimate(Standby(), Primary());
        var paused = Estimate(Standby() with { IsReplayPaused = true }, Primary());
        var dead = Estimate(Standby().WithReceiver(_ => null), Primary());
        Assert.True(LagCondition.Healthy.IsMetBy([fine]));
        Assert.False(LagCondition.Healthy.IsMetBy([fine, paused]));
        Assert.True(LagCondition.Zero.IsMetBy([fine, paused]));
        Assert.False(LagCondition.Zero.IsMetBy([fine, dead]));
        Assert.True(LagCondition.Unhealthy.IsMetBy([fine, dead]));
        Assert.False(LagCondition.Unhealthy.IsMetBy([fine, paused]));
        Assert.All(Enum.GetValues<LagCondition>(), condition => Assert.False(condition.IsMetBy([])));
    }
}
