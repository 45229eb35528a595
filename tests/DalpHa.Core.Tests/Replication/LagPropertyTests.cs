using CsCheck;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using static DalpHa.Core.Tests.Replication.Samples;

namespace DalpHa.Core.Tests.Replication;

public sealed class LagPropertyTests
{
    /// <summary>One moment of a simulated history.</summary>
    private sealed record Step(double Seconds, int Bytes, bool IsCommit, double ReplayShare, bool IsMeasured, int MoreBytes);

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Double[0, 20], Gen.Int[0, 5000], Gen.Bool, Gen.Double[0, 1], Gen.Bool, Gen.Int[0, 3],
        (seconds, bytes, isCommit, share, isMeasured, more) => new Step(seconds, bytes, isCommit, share, isMeasured, more));

    [Fact]
    public void Lag_is_never_less_than_the_truth_and_never_negative() =>
        Gen.Select(AnyStep.Array[1, 60], Gen.Double[-7200, 7200]).Sample((steps, skew) =>
        {
            var now = Now;
            var commits = new List<(ulong End, DateTimeOffset At)>();
            var (current, replayed) = (1000UL, 1000UL);
            DateTimeOffset? replayedCommit = null;
            var history = ReplicationHistory.Empty;
            foreach (var step in steps)
            {
                now += TimeSpan.FromSeconds(step.Seconds);
                Write(step.Bytes, step.IsCommit);
                replayed += (ulong)((current - replayed) * step.ReplayShare);
                replayedCommit = commits.Where(commit => commit.End <= replayed).Select(commit => (DateTimeOffset?)commit.At).LastOrDefault();
                if (!step.IsMeasured)
                {
                    continue;
                }
                history = history.Add(Primary(current) with { ServerTime = now }, now);
                var clock = now.AddSeconds(skew);
                var standby = Standby(replayed, replayed) with { ServerTime = clock, LastReplayedCommitAt = replayedCommit };
                standby = standby.WithReceiver(r => r with { LastMessageAt = clock });
                now += TimeSpan.FromMilliseconds(40);
                Write(step.MoreBytes, isCommit: true);
                var primary = Primary(current).WithSender(s => s with { LastReplyAt = clock }) with { ServerTime = now };
                history = history.Add(primary, now);

                var lag = Estimate(standby, primary, history);
                var missing = commits.Where(commit => commit.End > replayed).ToList();
                var truth = missing.Count == 0 ? TimeSpan.Zero : now - missing[0].At;
                Assert.Equal((long)(current - replayed), lag.LagBytes);
                Assert.True(lag.LagTime is null || lag.LagTime >= truth, $"said {lag.LagTime}, was {truth}");
                Assert.True(lag.LagTime is null || lag.LagTime >= TimeSpan.Zero);
                Assert.Equal(replayed == current, lag.LagTime == TimeSpan.Zero && lag.LagBytes == 0);
            }

            void Write(int bytes, bool isCommit)
            {
                current += (ulong)bytes;
                if (isCommit && bytes > 0)
                {
                    commits.Add((current, now));
                }
            }
        });

    [Fact]
    public void Nothing_that_is_dead_or_unseen_looks_healthy()
    {
        var standbys = Gen.Select(
            Gen.OneOf(new[] { "streaming", "starting", "waiting", "" }.Select(Gen.Const).ToArray()), Gen.Double[-100, 100], Gen.Bool, Gen.Bool, Gen.UInt[900, 1100],
            (status, age, hasReceiver, inRecovery, replayed) => (Standby(replayed, replayed) with { IsInRecovery = inRecovery })
                .WithReceiver(r => hasReceiver ? r with { Status = status, LastMessageAt = Now.AddSeconds(-age) } : null));
        var primaries = Gen.Select(
            Gen.OneOf(new[] { "streaming", "catchup", "backup", "stopping", "" }.Select(Gen.Const).ToArray()), Gen.Double[-100, 100], Gen.Bool, Gen.Bool,
            (state, age, isActive, isSeen) => isSeen
                ? Primary().WithSender(s => s with { State = state, LastReplyAt = Now.AddSeconds(-age) }).WithSlot(s => s with { IsActive = isActive })
                : null);
        Gen.Select(standbys, primaries).Sample((standby, primary) =>
        {
            var lag = Estimate(standby, primary);
            if (lag.Link is not (ReplicationLink.Streaming or ReplicationLink.CatchingUp or ReplicationLink.Archive))
            {
                Assert.Null(lag.LagTime);
                Assert.True(lag.Status is CheckStatus.Fail or CheckStatus.Unknown, lag.Detail);
            }
            if (primary is null)
            {
                Assert.Null(lag.LagBytes);
                Assert.True(lag.Status is CheckStatus.Fail or CheckStatus.Unknown, lag.Detail);
            }
            Assert.NotEmpty(lag.Detail);
            Assert.True(lag.LagTime is null || lag.LagTime >= TimeSpan.Zero);
        });
    }

    [Fact]
    public void A_clock_that_is_set_back_forgets_rather_than_understates()
    {
        var history = ReplicationHistory.Empty.Add(Primary(1000) with { ServerTime = Now.AddHours(1) }, Now).Add(Primary(1100), Now);
        Assert.Single(history.Points);
        var lag = Estimate(Standby() with { LastReplayedCommitAt = Now.AddMinutes(50) }, Primary(1200), history);
        Assert.Null(lag.LagTime);
        Assert.Equal(CheckStatus.Unknown, lag.Status);
    }

    [Fact]
    public void A_history_stays_small_ordered_and_recent() =>
        Gen.Int[0, 3].Array[0, 1000].Sample(increments =>
        {
            var (history, position) = (ReplicationHistory.Empty, 1000UL);
            for (var i = 0; i < increments.Length; i++)
            {
                position += (ulong)increments[i];
                history = history.Add(Primary(position) with { ServerTime = Now.AddSeconds(i) }, Now.AddSeconds(i));
            }
            Assert.True(history.Points.Count <= 240);
            Assert.Equal(history.Points.OrderBy(point => point.Position).ThenBy(point => point.PrimaryTime), history.Points);
            if (increments.Length > 0)
            {
                Assert.Equal(Now.AddSeconds(increments.Length - 1), history.NewestReached(new Lsn(position))!.PrimaryTime);
                Assert.Null(history.OldestBeyond(new Lsn(position)));
            }
        });
}
