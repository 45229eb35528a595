using DalpHa.Core.Clusters;
using DalpHa.Core.Failover;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>Pods that do not go: they keep a step from being done, and no database from being frozen.</summary>
public sealed class HangingPodTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;

    public HangingPodTests() => crew = new HandCrew(platform);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task A_freeze_goes_on_to_the_database_and_is_not_done()
    {
        platform.Active.Hanging.Add("dapi");
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("freeze", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Outcome));
        Assert.Contains("Deployment/dapi", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.False(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_planned_one_lets_everybody_write_until_all_else_is_done()
    {
        platform.Kind = FailoverKind.Switchover;
        platform.Active.Hanging.Add("dapi");
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == "promote" ? step with { Manual = "Promote it." } : step)] };
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task An_isolation_freezes_and_fences_at_once_and_tells_what_hangs()
    {
        platform.Active.Postgres = new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1" };
        platform.Active.Hanging.Add("dapp");
        Assert.False(await crew.RunAsync(new IsolateStep()));
        Assert.True(platform.Active.IsReadOnly);
        Assert.Contains("fence True", platform.Active.Changes);
        Assert.Equal(FailoverOutcome.Incomplete, crew.Results.Single(result => result.Action == "Scale Deployment/dapp to 0").Outcome);
    }

    [Fact]
    public async Task Who_waits_for_a_site_freezes_it_before_it_waits_for_its_pods()
    {
        platform.Active.Hanging.Add("dapp");
        var (isFrozen, journal, until) = (false, crew.Journal(), platform.Time.GetUtcNow() + TimeSpan.FromHours(1));
        // What the dead node held goes when somebody deletes it.
        crew.OnShow = _ =>
        {
            isFrozen |= platform.Active.IsReadOnly;
            if (platform.Time.GetUtcNow() > until)
            {
                Assert.True(isFrozen);
                platform.Active.Hanging.Clear();
                platform.Active.SetPods();
            }
        };
        await using (journal)
        {
            await new SiteWatch(crew.World(), crew, HandCrew.Timeout, journal).IsolateAsync(TimeSpan.FromHours(3), Token);
        }
        Assert.True(isFrozen);
    }

    [Theory]
    [InlineData("validator")]
    [InlineData("dapi")]
    public async Task A_site_on_which_something_still_writes_or_signs_is_not_isolated(string name)
    {
        // A copy that somebody made of a pod, and a workload that is gone.
        platform.Active.Strays = [Given.Pod(name, 9)];
        platform.Active.Cluster.Workloads.RemoveAll(workload => workload.Name == name);
        platform.Active.SetPods();
        Assert.False(await crew.RunAsync(new IsolateStep()));
        var left = crew.Results[^1];
        Assert.Equal(("See that nothing writes or signs on west", FailoverOutcome.Incomplete), (left.Action, left.Outcome));
        Assert.Contains($"Pod/{name}-9 runs", left.Detail, StringComparison.Ordinal);
        // The rest is done.
        Assert.All(platform.Active.Cluster.Workloads, workload => Assert.Equal(0, workload.Desired));
        Assert.False(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_DaemonSet_that_signs_is_not_isolated_either()
    {
        platform.Active.Cluster.Workloads.Add(Given.Workload("validator", 1, kind: WorkloadKind.DaemonSet));
        platform.Active.SetPods();
        Assert.False(await crew.RunAsync(new IsolateStep()));
        Assert.Contains("DaemonSet/validator", crew.Results[^1].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workload_that_is_deleted_is_gone_when_its_pods_are()
    {
        var stop = await new StopWorkloads(new WorkloadChoice(["validator"]), HandCrew.Timeout).MeasureAsync(crew.World(), Token);
        platform.Active.Cluster.Workloads.RemoveAll(workload => workload.Name == "validator");
        var action = Assert.Single(stop.Stages.SelectMany(stage => stage));
        Assert.Equal(Sighting.NotYet("It is not there, and 4 pods of it."), await action.LookAsync(Token));
        platform.Active.SetPods();
        Assert.True((await action.LookAsync(Token)).Holds);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public async Task A_count_that_somebody_lowers_after_it_was_asked_for_is_enough_and_told_unless_it_is_none(int kept, bool isDone)
    {
        platform.Active.Cluster.Workloads[0] = platform.Active.Cluster.Workloads[0] with { Desired = 1, Ready = 1, Updated = 1 };
        var step = await new StartWorkloads(new WorkloadChoice(["dapp"]), 4, HandCrew.Timeout).MeasureAsync(crew.World(), Token);
        var start = Assert.Single(step.Stages.SelectMany(stage => stage));
        Assert.False((await start.LookAsync(Token)).Holds);
        await start.ActAsync(Token);
        platform.Active.Cluster.Workloads[0] = platform.Active.Cluster.Workloads[0] with { Desired = kept, Ready = kept, Updated = kept };
        var seen = await start.LookAsync(Token);
        Assert.Equal(isDone, seen.Holds);
        Assert.Equal(isDone, seen.Seen.Contains("4 were asked for, and somebody keeps it at 1 (an autoscaler?).", StringComparison.Ordinal));
    }
}
