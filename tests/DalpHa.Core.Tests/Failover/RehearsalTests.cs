using System.Text.Json;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Simulation;

namespace DalpHa.Core.Tests.Failover;

/// <summary>A plan: what a failover would do, told by its own recipes.</summary>
public sealed class RehearsalTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();
    private readonly List<ToldWrite> told = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Theory]
    [InlineData(FailoverKind.Failover)]
    [InlineData(FailoverKind.Switchover)]
    [InlineData(FailoverKind.Drill)]
    public async Task A_plan_of_two_sites_that_are_well_is_ready_and_sends_nothing(FailoverKind kind)
    {
        platform.Kind = kind;
        var begun = platform.Time.GetUtcNow();
        var plan = await PlanAsync();
        Assert.True(plan.IsReady, string.Join('\n', plan.Blockers));
        // Nobody waits for the silence of a database that was only told to be frozen.
        Assert.True(platform.Time.GetUtcNow() - begun < TimeSpan.FromSeconds(1), $"it took {platform.Time.GetUtcNow() - begun}");
        Assert.Equal((kind, TimeSpan.Zero, 0L), (plan.Kind, plan.LossTime, plan.LossBytes));
        Assert.NotEmpty(told);
        Assert.Empty(platform.Active.Changes.Concat(platform.Standby.Changes));
    }

    [Theory]
    [InlineData(FailoverKind.Failover)]
    [InlineData(FailoverKind.Switchover)]
    public async Task A_freeze_that_people_do_is_assumed_and_said_to_be(FailoverKind kind)
    {
        platform.Kind = kind;
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == "freeze" ? step with { Manual = "Ask the provider." } : step)] };
        var plan = await PlanAsync();
        Assert.True(plan.IsReady, string.Join('\n', plan.Blockers));
        Assert.Equal("Ask the provider. What follows assumes that it is done.", plan.Steps[0].Measured);
        var promote = plan.Steps.Single(step => step.Step == "promote");
        Assert.Contains(promote.Preconditions, precondition => precondition is { Name: "ActiveFenced", Finding.Status: CheckStatus.Warn } && precondition.Finding.Detail.Contains("assumed", StringComparison.Ordinal));

        // A failover itself assumes nothing.
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Contains("ActiveFenced", stopped.StoppedBecause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_promotion_that_people_do_is_assumed_and_what_follows_is_rehearsed()
    {
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == "promote" ? step with { Manual = "Ask the provider." } : step)] };
        var plan = await PlanAsync();
        Assert.True(plan.IsReady, string.Join('\n', plan.Blockers));
        Assert.Equal("Ask the provider. What follows assumes that it is done.", plan.Steps.Single(step => step.Step == "promote").Measured);
        Assert.Contains(plan.Steps.Single(step => step.Step == "workloads").Actions, action => action.IsNeeded);

        // A failover itself assumes nothing.
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("workloads", stopped.NextStep);
        Assert.Contains("DatabaseTakesWrites", stopped.StoppedBecause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_not_be_seen_is_assumed_of_nobody()
    {
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == "freeze" ? step with { Manual = "Ask the provider." } : step)] };
        platform.Active.SetDown(true);
        Assert.Contains((await PlanAsync()).Blockers, blocker => blocker.StartsWith("promote: ActiveFenced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_site_that_is_gone_is_isolated_later_and_the_plan_is_ready_without_it()
    {
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Jane Doe", "the provider says so");
        platform.MaxDataLoss = TimeSpan.MaxValue;
        var plan = await PlanAsync();
        Assert.True(plan.IsReady, string.Join('\n', plan.Blockers));
        Assert.StartsWith("isolate: ActiveReachable", Assert.Single(plan.Deferred), StringComparison.Ordinal);
        Assert.False(plan.Steps[^1].IsReady);
    }

    [Fact]
    public async Task A_plan_is_run_with_what_it_rests_on_said_anew()
    {
        (await PlanAsync()).RequireAffirmed(null, null);
        (await PlanAsync()).RequireAffirmed(TimeSpan.FromMinutes(5), new Attestation("Jane Doe", "the provider says so"));

        platform.ActiveIsGone = new Attestation("Jane Doe", "the provider says so");
        platform.MaxDataLoss = TimeSpan.FromMinutes(5);
        var plan = await PlanAsync();
        plan.RequireAffirmed(TimeSpan.FromMinutes(5), new Attestation("Joe Bloggs", "I stand before it"));
        var missing = Assert.Throws<DalpException>(() => plan.RequireAffirmed(null, null));
        Assert.Equal("FailoverPlanNotAffirmed", missing.ErrorId);
        Assert.Contains("-MaxDataLoss 00:05:00 and -ActiveIsGone 'Jane Doe: the provider says so'", missing.Message, StringComparison.Ordinal);
        missing = Assert.Throws<DalpException>(() => plan.RequireAffirmed(TimeSpan.FromMinutes(10), platform.ActiveIsGone));
        Assert.Contains("rests on -MaxDataLoss 00:05:00, and the run does not", missing.Message, StringComparison.Ordinal);

        platform.MaxDataLoss = TimeSpan.MaxValue;
        plan = await PlanAsync();
        missing = Assert.Throws<DalpException>(() => plan.RequireAffirmed(null, platform.ActiveIsGone));
        Assert.Contains("-MaxDataLoss ([timespan]::MaxValue)", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_planned_hand_over_from_a_site_that_does_not_answer_is_a_plan_that_says_why_not()
    {
        platform.Kind = FailoverKind.Switchover;
        platform.Active.SetDown(true);
        var plan = await PlanAsync();
        Assert.Contains(plan.Blockers, blocker => blocker.StartsWith("freeze: BothSitesWell", StringComparison.Ordinal) && blocker.Contains("(also confirm, promote", StringComparison.Ordinal));
        Assert.Distinct(plan.Blockers.Select(blocker => blocker[(blocker.IndexOf(':', StringComparison.Ordinal) + 1)..]));
        Assert.Empty(plan.Steps.Single(step => step.Step == "promote").Actions);
    }

    [Fact]
    public async Task What_a_freeze_would_not_hold_for_is_said_before_anybody_is_stopped_for_it()
    {
        platform.Active.Overrides = ["role dalp"];
        platform.Active.PreparedTransactions = 2;
        var blockers = (await PlanAsync()).Blockers;
        Assert.Contains(blockers, blocker => blocker.StartsWith("freeze: FreezeHolds: west pg: role dalp may write in spite of it", StringComparison.Ordinal));
        Assert.Contains(blockers, blocker => blocker.StartsWith("freeze: FreezeHolds: west pg: 2 prepared transactions", StringComparison.Ordinal));

        // The active site is failing: a transaction that is waited for is no reason not to begin.
        (platform.Active.Overrides, platform.Active.PreparedTransactions) = ([], 0);
        platform.Active.LeftAlone.Add(new OpenTransaction(7, "postgres", "pg_dump", DateTimeOffset.UnixEpoch.AddHours(-1), IsOlder: false));
        Assert.True((await PlanAsync()).IsReady);
    }

    [Fact]
    public async Task Two_sites_that_both_take_writes_are_never_called_ready_and_their_loss_never_known()
    {
        platform.OnChange = () => { };
        platform.Standby.IsInRecovery = false;
        var plan = await PlanAsync();
        Assert.Contains(plan.Blockers, blocker => blocker.StartsWith("freeze: OneSiteWrites: west pg: pg and pg both take writes", StringComparison.Ordinal));
        Assert.Equal((null, null), (plan.LossTime, plan.LossBytes));
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("freeze", FailoverOutcome.NotStarted), (stopped.NextStep, stopped.Outcome));
        Assert.Contains("Suspend-DalpWrite", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Active.Changes);

        // A bound on the loss says nothing about what nobody has measured.
        platform.MaxDataLoss = TimeSpan.FromDays(1);
        Assert.False((await PlanAsync()).IsReady);
        platform.MaxDataLoss = TimeSpan.MaxValue;
        plan = await PlanAsync();
        Assert.True(plan.IsReady, string.Join('\n', plan.Blockers));
        Assert.Null(plan.LossTime);
        Assert.Contains(plan.Steps[0].Preconditions, one => one is { Name: "OneSiteWrites", Finding.Status: CheckStatus.Warn } && one.Finding.Detail.Contains("is lost", StringComparison.Ordinal));

        // Nobody may say so of a planned one: it would freeze the one and call the other promoted.
        (platform.MaxDataLoss, platform.Kind) = (null, FailoverKind.Switchover);
        Assert.Contains(
            (await PlanAsync()).Blockers, blocker => blocker.StartsWith("freeze: OneSiteWrites", StringComparison.Ordinal) && blocker.Contains("(also confirm, promote", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_former_active_site_that_comes_back_writing_is_stopped_by_whoever_resumes_and_who_freezes_by_hand_is_not_kept_from_it()
    {
        Assert.Equal("workloads", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token)).NextStep);
        platform.OnChange = () => { };
        platform.Active.IsReadOnly = false;
        Assert.DoesNotContain((await new SuspendWrites().MeasureAsync(platform.World(), Token)).Preconditions, one => one.Name == "OneSiteWrites");
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.False(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_plan_says_the_same_after_it_was_kept_as_JSON()
    {
        var plan = await PlanAsync();
        var steps = JsonSerializer.Deserialize<IReadOnlyList<DalpPlanStep>>(JsonSerializer.Serialize(plan.Steps))!;
        Assert.Equal(JsonSerializer.Serialize(plan.Steps), JsonSerializer.Serialize(steps));
        var read = plan with { Steps = steps };
        Assert.Empty(plan.ChangesSince(read).Concat(read.ChangesSince(plan)));
        Assert.Equal((plan.IsReady, plan.Steps[2].CanBeUndone, plan.Steps[2].Expected), (read.IsReady, read.Steps[2].CanBeUndone, read.Steps[2].Expected));

        platform.Active.Cluster.Workloads = [.. platform.Active.Cluster.Workloads.Select(workload => workload.Name == "dapi" ? workload with { Desired = 0, Ready = 0 } : workload)];
        platform.Active.SetPods();
        Assert.Contains("freeze: already done: Scale Deployment/dapi to 0", (await PlanAsync()).ChangesSince(read));
    }

    [Fact]
    public async Task A_rehearsed_run_ends_with_the_step_that_it_is_asked_for()
    {
        Assert.Empty(await RunAsync(null));
        var whole = told.ToList();
        Assert.Contains(whole, write => write.Statement.Contains("pg_promote", StringComparison.Ordinal));

        Assert.Empty(await RunAsync("confirm"));
        Assert.NotEmpty(told);
        Assert.Equal(whole[..told.Count], told);
        Assert.DoesNotContain(told, write => write.Statement.Contains("pg_promote", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_rehearsed_run_tells_nothing_of_a_step_that_would_not_be_begun_nor_of_what_follows_it()
    {
        await RunAsync("confirm");
        var before = told.ToList();
        platform.MissingBytes = 4096;
        platform.MaxDataLoss = TimeSpan.FromMinutes(1);
        var ends = await RunAsync(null);
        Assert.StartsWith("In the way of confirm: LossAccepted", ends[0], StringComparison.Ordinal);
        Assert.StartsWith("Neither 'confirm' nor anything after it would be begun", ends[^1], StringComparison.Ordinal);
        Assert.Equal(before, told);
        Assert.Empty(await RunAsync("freeze"));
    }

    [Fact]
    public async Task A_rehearsed_run_past_a_site_that_is_gone_says_that_it_is_isolated_later()
    {
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Jane Doe", "the provider says so");
        platform.MaxDataLoss = TimeSpan.MaxValue;
        Assert.StartsWith("Not yet: isolate: ActiveReachable", Assert.Single(await RunAsync(null)), StringComparison.Ordinal);
        Assert.Empty(await RunAsync("validate"));
    }

    private Task<IReadOnlyList<string>> RunAsync(string? until)
    {
        told.Clear();
        return new FailoverRehearsal(platform.RehearsedWorld(told.Add)).RunAsync(until, told, Token);
    }

    private Task<DalpFailoverPlan> PlanAsync() => new FailoverRehearsal(platform.RehearsedWorld(told.Add)).PlanAsync(Id, Token);
}
