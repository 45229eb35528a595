using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Failover;

/// <summary>A planned hand-over: the roles change without a loss, or nothing is promoted.</summary>
public sealed class SwitchoverTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private const string Drain = "Freeze writes on pg, and drain it to pg";
    private const string LastLook = "Look at the former primary once more";
    private readonly TestPlatform platform = new() { Kind = FailoverKind.Switchover };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Theory]
    [InlineData(FailoverKind.Switchover)]
    [InlineData(FailoverKind.Drill)]
    public async Task The_database_is_frozen_last_of_all_and_drained_and_then_promoted(FailoverKind kind)
    {
        platform.Kind = kind;
        platform.Crew.OnAsked = step => Assert.True(platform.Active.TakesWrites || step is not ("freeze" or "confirm" or "promote"), $"It was frozen before {step} was asked for.");
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);

        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal((kind, TimeSpan.Zero), (ended.Kind, ended.LossTime));
        Assert.Equal(["scale dapi 0", "scale signer 0", "readonly True"], platform.Active.Changes[..3]);
        var journal = JournalFile.Read(Assert.Single(platform.Journals)).Records;
        var promotion = journal.Where(record => record is { Step: "promote", Action: not null }).Select(record => (record.Event, record.Action!)).ToList();
        Assert.Equal([(JournalEvent.Intent, Drain), (JournalEvent.Done, Drain), (JournalEvent.Intent, "Promote pg"), (JournalEvent.Done, "Promote pg"), (JournalEvent.Done, "Let pg take writes"), (JournalEvent.Done, LastLook)], promotion);
        Assert.Contains(journal, record => record is { Event: JournalEvent.Done, Action: Drain } && record.Text.Contains("seen twice", StringComparison.Ordinal));
        Assert.Contains(journal, record => record is { Event: JournalEvent.Intent, Action: "Promote pg" } && record.Data["final"] == "true");
    }

    [Fact]
    public async Task A_promotion_that_people_do_is_refused_since_nobody_would_see_the_drain()
    {
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == "promote" ? step with { Manual = "Ask the provider." } : step)] };
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("freeze", FailoverOutcome.NotStarted), (stopped.NextStep, stopped.Outcome));
        Assert.Contains("promoted by people", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Active.Changes.Concat(platform.Standby.Changes));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    public async Task What_the_standby_lacks_keeps_it_from_being_promoted_and_the_hand_over_says_how_the_active_writes_again(int toReceive, int toReplay)
    {
        (platform.ToReceive, platform.ToReplay) = ((ulong)toReceive, (ulong)toReplay);
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step with { Timeout = TimeSpan.FromHours(1) })] };
        var before = platform.Time.GetUtcNow();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);

        Assert.Equal(("promote", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Steps[^1].Outcome));
        Assert.Empty(platform.Standby.Changes);
        Assert.Contains("1 B to re", stopped.StoppedBecause, StringComparison.Ordinal);
        // Before all else: who stands still, since when, and how that ends.
        Assert.StartsWith("WRITERS STAND STILL since 2026-06-01 12:00:00Z (30 s when it stopped, longer since unless somebody has taken it back), and the database of west is frozen since 2026-06-01 12:00:00Z. People decide: mend it and go on, or take it back: Resume-DalpWrite", stopped.HandOver, StringComparison.Ordinal);
        Assert.Contains("Nothing was promoted.", stopped.HandOver, StringComparison.Ordinal);
        Assert.DoesNotContain("promote a second time", stopped.HandOver, StringComparison.Ordinal);
        // Whoever writes waits for it: not as long as a step may take.
        Assert.True(platform.Time.GetUtcNow() - before < TimeSpan.FromMinutes(10));

        var resume = await new ResumeWrites(TimeSpan.FromSeconds(40)).MeasureAsync(platform.World(), Token);
        Assert.Empty(resume.Unmet);
        (platform.ToReceive, platform.ToReplay) = (0, 0);
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, null, Token)).Outcome);
    }

    [Fact]
    public async Task A_transaction_that_is_older_than_the_freeze_and_stays_keeps_it_from_being_promoted_and_is_named()
    {
        platform.Active.LeftAlone.Add(new OpenTransaction(4711, "postgres", "psql", platform.Time.GetUtcNow(), IsOlder: true));
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("promote", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Steps[^1].Outcome));
        Assert.Contains("process 4711 (user postgres, application 'psql')", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);

        platform.Active.LeftAlone.Clear();
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, null, Token)).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_former_primary_commits_after_the_drain_stops_it_once_whoever_promoted_is_alive_or_not(bool dies)
    {
        var (crash, hasWritten) = (new Crash(), false);
        platform.OnChange = () =>
        {
            if (!hasWritten && platform.Standby.Changes is [.., "promote"])
            {
                // A session that overrules the default, in the moment of the promotion.
                (hasWritten, platform.Active.NextTransactionId) = (true, platform.Active.NextTransactionId + 3);
                if (dies)
                {
                    crash.Die();
                }
            }
        };
        DalpFailover stopped;
        if (dies)
        {
            await Assert.ThrowsAsync<CrashException>(() => platform.Process(crash).BeginAsync(Id, TestPlatform.Declaration, null, Token));
            stopped = await platform.Process(takeOver: true, machine: "desktop").ResumeAsync(Id, null, Token);
        }
        else
        {
            stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        }
        Assert.Equal(("promote", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Outcome));
        Assert.Contains("up to 3 transactions ended there since", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains("Compare-DalpDatabase", stopped.HandOver, StringComparison.Ordinal);
        Assert.False(platform.Standby.IsInRecovery);
        Assert.DoesNotContain("scale dapi 2", platform.Standby.Changes);

        // Who goes on has been told.
        var ended = await platform.Process(machine: dies ? "desktop" : "laptop").ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
    }

    [Fact]
    public async Task A_former_primary_that_can_not_be_seen_after_the_promotion_is_not_taken_for_one_that_wrote_nothing()
    {
        platform.OnChange = () => platform.Active.IsDown = platform.Standby.Changes is [.., "promote"];
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Contains("can't be seen", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.False(platform.Standby.IsInRecovery);
    }

    public static TheoryData<string, Action<TestPlatformCase>> NotWell => new()
    {
        { "BothSitesWell", given => given.Platform.Measured = lag => lag with { Link = ReplicationLink.Broken, LagTime = null, Status = CheckStatus.Fail } },
        { "BothSitesWell", given => given.Platform.Measured = lag => lag with { LagTime = TimeSpan.FromMinutes(2) } },
        { "BothSitesWell", given => given.Platform.Standby.Cluster.Down = TestSite.Down() },
        { "BothSitesWell", given => given.Platform.Active.IsInRecovery = true },
        { "FreezeHolds", given => given.Platform.Active.Overrides = ["role dalp in database dalp"] },
        { "FreezeHolds", given => given.Platform.Active.PreparedTransactions = 1 },
        { "FreezeHolds", given => given.Platform.Active.LeftAlone.Add(new OpenTransaction(7, "postgres", "pg_dump", DateTimeOffset.UnixEpoch.AddMinutes(-1), IsOlder: false)) },
        { "ActiveFenced", given => given.Platform.Active.SetDown(true) },
    };

    [Theory]
    [MemberData(nameof(NotWell))]
    public async Task Where_one_site_is_not_well_nothing_is_begun_and_a_failover_is_to_be_declared(string gate, Action<TestPlatformCase> breaks)
    {
        breaks(new TestPlatformCase(platform));
        var refused = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("freeze", FailoverOutcome.NotStarted), (refused.NextStep, refused.Outcome));
        Assert.StartsWith(gate, refused.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains("-Kind Failover", refused.HandOver, StringComparison.Ordinal);
        Assert.DoesNotContain("STAND STILL", refused.HandOver, StringComparison.Ordinal);
        Assert.Empty(platform.Active.Changes.Concat(platform.Standby.Changes));
    }

    [Fact]
    public async Task A_link_that_dies_after_the_freeze_of_the_writers_stops_it_before_the_database_is_touched()
    {
        platform.Crew.OnAsked = step => platform.Measured = lag => step == "confirm" ? lag with { Link = ReplicationLink.Broken, LagTime = null, Status = CheckStatus.Fail } : lag;
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Contains("declare it so", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.True(platform.Active.TakesWrites);
    }

    [Theory]
    [InlineData(FailoverKind.Switchover)]
    [InlineData(FailoverKind.Drill)]
    public async Task Neither_a_loss_nor_a_site_that_is_gone_goes_with_a_plan(FailoverKind kind)
    {
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "freeze", Token);
        // The journal says what is gone on with, whatever the world was opened for.
        platform.Kind = FailoverKind.Failover;
        platform.MaxDataLoss = TimeSpan.FromMinutes(1);
        Assert.Equal("PlannedLosesNothing", (await Assert.ThrowsAsync<DalpException>(() => platform.Process().ResumeAsync(Id, null, Token))).ErrorId);
        platform.MaxDataLoss = null;
        Assert.Throws<DalpException>(() => (platform.World() with { ActiveIsGone = new Attestation("Jane Doe", "It is off.") }).For(kind));
        Assert.Equal(kind, platform.World().For(kind).Kind);
        Assert.Equal(TimeSpan.Zero, platform.World().For(kind).AcceptedLoss);
    }

    [Fact]
    public async Task What_people_freeze_is_looked_at_and_not_frozen_again()
    {
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == "freeze" ? step with { Manual = "Ask the provider." } : step)] };
        platform.Active.Cluster.Workloads = [.. platform.Active.Cluster.Workloads.Select(workload => workload.Name is "dapi" or "signer" ? workload with { Desired = 0, Ready = 0 } : workload)];
        platform.Active.SetPods();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Contains("takes writes", stopped.StoppedBecause, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(platform.Active.Changes.Concat(platform.Standby.Changes));

        platform.Active.IsReadOnly = true;
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
    }

    /// <summary>What a case breaks; public, as the data of a theory are.</summary>
    public sealed class TestPlatformCase
    {
        internal TestPlatformCase(TestPlatform platform) => Platform = platform;

        internal TestPlatform Platform { get; }
    }
}
