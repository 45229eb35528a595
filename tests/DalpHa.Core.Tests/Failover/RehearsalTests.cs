using System.Text.Json;
using DalpHa.Core.Failover;
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
        var plan = await PlanAsync();
        Assert.True(plan.IsReady, string.Join('\n', plan.Blockers));
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
    public async Task What_can_not_be_seen_is_assumed_of_nobody()
    {
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == "freeze" ? step with { Manual = "Ask the provider." } : step)] };
        platform.Active.SetDown(true);
        Assert.Contains((await PlanAsync()).Blockers, blocker => blocker.StartsWith("promote: ActiveFenced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_planned_hand_over_from_a_site_that_does_not_answer_is_a_plan_that_says_why_not()
    {
        platform.Kind = FailoverKind.Switchover;
        platform.Active.SetDown(true);
        var plan = await PlanAsync();
        Assert.Contains(plan.Blockers, blocker => blocker.StartsWith("promote: BothSitesWell", StringComparison.Ordinal));
        Assert.Empty(plan.Steps.Single(step => step.Step == "promote").Actions);
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
        Assert.Contains("freeze: no longer to do: Scale Deployment/dapi to 0", (await PlanAsync()).ChangesSince(read));
    }

    private Task<DalpFailoverPlan> PlanAsync() => new FailoverRehearsal(platform.RehearsedWorld(told.Add)).PlanAsync(Id, Token);
}
