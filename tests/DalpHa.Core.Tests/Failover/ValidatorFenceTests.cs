using DalpHa.Core.Failover;
using DalpHa.Core.Tests.Readiness;

namespace DalpHa.Core.Tests.Failover;

/// <summary>The former validators sign no more before the standby's do: seen where the former site answers, whoever vouches.</summary>
public sealed class ValidatorFenceTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task They_are_stopped_before_anybody_is_asked_to_start_those_of_the_standby()
    {
        var running = new List<int>();
        platform.Crew.OnAsked = step => running.AddRange(step == "validators" ? [RunningValidators] : []);
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(failover.Outcome == FailoverOutcome.Succeeded, failover.StoppedBecause);
        // He agrees that they are stopped, and vouches for the rest.
        Assert.Equal([4, 0], running);
    }

    [Theory]
    [InlineData("validators")]
    [InlineData("traffic")]
    [InlineData("validate")]
    public async Task A_word_does_not_count_against_what_is_seen(string step)
    {
        platform.Active.SetDown(true);
        (platform.ActiveIsGone, platform.MaxDataLoss) = (new Attestation("Head of Operations", "It is without power."), TimeSpan.MaxValue);
        platform.Crew.OnAsked = asked => ComeBack(when: asked == step);
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal((step, FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Steps[^1].Outcome));
        Assert.Contains("StatefulSet/validator runs", stopped.StoppedBecause, StringComparison.Ordinal);

        // Whoever goes on stops them first of all.
        platform.Crew.OnAsked = asked => Assert.True(asked == "freeze" || RunningValidators == 0, $"They run when '{asked}' is asked for.");
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
    }

    [Fact]
    public async Task What_was_vouched_for_earlier_is_not_passed_over_while_they_run()
    {
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "validators", Token);
        // They start again after the freeze of the resumption has seen none.
        var looks = 0;
        platform.Active.OnReached = () => looks++;
        platform.Standby.OnReached = () => StartValidators(when: looks > 0);
        var stopped = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Contains("StatefulSet/validator runs", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.DoesNotContain("traffic", platform.Crew.Asked);
    }

    [Fact]
    public async Task A_pod_that_no_workload_owns_signs_as_well()
    {
        platform.Active.Strays = [Given.Pod("validator", 9)];
        platform.Active.Cluster.Workloads.RemoveAll(workload => workload.Name == "validator");
        platform.Active.SetPods();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("validators", stopped.NextStep);
        Assert.Contains("Pod/validator-9 runs", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Single(platform.Crew.Asked, asked => asked == "validators");
    }

    private int RunningValidators => platform.Active.Cluster.Workloads.Single(workload => workload.Name == "validator").Desired;

    // A former primary that comes back is another test's.
    private void ComeBack(bool when)
    {
        if (when)
        {
            platform.Active.IsReadOnly = true;
            platform.Active.Cluster.Workloads = [.. platform.Active.Cluster.Workloads.Select(workload => workload.Name is "dapi" or "signer" ? workload with { Desired = 0, Ready = 0 } : workload)];
            platform.Active.SetPods();
            platform.Active.SetDown(false);
        }
    }

    private void StartValidators(bool when)
    {
        if (when)
        {
            platform.Active.Cluster.Workloads = [.. platform.Active.Cluster.Workloads.Select(workload => workload.Name == "validator" ? workload with { Desired = 4, Ready = 4 } : workload)];
            platform.Active.SetPods();
        }
    }
}
