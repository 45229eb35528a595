using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Tests.Failover;

/// <summary>Half of the active site answers: its cluster without its database, or its database without its cluster.</summary>
public sealed class SilentDatabaseTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;

    public SilentDatabaseTests() => crew = new HandCrew(platform);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Theory]
    [InlineData("DatabaseUnreachable", FaultKind.Unreachable, true)]
    [InlineData("DatabaseTimedOut", FaultKind.TimedOut, true)]
    [InlineData("DatabaseStarting", FaultKind.Unavailable, false)]
    [InlineData("DatabaseInCrashRecovery", FaultKind.Unavailable, false)]
    [InlineData("DatabaseOverloaded", FaultKind.Unavailable, false)]
    [InlineData("DatabaseShuttingDown", FaultKind.Unavailable, false)]
    [InlineData("DatabaseOutOfConnections", FaultKind.Unavailable, false)]
    [InlineData("DatabaseAuthenticationFailed", FaultKind.Unauthenticated, false)]
    public async Task A_database_that_does_not_answer_is_in_the_way_until_a_person_vouches_and_only_where_it_is_silent(string errorId, FaultKind kind, bool canBeVouched)
    {
        platform.Active.DatabaseFailure = Failure(errorId, kind);
        platform.MaxDataLoss = TimeSpan.MaxValue;
        Assert.Contains((await PlanAsync()).Blockers, blocker => blocker.StartsWith("freeze: ActiveFenced", StringComparison.Ordinal));
        var refused = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("freeze", FailoverOutcome.NotStarted), (refused.NextStep, refused.Outcome));

        platform.ActiveIsGone = new Attestation("Head of Operations", "Its disk is destroyed.");
        Assert.Equal(canBeVouched, (await PlanAsync()).IsReady);
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True((ended.Outcome == FailoverOutcome.Succeeded) == canBeVouched, ended.StoppedBecause);
        Assert.Equal(canBeVouched, platform.Standby.TakesWrites);
        // What answers is stopped and isolated as ever.
        Assert.Equal(canBeVouched, platform.Active.Cluster.Workloads.All(workload => workload.Desired == 0));
    }

    [Fact]
    public async Task One_that_comes_back_before_the_promotion_is_not_promoted_over()
    {
        platform.Active.DatabaseFailure = TestSite.Down();
        (platform.ActiveIsGone, platform.MaxDataLoss) = (new Attestation("Head of Operations", "Its disk is destroyed."), TimeSpan.MaxValue);
        platform.Crew.OnAsked = step => platform.Active.DatabaseFailure = step == "confirm" ? null : platform.Active.DatabaseFailure;
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Contains("ActiveFenced", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);
    }

    [Fact]
    public async Task A_Cluster_that_is_fenced_and_stopped_counts_as_frozen()
    {
        platform.Active.Postgres = new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1", FencedInstances = ["*"] };
        foreach (var ready in new[] { 0, 1 })
        {
            platform.Active.Postgres = platform.Active.Postgres with { ReadyInstances = ready };
            var step = await new FreezeStep().MeasureAsync(crew.World(), Token);
            Assert.DoesNotContain(step.Stages.SelectMany(stage => stage), action => action.Name.StartsWith("Freeze writes", StringComparison.Ordinal));
            // An operator that is down stops nothing.
            var expected = ready == 0 ? CheckStatus.Pass : CheckStatus.Unknown;
            Assert.Equal(expected, step.Preconditions.Single(one => one.Name == "ActiveFenced").Finding.Status);
            Assert.Equal(expected, (await new ManualStep("traffic").MeasureAsync(crew.World(), Token)).Preconditions.Single(one => one.Finding.Target == "pg").Finding.Status);
        }
    }

    [Theory]
    [InlineData("DatabaseStarting")]
    [InlineData("DatabaseInCrashRecovery")]
    public async Task One_that_comes_up_is_no_silence_for_a_word_and_is_frozen_when_it_answers(string errorId)
    {
        // Silent when the plan is made, and its region has power again when the standby is about to be promoted.
        platform.Active.DatabaseFailure = TestSite.Down();
        (platform.ActiveIsGone, platform.MaxDataLoss) = (new Attestation("Head of Operations", "Its disk is destroyed."), TimeSpan.MaxValue);
        platform.Crew.OnAsked = step => platform.Active.DatabaseFailure = step == "confirm" ? Failure(errorId, FaultKind.Unavailable) : platform.Active.DatabaseFailure;
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.StartsWith("ActiveFenced: comes up", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains("Wait until pg answers", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);

        platform.Crew.OnAsked = null;
        platform.Active.DatabaseFailure = null;
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Contains("readonly True", platform.Active.Changes);
    }

    [Theory]
    [InlineData("DatabaseStarting", FaultKind.Unavailable)]
    [InlineData("DatabaseInCrashRecovery", FaultKind.Unavailable)]
    [InlineData("DatabaseShuttingDown", FaultKind.Unavailable)]
    [InlineData("DatabaseOutOfConnections", FaultKind.Unavailable)]
    [InlineData("DatabaseOverloaded", FaultKind.Unavailable)]
    [InlineData("DatabaseAuthenticationFailed", FaultKind.Unauthenticated)]
    public async Task A_fenced_Cluster_whose_PostgreSQL_says_a_word_is_not_stopped(string errorId, FaultKind kind)
    {
        platform.Active.Postgres = new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1", FencedInstances = ["*"], ReadyInstances = 0 };
        platform.Active.DatabaseFailure = Failure(errorId, kind);
        var step = await new FreezeStep().MeasureAsync(crew.World(), Token);
        Assert.Equal(CheckStatus.Unknown, step.Preconditions.Single(one => one.Name == "ActiveFenced").Finding.Status);
    }

    [Fact]
    public async Task A_database_that_writes_while_its_cluster_is_silent_is_frozen_on_the_word_for_its_writers()
    {
        platform.Active.Cluster.Down = TestSite.Down();
        Assert.Equal("freeze", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        Assert.True(platform.Active.TakesWrites);

        platform.ActiveIsGone = new Attestation("Head of Operations", "Its pods have no network.");
        var failover = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Equal("isolate", failover.NextStep);
        Assert.Contains("readonly True", platform.Active.Changes);
        Assert.True(platform.Standby.TakesWrites);
    }

    [Fact]
    public async Task By_hand_it_is_frozen_without_a_word_and_the_step_is_not_done()
    {
        platform.Active.Cluster.Down = TestSite.Down();
        Assert.False(await FreezeByHandAsync());
        Assert.False(platform.Active.TakesWrites);
        Assert.Equal([("Freeze writes on pg", FailoverOutcome.Succeeded), ("Stop the writers of west", FailoverOutcome.NotStarted)], crew.Results.Select(result => (result.Action, result.Outcome)));

        platform.Active.SetDown(true);
        var unmet = await Assert.ThrowsAsync<DalpException>(FreezeByHandAsync);
        Assert.Equal("PreconditionUnmet", unmet.ErrorId);
        // What it does not take is not advised.
        Assert.DoesNotContain("-ActiveIsGone", unmet.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task By_hand_writers_are_stopped_also_where_the_database_is_silent()
    {
        platform.Active.DatabaseFailure = TestSite.Down();
        Assert.False(await FreezeByHandAsync());
        Assert.Equal(["scale dapi 0", "scale signer 0"], platform.Active.Changes.Order());
        Assert.Equal(("Freeze writes on pg", FailoverOutcome.NotStarted), (crew.Results[^1].Action, crew.Results[^1].Outcome));
    }

    [Fact]
    public async Task There_is_a_plan_whenever_the_database_goes_silent_while_it_is_made()
    {
        for (var at = 1; at <= 25; at++)
        {
            var reached = 0;
            platform.Active.DatabaseFailure = null;
            platform.Active.OnReached = () => platform.Active.DatabaseFailure = ++reached >= at ? TestSite.Down() : null;
            Assert.Equal(8, (await PlanAsync()).Steps.Count);
        }
    }

    private static DalpException Failure(string errorId, FaultKind kind) => new(errorId, kind, "It does not answer.", "See its log.", "pg");

    private Task<DalpFailoverPlan> PlanAsync() => new FailoverRehearsal(platform.RehearsedWorld(_ => { })).PlanAsync(Id, Token);

    private Task<bool> FreezeByHandAsync() => crew.RunAsync(new SuspendWrites());
}
