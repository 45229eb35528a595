using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using static DalpHa.Core.Replication.DivergenceVerdict;

namespace DalpHa.Core.Tests.Replication;

/// <summary>Where two servers' histories part, and what the former primary holds beyond that.</summary>
public sealed class DivergenceTests
{
    private static readonly DalpException Refused = new("DatabasePermissionDenied", FaultKind.Forbidden, "May not read its history.", "GRANT EXECUTE.");

    private static readonly LinkSight Seen = new(true, "");

    /// <summary>
    /// The former primary and the present one: their ancestors (<c>timeline:end</c>), timeline and position; then the verdict, the fork, and the bytes that are lost and
    /// that are behind. Positions are decimal.
    /// </summary>
    public static TheoryData<string, bool, string, DivergenceVerdict, string, long?, long?> Lineages => new()
    {
        // A promotion while the former primary went on, stood still just there, and had crashed before.
        { "1 1500", false, "1:1000 2 1800", Diverged, "1@1000", 500, 800 },
        { "1 1000", false, "1:1000 2 1800", BehindOnly, "1@1000", 0, 800 },
        { "1 900", false, "1:1000 2 1800", BehindOnly, "1@1000", 0, 900 },
        // A standby that has not followed yet, and one that followed the wrong primary past the fork.
        { "1 950", true, "1:1000 2 1800", BehindOnly, "1@1000", 0, 850 },
        { "1 1100", true, "1:1000 2 1800", Diverged, "1@1000", 100, 800 },
        // It follows.
        { "1:1000 2 1800", true, "1:1000 2 1800", Identical, "", 0, 0 },
        { "1:1000 2 1700", true, "1:1000 2 1800", BehindOnly, "", 0, 100 },
        { "1 1000", true, "1 1000", Identical, "", 0, 0 },
        // Ahead of its primary; two primaries on one timeline, which may be one server.
        { "1:1000 2 1900", true, "1:1000 2 1800", Unknown, "", null, null },
        { "1:1000 2 1800", false, "1:1000 2 1800", Unknown, "", null, null },
        { "1 1000", false, "1 1200", Unknown, "", null, null },
        // Several promotions later; a promotion of its own; and the second after a fail back.
        { "1 1500", false, "1:1000 2:2000 3 2400", Diverged, "1@1000", 500, 1400 },
        { "1:1000 2 2500", false, "1:1000 2:2000 3 2400", Diverged, "2@2000", 500, 400 },
        { "1:1200 3 1300", false, "1:1000 2 1800", Diverged, "1@1000", 300, 800 },
        { "1:800 2 850", false, "1 1800", Diverged, "1@800", 50, 1000 },
        // One number, and two timelines: both were promoted from the first, at different places.
        { "1:1100 2 1300", false, "1:1000 2 1800", Diverged, "1@1000", 300, 800 },
        { "1:1100 2 1300", true, "1:1000 2 1800", Diverged, "1@1000", 300, 800 },
        // Nothing in common, though the system is one.
        { "4:1000 5 1300", false, "1:1000 2 1800", Unknown, "", null, null },
    };

    [Theory]
    [MemberData(nameof(Lineages))]
    public void Each_pair_of_lineages_has_one_verdict(string former, bool isInRecovery, string primary, DivergenceVerdict verdict, string fork, long? lost, long? behind)
    {
        var finding = DivergenceJudge.Judge(Lineage(former, isInRecovery), Lineage(primary, isInRecovery: false), Seen);
        Assert.Equal((verdict, fork, lost, behind), (finding.Verdict, finding.Fork is { } at ? $"{at.Timeline}@{at.Lsn.Value}" : "", finding.LostBytes, finding.BehindBytes));
        Assert.NotEqual("", finding.Detail);
    }

    [Fact]
    public void Another_system_is_foreign_whatever_its_timelines() =>
        Assert.Equal(Foreign, DivergenceJudge.Judge(Lineage("1 1500", false) with { SystemIdentifier = "8", History = null, HistoryFailure = Refused }, Lineage("1:1000 2 1800", false), Seen).Verdict);

