using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>
/// Somebody vouches for the active site of a distributed CloudNativePG topology. What is seen of its Cluster decides whether it is demoted, and whether its token is used; his
/// word decides only on what can't be seen.
/// </summary>
public sealed class DistributedPromotionTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = Platform();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    public static TheoryData<string, Action<GivenSite>, bool, string> Seen => new()
    {
        { "all of it answers", _ => { }, true, "promote by token" },
        { "one replica is silent", site => site.AddReplica().DatabaseFailure = TestSite.Down(), true, "promote by token" },
        { "its PostgreSQL is silent", site => site.Active.DatabaseFailure = TestSite.Down(), true, "promote without token" },
        { "its PostgreSQL and its replica are silent", site => site.AddReplica().DatabaseFailure = site.Active.DatabaseFailure = TestSite.Down(), true, "promote without token" },
        { "its PostgreSQL is silent, and its operator too", site => (site.Active.DatabaseFailure, site.Active.OperatorIsDown) = (TestSite.Down(), true), true, "promote without token" },
        { "all of it is silent", site => site.Active.SetDown(true), false, "promote without token" },
        { "its API serves nobody, and its PostgreSQL is silent", site => (site.Active.Cluster.Down, site.Active.DatabaseFailure) = (Failing("ApiServerError", FaultKind.Unavailable), TestSite.Down()), false, "promote without token" },
        { "its Cluster was deleted", site => (site.Active.Postgres, site.Active.DatabaseFailure) = (site.Active.Postgres! with { Name = "another", Primary = "another" }, TestSite.Down()), false, "promote without token" },
    };

    [Theory]
    [MemberData(nameof(Seen))]
    public async Task What_is_seen_of_the_Cluster_decides_on_its_demotion_and_its_token(string what, Action<GivenSite> given, bool isDemoted, string promotion)
    {
        given(new GivenSite(platform));
        Vouch();
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);

        Assert.True(ended.Steps[^1].Outcome == FailoverOutcome.Succeeded, $"{what}: {ended.StoppedBecause}");
        Assert.Equal(isDemoted, platform.Active.Changes.Contains("demote"));
        Assert.Equal(isDemoted, platform.Active.Postgres!.IsReplica);
        Assert.Equal([promotion], platform.Standby.Changes);
        var (isByToken, found) = (promotion == "promote by token", ended.Steps[^1].Findings.Single(finding => finding.Check == "ReturnCluster"));
        Assert.Equal(isByToken ? (CheckStatus.Pass, "it was demoted by token") : (CheckStatus.Warn, "it left no token"), (found.Status, found.Observed));
        // Who reads the journal later sees what was given up, and on whose word.
        var records = JournalFile.Read(Assert.Single(platform.Journals)).Records;
        var demotion = records.Where(record => record is { Event: JournalEvent.Done, Action: "Demote Cluster/pg-west" }).ToList();
        Assert.Equal(isDemoted ? 1 : 0, demotion.Count);
        Assert.All(demotion, done => Assert.Equal(!isByToken, done.Data.ContainsKey("withoutToken") && done.Text.Contains("Head of Operations vouches", StringComparison.Ordinal)));
        Assert.Contains(records, record => record is { Event: JournalEvent.StepStarted, Step: "promote" } && record.Data["restsOn"].Contains("ClusterDemoted: Cluster/pg-west", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_primary_that_answers_is_no_silence_and_is_not_promoted_over_when_its_operator_does_nothing()
    {
        LetNobodyDemote();
        Vouch();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        Assert.Equal(("promote", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Outcome));
        Assert.Contains("pg answers as a primary, so no word counts for it", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);
        Assert.True(platform.Active.Postgres!.IsReplica);

        // It is stopped by people, as the error says.
        platform.Active.DatabaseFailure = TestSite.Down();
        var ended = await platform.Process().ResumeAsync(Id, "promote", Token);
        Assert.True(ended.Steps.Single(step => step.Step == "promote").Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal(["promote without token"], platform.Standby.Changes);
    }

    [Theory]
    [InlineData("DatabaseStarting")]
    [InlineData("DatabaseShuttingDown")]
    public async Task One_that_says_a_word_while_it_is_demoted_is_waited_for_and_its_token_used(string errorId)
    {
        // It shuts down for longer than a token is waited for of a dead one, as one with much to write out does.
        LetNobodyDemote();
        var longEnough = DateTimeOffset.MaxValue;
        platform.OnChange = () =>
        {
            if (platform.Active.Changes is [.., "demote"])
            {
                platform.Active.DatabaseFailure = Failing(errorId, FaultKind.Unavailable);
                longEnough = platform.Time.GetUtcNow().AddSeconds(30);
            }
        };
        platform.Active.OnReached = () =>
        {
            if (platform.Time.GetUtcNow() > longEnough)
            {
                platform.Active.DatabaseFailure = null;
                platform.Active.IsInRecovery = true;
                platform.Active.Postgres = platform.Active.Postgres! with { DemotionToken = TestToken.Of("7", 1, new Core.Replication.Lsn(platform.Active.NextTransactionId - 1)) };
            }
        };
        Vouch();
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        Assert.True(ended.Steps[^1].Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal(["promote by token"], platform.Standby.Changes);
    }

    [Theory]
    [InlineData(false, "promote by token")]
    [InlineData(true, "promote without token")]
    public async Task A_token_of_an_earlier_demotion_is_none_of_this_one(bool isDead, string promotion)
    {
        // It was handed over and came back two timelines later, and the standby was built anew since: nothing there tells of the token any more.
        (platform.Active.Timeline, platform.Standby.Timeline) = (3, 3);
        platform.Active.Postgres = platform.Active.Postgres! with { Timeline = 3, DemotionToken = TestToken.Of("7", 1, new Core.Replication.Lsn(900)) };
        platform.Standby.Postgres = platform.Standby.Postgres! with { Timeline = 3 };
        platform.Active.DatabaseFailure = isDead ? TestSite.Down() : null;
        Vouch();
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        Assert.True(ended.Steps[^1].Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal([promotion], platform.Standby.Changes);
    }

    [Fact]
    public async Task Without_a_word_a_dead_PostgreSQL_is_in_the_way_and_nothing_is_promoted()
    {
        platform.Active.DatabaseFailure = TestSite.Down();
        platform.MaxDataLoss = TimeSpan.MaxValue;
        Assert.Equal("freeze", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        Assert.Empty(platform.Active.Changes.Concat(platform.Standby.Changes));
    }

    [Fact]
    public async Task A_token_that_the_standby_never_comes_up_to_is_done_without_on_the_word_and_is_waited_for_without_it()
    {
        platform.ToReplay = 4;
        platform.MaxDataLoss = TimeSpan.MaxValue;
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Empty(platform.Standby.Changes);

        Vouch();
        var ended = await platform.Process().ResumeAsync(Id, "promote", Token);
        Assert.True(ended.Steps.Single(step => step.Step == "promote").Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal(["promote without token"], platform.Standby.Changes);
    }

    [Fact]
    public async Task A_token_that_the_standby_comes_up_to_slowly_is_waited_for_as_long_as_it_replays()
    {
        platform.ToReplay = 4;
        var begun = DateTimeOffset.MaxValue;
        platform.OnChange = () => begun = platform.Active.Changes is [.., "demote"] ? platform.Time.GetUtcNow() : begun;
        // It has all after 36 s: of a token that it never comes up to 30 are waited for.
        platform.Standby.OnReached = () =>
        {
            if (platform.ToReplay > 0 && platform.Time.GetUtcNow() - begun > TimeSpan.FromSeconds(9 * (5 - (int)platform.ToReplay)))
            {
                platform.ToReplay--;
            }
        };
        Vouch();
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        Assert.True(ended.Steps[^1].Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal(["promote by token"], platform.Standby.Changes);
    }

    [Fact]
    public async Task A_site_with_a_demoted_Cluster_whose_PostgreSQL_stays_dead_is_isolated()
    {
        platform.Active.DatabaseFailure = TestSite.Down();
        Vouch();
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal(["promote without token"], platform.Standby.Changes.Where(change => change.StartsWith("promote", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task By_hand_nothing_is_promoted_over_a_primary_that_comes_back_while_somebody_is_asked()
    {
        var crew = await AskedForLongAsync(() => platform.Active.DatabaseFailure = null);
        Assert.False(await crew.RunAsync(new PromoteStep()));
        Assert.True(platform.Active.TakesWrites);
        Assert.Empty(platform.Standby.Changes);
        var refused = crew.Results.Last(result => result.Action == "Promote pg");
        Assert.Equal(FailoverOutcome.NotStarted, refused.Outcome);
        Assert.Contains("It changed before it was done. ActiveFenced", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task By_hand_a_token_that_comes_while_somebody_is_asked_is_used()
    {
        var crew = await AskedForLongAsync(() =>
        {
            (platform.Active.DatabaseFailure, platform.Active.IsInRecovery) = (null, true);
            platform.Active.Postgres = platform.Active.Postgres! with { DemotionToken = TestToken.Of("7", 1, new Core.Replication.Lsn(platform.Active.NextTransactionId - 1)) };
        });
        Assert.False(await crew.RunAsync(new PromoteStep()));
        Assert.Empty(platform.Standby.Changes);
        Assert.Contains("has left a token by now", crew.Results.Last(result => result.Action == "Promote pg").Detail, StringComparison.Ordinal);

        Assert.True(await crew.RunAsync(new PromoteStep()));
        Assert.Equal(["promote by token"], platform.Standby.Changes);
    }

    [Fact]
    public async Task A_token_is_not_given_up_sooner_because_the_API_fails_for_a_moment()
    {
        platform.ToReplay = 4;
        var begun = DateTimeOffset.MaxValue;
        platform.OnChange = () => begun = platform.Active.Changes is [.., "demote"] ? platform.Time.GetUtcNow() : begun;
        // Of one that is not there 20 s are waited for, of this one 30.
        platform.Standby.OnReached = () =>
        {
            var waited = platform.Time.GetUtcNow() - begun;
            platform.Active.Cluster.Down = waited.TotalSeconds is > 22 and < 24 ? Failing("ApiServerError", FaultKind.Unavailable) : null;
            platform.ToReplay = waited.TotalSeconds > 26 ? 0UL : platform.ToReplay;
        };
        Vouch();
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        Assert.True(ended.Steps[^1].Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal(["promote by token"], platform.Standby.Changes);
    }

    [Fact]
    public async Task A_site_that_comes_back_between_the_measurement_and_the_promotion_is_not_promoted_over_and_is_demoted_next()
    {
        platform.Active.SetDown(true);
        platform.Active.DatabaseFailure = TestSite.Down();
        platform.Standby.OnNote = note =>
        {
            if (note.Entries.Values.Any(text => text.Contains("Promote pg", StringComparison.Ordinal)))
            {
                platform.Active.SetDown(false);
            }
        };
        Vouch();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        Assert.Equal(("promote", FailoverOutcome.NotStarted), (stopped.NextStep, stopped.Steps[^1].Outcome));
        Assert.Contains("answers, and is a primary", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);

        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, "promote", Token)).Steps.Single(step => step.Step == "promote").Outcome);
        Assert.Contains("demote", platform.Active.Changes);
        Assert.Equal(["promote without token"], platform.Standby.Changes);
    }

    [Fact]
    public async Task A_site_that_comes_back_after_the_promotion_says_primary_no_more()
    {
        platform.Active.SetDown(true);
        Vouch();
        Assert.Equal("isolate", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        Assert.False(platform.Active.Postgres!.IsReplica);

        // It writes until it is frozen again, first of all.
        platform.OnChange = () => { };
        platform.Active.SetDown(false);
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal((true, false), (platform.Active.Postgres!.IsReplica, platform.Active.TakesWrites));
        Assert.Single(platform.Standby.Changes, "promote without token");
    }

    [Fact]
    public async Task Whenever_the_process_dies_the_next_one_demotes_and_promotes_once()
    {
        var points = 0;
        for (var at = 0; await DiesAtAsync(at); at++)
        {
            points++;
        }
        Assert.True(points > 20, $"only {points} points");
    }

    [Theory]
    [InlineData(false, "Promote it with the demoted cluster's token.")]
    [InlineData(true, "Promote it without a token: the former primary must be rebuilt.")]
    public async Task A_rehearsal_tells_the_demotion_and_what_the_standby_is_promoted_with_and_waits_for_nothing(bool isDead, string promotion)
    {
        platform.Active.DatabaseFailure = isDead ? TestSite.Down() : null;
        Vouch();
        var told = new List<ToldWrite>();
        var before = platform.Time.GetUtcNow();
        var plan = await new FailoverRehearsal(platform.RehearsedWorld(told.Add)).PlanAsync(Id, Token);
        Assert.True(plan.IsReady, string.Join('\n', plan.Blockers));
        Assert.Equal(["Demote it: 'pg-east' becomes the primary of the topology.", promotion], told.Where(one => one.Target.StartsWith("Cluster/", StringComparison.Ordinal) && !one.Statement.Contains("default_transaction_read_only", StringComparison.Ordinal)).Select(one => one.Statement));
        Assert.True(platform.Time.GetUtcNow() - before < TimeSpan.FromSeconds(20));
        Assert.Empty(platform.Active.Changes.Concat(platform.Standby.Changes));
    }

    // False when the run ends before that moment.
    private static async Task<bool> DiesAtAsync(int at)
    {
        using var platform = Platform();
        platform.Active.DatabaseFailure = TestSite.Down();
        (platform.ActiveIsGone, platform.MaxDataLoss) = (new Attestation("Head of Operations", "Its disk is destroyed."), TimeSpan.MaxValue);
        var crash = new Crash { At = at };
        try
        {
            await platform.Process(crash).BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        }
        catch (CrashException)
        {
            // As it should.
        }
        if (crash.Moments <= at)
        {
            return false;
        }
        DalpFailover ended;
        try
        {
            ended = await platform.Process(takeOver: true).ResumeAsync(Id, "promote", Token);
        }
        catch (DalpException exception) when (exception.ErrorId == "FailoverNotFound")
        {
            ended = await platform.Process(takeOver: true).BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        }
        Assert.True(ended.Steps.Single(step => step.Step == "promote").Outcome == FailoverOutcome.Succeeded, $"at {at}: {ended.StoppedBecause}");
        Assert.Single(platform.Active.Changes, "demote");
        Assert.Equal(["promote without token"], platform.Standby.Changes);
        return true;
    }

    // Its PostgreSQL is dead, and its operator too. Whoever promotes by hand is asked for ten minutes once the Cluster was told that it is a replica.
    private async Task<HandCrew> AskedForLongAsync(Action meanwhile)
    {
        (platform.Active.DatabaseFailure, platform.Active.OperatorIsDown) = (TestSite.Down(), true);
        Vouch();
        var crew = new HandCrew(platform) { Promotion = platform.Runbook.Promotion };
        await crew.RunAsync(new SuspendWrites());
        crew.OnAsked = () =>
        {
            if (platform.Active.Changes.Contains("demote"))
            {
                platform.Time.Advance(TimeSpan.FromMinutes(10));
                meanwhile();
            }
        };
        return crew;
    }

    // The database can be frozen by SQL, and its operator does nothing of what its Cluster is told.
    private void LetNobodyDemote() => (platform.Active.OperatorIsDown, platform.Active.Postgres) = (true, platform.Active.Postgres! with { AllowsAlterSystem = true });

    private void Vouch() => (platform.ActiveIsGone, platform.MaxDataLoss) = (new Attestation("Head of Operations", "Its disk is destroyed."), TimeSpan.MaxValue);

    private static DalpException Failing(string errorId, FaultKind kind) => new(errorId, kind, "It says that it serves nobody.", "See its log.", "pg");

    private static TestPlatform Platform()
    {
        var platform = new TestPlatform();
        platform.Active.Postgres = ClusterOf("pg-west", "pg-west");
        platform.Standby.Postgres = ClusterOf("pg-east", "pg-west");
        platform.Runbook = platform.Runbook with { Promotion = new PromotionProcedure(PromotionMethod.CloudNativePgDistributed) { ActiveCluster = "pg-west", StandbyCluster = "pg-east" } };
        return platform;
    }

    private static PostgresCluster ClusterOf(string name, string primary) => new()
    {
        Namespace = "dalp", Name = name, Version = "1", Primary = primary, SystemIdentifier = "7", Timeline = 1, Phase = PostgresCluster.HealthyPhase, Instances = 1, ReadyInstances = 1, IsReady = true,
    };

    /// <summary>The active site as a case finds it; public, as the data of a theory are.</summary>
    public sealed class GivenSite
    {
        private readonly TestPlatform platform;

        internal GivenSite(TestPlatform platform) => this.platform = platform;

        internal TestSite Active => platform.Active;

        internal TestSite AddReplica() => platform.AddReplica(platform.Active);
    }
}
