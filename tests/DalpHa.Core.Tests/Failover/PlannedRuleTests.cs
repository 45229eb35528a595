using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Failover;

/// <summary>What decides on a planned hand-over: whether both ends are level, and whether both sites are well.</summary>
public sealed class PlannedRuleTests
{
    private static readonly WriteActivity Primary = new(DateTimeOffset.UnixEpoch, IsInRecovery: false, IsReadOnly: true, 700, 0, 0, 0, new Lsn(5000), 3) { EndLsn = new Lsn(5000) };
    private static readonly WriteActivity Standby = new(DateTimeOffset.UnixEpoch, IsInRecovery: true, IsReadOnly: false, null, 0, 0, 4, null, 3) { ReceivedLsn = new Lsn(5000), ReplayedLsn = new Lsn(5000) };

    private static readonly DalpReplicationLag Lag = new()
    {
        Site = "east",
        Standby = "pg",
        Primary = "pg",
        Link = ReplicationLink.Streaming,
        Status = CheckStatus.Pass,
        LagTime = TimeSpan.Zero,
        Threshold = new LagThreshold(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)),
        Detail = "Measured.",
        At = DateTimeOffset.UnixEpoch,
    };

    public static TheoryData<string, WriteActivity, WriteActivity, string> NotLevel => new()
    {
        { "it takes writes", Primary with { IsReadOnly = false }, Standby, "takes writes" },
        { "an older session", Primary with { OlderSessions = 2 }, Standby, "2 sessions are older" },
        { "an older transaction", Primary with { LeftAlone = [new OpenTransaction(4711, "postgres", "psql", DateTimeOffset.UnixEpoch, IsOlder: true)] }, Standby, "process 4711 (user postgres, application 'psql'), begun at 1970-01-01 00:00:00Z" },
        { "a transaction under way", Primary with { WritersRunning = 1 }, Standby, "under way" },
        { "a prepared transaction", Primary with { PreparedTransactions = 1 }, Standby, "prepared" },
        { "its end is not known", Primary with { EndLsn = null }, Standby, "can't be seen" },
        { "written out, and more than that inserted", Primary with { EndLsn = new Lsn(5048) }, Standby, "48 B to receive" },
        { "one byte to receive", Primary, Standby with { ReceivedLsn = new Lsn(4999), ReplayedLsn = new Lsn(4999) }, "1 B to receive" },
        { "one byte to replay", Primary, Standby with { ReplayedLsn = new Lsn(4999) }, "1 B to replay" },
        { "one byte too many received", Primary, Standby with { ReceivedLsn = new Lsn(5001) }, "follows another primary" },
        { "one byte too many replayed", Primary, Standby with { ReceivedLsn = new Lsn(4096), ReplayedLsn = new Lsn(5001) }, "follows another primary" },
        { "it streams nothing", Primary, Standby with { ReceivedLsn = null }, "receives nothing" },
        { "it replays nothing", Primary, Standby with { ReplayedLsn = null }, "receives nothing" },
        { "another timeline", Primary, Standby with { Timeline = 2 }, "timeline 2" },
        { "no primary", Primary with { IsInRecovery = true }, Standby, "0 servers" },
        { "what follows it there is not frozen", Primary with { IsInRecovery = true, IsReadOnly = false }, Standby, "as soon as somebody or something promotes it" },
        { "promoted, and the former primary follows, not frozen", Primary with { IsInRecovery = true, IsReadOnly = false }, Standby with { IsInRecovery = false }, "as soon as somebody or something promotes it" },
        { "promoted, and the former primary writes", Primary with { IsReadOnly = false }, Standby with { IsInRecovery = false }, "takes writes" },
    };

    [Theory]
    [MemberData(nameof(NotLevel))]
    public void What_is_not_exactly_level_is_not_drained(string what, WriteActivity primary, WriteActivity standby, string says)
    {
        var sight = DrainRule.Judge([("pg", primary)], standby);
        Assert.True(sight is { LevelAt: null, IsPromoted: false }, what);
        Assert.Contains(says, sight.Seen, StringComparison.Ordinal);
        Assert.False(DrainRule.Conclude(sight, sight).Holds);
    }

    [Fact]
    public void Level_counts_when_it_is_seen_twice_at_the_same_position()
    {
        var level = DrainRule.Judge([("pg", Primary), ("local standby", Standby with { IsReadOnly = true })], Standby);
        Assert.Equal(new Lsn(5000), level.LevelAt);
        Assert.True(DrainRule.Conclude(level, level).Holds);
        var later = DrainRule.Judge([("pg", Primary with { EndLsn = new Lsn(5100) })], Standby with { ReceivedLsn = new Lsn(5100), ReplayedLsn = new Lsn(5100) });
        Assert.False(DrainRule.Conclude(level, later).Holds);
        Assert.False(DrainRule.Conclude(level, DrainRule.Judge([("pg", Primary with { IsReadOnly = false })], Standby)).Holds);
    }

    [Fact]
    public void A_transaction_that_began_under_the_freeze_is_waited_for_by_nobody_and_several_older_ones_are_counted()
    {
        OpenTransaction Of(int pid, bool isOlder) => new(pid, null, "", DateTimeOffset.UnixEpoch, isOlder);
        Assert.Null((Primary with { LeftAlone = [Of(1, false), Of(2, false)] }).WhyNotFrozen);
        var why = (Primary with { LeftAlone = [Of(1, false), Of(2, true), Of(3, true), Of(4, true)] }).WhyNotFrozen;
        Assert.Contains("process 2 (a worker of the server), begun", why, StringComparison.Ordinal);
        Assert.Contains("and so may 2 more", why, StringComparison.Ordinal);
        Assert.Contains("pg_terminate_backend(2)", why, StringComparison.Ordinal);
    }

    [Fact]
    public void What_follows_is_frozen_when_nobody_who_promotes_it_has_it_write()
    {
        var frozen = Standby with { IsReadOnly = true };
        Assert.Null(frozen.WhyNotFrozen);
        Assert.Contains("promotes it", Standby.WhyNotFrozen, StringComparison.Ordinal);
        Assert.Contains("2 sessions are older", (frozen with { OlderSessions = 2 }).WhyNotFrozen, StringComparison.Ordinal);
        // A role's own default is stronger; what began in recovery can't write.
        Assert.NotNull((frozen with { IsReadOnly = false, IsReadOnlyByDefault = true }).WhyNotFrozen);
        Assert.Null((frozen with { LeftAlone = [new OpenTransaction(1, "postgres", "psql", DateTimeOffset.UnixEpoch, IsOlder: true)] }).WhyNotFrozen);
    }

    [Fact]
    public void Two_primaries_on_one_site_are_never_level() =>
        Assert.Contains("2 servers", DrainRule.Judge([("one", Primary), ("two", Primary)], Standby).Seen, StringComparison.Ordinal);

    [Fact]
    public void What_is_promoted_already_is_done_when_the_former_primary_is_frozen_and_be_it_that_it_follows()
    {
        foreach (var former in new[] { Primary, Primary with { IsInRecovery = true } })
        {
            var sight = DrainRule.Judge([("pg", former)], Standby with { IsInRecovery = false });
            Assert.True(DrainRule.Conclude(sight, sight).Holds);
        }
    }

    public static TheoryData<string, DalpReplicationLag?, CheckStatus> Links => new()
    {
        { "well", Lag, CheckStatus.Pass },
        { "a warning", Lag with { Status = CheckStatus.Warn }, CheckStatus.Warn },
        { "close enough", Lag with { LagTime = TimeSpan.FromSeconds(30) }, CheckStatus.Pass },
        { "too far behind to wait for", Lag with { LagTime = TimeSpan.FromSeconds(31), Status = CheckStatus.Warn }, CheckStatus.Fail },
        { "not well", Lag with { Status = CheckStatus.Fail }, CheckStatus.Fail },
        { "not known", Lag with { Status = CheckStatus.Unknown }, CheckStatus.Unknown },
        { "no lag", Lag with { LagTime = null }, CheckStatus.Unknown },
        { "catching up", Lag with { Link = ReplicationLink.CatchingUp }, CheckStatus.Fail },
        { "fed by the archive", Lag with { Link = ReplicationLink.Archive }, CheckStatus.Fail },
        { "a dead link", Lag with { Link = ReplicationLink.Broken, LagTime = null, Status = CheckStatus.Fail }, CheckStatus.Fail },
        { "an unknown link", Lag with { Link = ReplicationLink.Unknown }, CheckStatus.Unknown },
        { "not measured", null, CheckStatus.Unknown },
    };

    [Theory]
    [MemberData(nameof(Links))]
    public void Only_a_standby_that_streams_and_is_close_is_planned_with(string what, DalpReplicationLag? lag, CheckStatus expected)
    {
        var finding = PlannedConditions.JudgeStandby("east", "pg", lag, isPromoted: false);
        Assert.True(expected == finding.Status, $"{what}: {finding}");
        Assert.Equal(expected is CheckStatus.Fail or CheckStatus.Unknown, finding.Remediation.Contains("declare it so", StringComparison.Ordinal));
        Assert.Equal(CheckStatus.Pass, PlannedConditions.JudgeStandby("east", "pg", lag, isPromoted: true).Status);
    }
}