    [Theory]
    [InlineData("1:1000 2 1800", "1:1000 2 1800")]
    [InlineData("1:1000 2 1700", "1:1000 2 1800")]
    [InlineData("1 1000", "1 1000")]
    public void One_timeline_without_a_link_between_them_is_unknown(string former, string primary)
    {
        var finding = DivergenceJudge.Judge(Lineage(former, true), Lineage(primary, false), new LinkSight(false, "it has no WAL receiver"));
        Assert.Equal((Unknown, null, null), (finding.Verdict, finding.LostBytes, finding.BehindBytes));
        Assert.Contains("it has no WAL receiver", finding.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 950", Unknown)]
    [InlineData("1 1000", Unknown)]
    [InlineData("1 1100", Diverged)]
    public void A_standby_that_still_replays_its_own_disk_never_holds_so_few_bytes(string former, DivergenceVerdict verdict)
    {
        var finding = DivergenceJudge.Judge(Lineage(former, true) with { MayHoldMore = true }, Lineage("1:1000 2 1800", false), new LinkSight(false, "it has no WAL receiver"));
        Assert.Equal((verdict, null), (finding.Verdict, finding.LostBytes));
        Assert.Contains("its disk", finding.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_history_that_may_not_be_read_is_unknown_with_what_to_grant(bool isOfPrimary)
    {
        var (former, primary) = (Lineage("1 1500", false), Lineage("1:1000 2 1800", false));
        var finding = isOfPrimary ? DivergenceJudge.Judge(former, Unreadable(primary), Seen) : DivergenceJudge.Judge(Unreadable(former), primary, Seen);
        Assert.Equal((Unknown, null, null, null), (finding.Verdict, finding.Fork, finding.LostBytes, finding.BehindBytes));
        Assert.Contains("GRANT EXECUTE", finding.Detail, StringComparison.Ordinal);

        static DatabaseLineage Unreadable(DatabaseLineage lineage) => lineage with { History = null, HistoryFailure = Refused };
    }

    [Theory]
    [InlineData(900UL, 740U, 700U, 40L)]
    // Ids begin anew after four thousand million.
    [InlineData(1000UL, 5U, 4294967290U, 11L)]
    [InlineData(900UL, 700U, 700U, 0L)]
    // A checkpoint after the fork says nothing of before it.
    [InlineData(1001UL, 740U, 730U, null)]
    [InlineData(900UL, null, 700U, null)]
    public void Ids_bound_the_transactions_as_long_as_the_last_checkpoint_is_before_the_fork(ulong redo, uint? next, uint oldest, long? bound)
    {
        var former = Lineage("1 1500", false) with { NextTransactionId = next, Checkpoint = new LineageCheckpoint(new Lsn(redo), oldest) };
        Assert.Equal(bound, DivergenceJudge.TransactionBound(former, new TimelineFork(1, new Lsn(1000))));
    }

    [Theory]
    [InlineData("", 1, true)]
    [InlineData("1\t0/3000060\tno recovery target specified\n", 2, true)]
    [InlineData("# a comment\n1\t0/3000060\tx\n\n2\t0/5000000\ty\n", 3, true)]
    [InlineData("1 0/3000060 blanks instead of tabs\n", 2, true)]
    [InlineData("", 2, false)]
    [InlineData("1\n", 2, false)]
    [InlineData("one\t0/3000060\tx\n", 2, false)]
    [InlineData("1\t3000060\tx\n", 2, false)]
    [InlineData("2\t0/3000060\tx\n", 2, false)]
    [InlineData("2\t0/3000060\tx\n1\t0/5000000\ty\n", 3, false)]
    public void A_history_file_is_read_strictly(string text, int current, bool isValid)
    {
        if (isValid)
        {
            Assert.Equal(current, TimelineHistory.Parse(text, current).Current);
        }
        else
        {
            Assert.Throws<FormatException>(() => TimelineHistory.Parse(text, current));
        }
    }

    [Fact]
    public void The_way_between_two_positions_goes_through_each_timeline_to_where_it_was_left()
    {
        var history = new TimelineHistory([new TimelineSwitch(1, new Lsn(1000)), new TimelineSwitch(3, new Lsn(2000))], 4);
        Assert.Equal([(1, new Lsn(900), new Lsn(1000)), (3, new Lsn(1000), new Lsn(2000)), (4, new Lsn(2000), new Lsn(2100))], history.Between(new Lsn(900), new Lsn(2100)));
        Assert.Equal([(4, new Lsn(2000), new Lsn(2100))], history.Between(new Lsn(2000), new Lsn(2100)));
        Assert.Equal([(3, new Lsn(1500), new Lsn(1600))], history.Between(new Lsn(1500), new Lsn(1600)));
        Assert.Empty(history.Between(new Lsn(2100), new Lsn(2100)));
    }

    [Fact]
    public async Task Counted_commits_beat_ids_and_say_when()
    {
        var at = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
        var found = await CompareAsync(Lineage("1 1500", false), Lineage("1:1000 2 1800", false), () => new CommitCount(7, at, at.AddMinutes(1)));
        Assert.Equal((Diverged, 500L, 7L, false), (found.Verdict, found.LostBytes, found.LostTransactions, found.IsTransactionBound));
        Assert.Equal((at, at.AddMinutes(1)), (found.FirstLostAt, found.LastLostAt));
        Assert.False(found.LosesNothing);
    }

    [Fact]
    public async Task What_the_server_itself_wrote_loses_nothing()
    {
        var found = await CompareAsync(Lineage("1 1500", false), Lineage("1:1000 2 1800", false), () => new CommitCount(0, null, null));
        Assert.Equal((Diverged, 500L, 0L), (found.Verdict, found.LostBytes, found.LostTransactions));
        Assert.True(found.LosesNothing);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commits_that_cannot_be_counted_are_bounded_or_unknown_and_never_none(bool isRefused)
    {
        Func<CommitCount?> count = () => isRefused ? throw Refused : null;
        var former = Lineage("1 1500", false);
        var bounded = await CompareAsync(former, Lineage("1:1000 2 1800", false), count);
        Assert.Equal((40L, true, null), (bounded.LostTransactions, bounded.IsTransactionBound, bounded.FirstLostAt));
        Assert.False(bounded.LosesNothing);

        var unknown = await CompareAsync(former with { Checkpoint = new LineageCheckpoint(new Lsn(1400), 735) }, Lineage("1:1000 2 1800", false), count);
        Assert.Equal((Diverged, 500L, null, false), (unknown.Verdict, unknown.LostBytes, unknown.LostTransactions, unknown.IsTransactionBound));
        Assert.Contains(isRefused ? "GRANT EXECUTE" : "CREATE EXTENSION pg_walinspect", unknown.Detail, StringComparison.Ordinal);
        Assert.False(unknown.LosesNothing);
    }

    [Fact]
    public async Task What_a_standby_received_and_has_not_replayed_is_not_counted_and_not_none()
    {
        var former = Lineage("1 1500", true) with { Replayed = new Lsn(1200) };
        var found = await CompareAsync(former, Lineage("1:1000 2 1800", false), () => new CommitCount(3, null, null));
        Assert.Equal((Diverged, 500L, null, false), (found.Verdict, found.LostBytes, found.LostTransactions, found.LosesNothing));
        Assert.Contains("replayed only up to", found.Detail, StringComparison.Ordinal);

        var replayed = await CompareAsync(former with { Replayed = new Lsn(1500) }, Lineage("1:1000 2 1800", false), () => new CommitCount(3, null, null));
        Assert.Equal(3, replayed.LostTransactions);
    }

    [Theory]
    [InlineData(true, Identical)]
    [InlineData(false, Unknown)]
    public async Task Who_follows_is_seen_from_both_ends(bool isSeen, DivergenceVerdict verdict)
    {
        var primary = isSeen ? Samples.Primary() : Samples.Primary() with { Senders = [] };
        var found = await CompareAsync(Lineage("1 1000", true), Lineage("1 1000", false), () => throw new NotSupportedException(), (Samples.Standby(), primary));
        Assert.Equal((verdict, isSeen), (found.Verdict, found.LosesNothing));
    }

    [Fact]
    public async Task A_former_primary_that_is_not_frozen_is_told_to_be_moving()
    {
        var found = await CompareAsync(Lineage("1 1500", false) with { TakesWrites = true }, Lineage("1:1000 2 1800", false), () => new CommitCount(7, null, null));
        Assert.True(found.TakesWrites);
        Assert.Contains("Suspend-DalpWrite", found.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_end_that_cannot_be_seen_leaves_everything_unknown()
    {
        foreach (var (former, primary, words) in new[] { (null, Lineage("1:1000 2 1800", false), "May not read"), (Lineage("1 1500", false), null, "shows no primary"), (Lineage("1 1500", false), Lineage("1 1200", true), "shows no primary") })
        {
            var found = await CompareAsync(former, primary, () => new CommitCount(0, null, null));
            Assert.Equal((Unknown, null, null, null), (found.Verdict, found.LostBytes, found.LostTransactions, found.BehindBytes));
            Assert.Contains(words, found.Detail, StringComparison.Ordinal);
            Assert.False(found.LosesNothing);
        }
    }

    private static async Task<DalpDivergence> CompareAsync(DatabaseLineage? former, DatabaseLineage? primary, Func<CommitCount?> count, (DatabaseSample Former, DatabaseSample Primary)? samples = null)
    {
        var infrastructure = Stub.Of<IInfrastructure>((method, arguments) => method == nameof(IInfrastructure.OpenDatabase)
            ? Server(((DatabaseAddress)arguments[0]!).Name == "old" ? (former, samples?.Former) : (primary, samples?.Primary))
            : throw new NotSupportedException(method));
        var topology = new DalpTopology { Name = "t", Active = Site(SiteRole.Active, "old"), Standby = Site(SiteRole.Standby, "new") };
        var comparison = new DatabaseComparison(topology, SiteRole.Active, infrastructure, _ => throw new NotSupportedException(), null, TimeSpan.FromSeconds(1), TimeProvider.System);
        return Assert.Single(await comparison.CompareAsync(TestContext.Current.CancellationToken));

        IDatabaseServer Server((DatabaseLineage? Lineage, DatabaseSample? Sample) seen) => Stub.Of<IDatabaseServer>((method, _) => method switch
        {
            nameof(IDatabaseServer.ReadLineageAsync) => seen.Lineage is null ? Task.FromException<DatabaseLineage>(Refused) : Task.FromResult(seen.Lineage),
            nameof(IDatabaseServer.SampleAsync) => seen.Sample is null ? Task.FromException<DatabaseSample>(Refused) : Task.FromResult(seen.Sample),
            nameof(IDatabaseServer.CountCommitsAsync) => CountAsync(),
            nameof(IAsyncDisposable.DisposeAsync) => ValueTask.CompletedTask,
            _ => throw new NotSupportedException(method),
        });

        async Task<CommitCount?> CountAsync()
        {
            await Task.Yield();
            return count();
        }
    }

    private static DalpSite Site(SiteRole role, string server) => new()
    {
        Role = role,
        Name = role.ToString(),
        Cluster = new ClusterAddress("none"),
        Namespace = "dalp",
        Database = new DatabaseSettings { Servers = [new DatabaseServerSettings { Name = server, Host = "127.0.0.1" }] },
    };

    // As '1:1000 2 1800': the ancestors with their ends, the timeline, the position.
    private static DatabaseLineage Lineage(string text, bool isInRecovery)
    {
        var words = text.Split(' ');
        var ancestors = words[..^2].Select(word => word.Split(':')).Select(parts => new TimelineSwitch(Number(parts[0]), new Lsn((ulong)Number(parts[1])))).ToList();
        var timeline = Number(words[^2]);
        return new DatabaseLineage("7", isInRecovery, TakesWrites: false, timeline, new Lsn((ulong)Number(words[^1])), isInRecovery ? null : 740, new LineageCheckpoint(new Lsn(500), 700))
        {
            History = new TimelineHistory(ancestors, timeline),
        };

        static int Number(string digits) => int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
    }
}
