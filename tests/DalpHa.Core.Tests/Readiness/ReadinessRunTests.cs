using System.Runtime.CompilerServices;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Readiness.Checks;

namespace DalpHa.Core.Tests.Readiness;

public sealed class ReadinessRunTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_dead_active_site_leaves_the_standbys_answers()
    {
        var given = new Given();
        given.Active.Down = Given.Unreachable();

        var results = await given.Run();

        Assert.Equal(CheckStatus.Pass, Assert.Single(results, result => result is { Check: "ApiReachable", Site: "central" }).Status);
        Assert.Contains(results, result => result is { Check: "Restarts", Site: "central", Status: CheckStatus.Pass });
        Assert.Contains(results, result => result is { Check: "ActiveServing", Site: "west", Status: CheckStatus.Unknown, Observed: "unreachable" });
        Assert.Contains(results, result => result is { Check: "ImageParity", Site: "west", Status: CheckStatus.Unknown, Remediation: "Look at the network." });
        Assert.Equal(ReadinessChecks.All.Count, results.Select(result => result.Check).Distinct().Count());
        Assert.Equal(Verdict.Unknown, VerdictRule.Decide("p", results, [], TimeSpan.Zero, Given.Now).Verdict);
    }

    [Fact]
    public async Task A_site_that_could_not_be_opened_is_unknown_with_the_reason()
    {
        var given = new Given { ActiveOpenFailure = new DalpException("ContextNotFound", FaultKind.InvalidInput, "No such context.", "kubectl config get-contexts", "dalp-west") };

        var results = await given.Run("ApiReachable");

        Assert.Contains(results, result => result is { Site: "west", Target: "dalp-west", Status: CheckStatus.Unknown, Detail: "No such context." });
    }

    [Fact]
    public async Task A_hung_site_ends_at_the_deadline_and_does_not_delay_the_other()
    {
        var given = new Given();
        given.Active.Hung.Add("*");
        var context = given.Context();
        var run = new ReadinessRun(context, TimeSpan.FromSeconds(30));
        var results = new List<DalpCheckResult>();
        await using var findings = run.RunAsync([new RestartsCheck(), new ImageParityCheck()], TestContext.Current.CancellationToken).GetAsyncEnumerator();

        Assert.True(await findings.MoveNextAsync().AsTask().WaitAsync(Bound));
        Assert.Equal(("central", CheckStatus.Pass), (findings.Current.Site, findings.Current.Status));

        var next = findings.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        string[] asked = ["cronjobs", "pods", "workloads"];
        for (var waited = 0; waited < 500 && asked.Except(context.Active.PendingReads).Any(); waited++)
        {
            await Task.Delay(10);
        }
        given.Time.Advance(TimeSpan.FromSeconds(31));
        while (await next.WaitAsync(Bound))
        {
            results.Add(findings.Current);
            next = findings.MoveNextAsync().AsTask();
        }
        Assert.Equal(["ImageParity", "Restarts"], results.Select(result => result.Check).Order());
        Assert.All(results, result => Assert.Equal(("west", CheckStatus.Unknown), (result.Site, result.Status)));
        Assert.Contains(results, result => result.Detail.Contains("pods"));
    }

    [Fact]
    public async Task A_check_that_ignores_its_token_a_defect_and_a_silent_check_are_unknown_and_the_rest_goes_on()
    {
        var given = new Given();
        var run = new ReadinessRun(given.Context(), TimeSpan.FromMilliseconds(200));
        var results = new List<DalpCheckResult>();
        await using var findings = run.RunAsync([new Odd("Deaf", Deaf), new Odd("Broken", Broken), new Odd("Silent", Silent), new RestartsCheck()], default).GetAsyncEnumerator();
        // All but the deaf one answer before any time has passed: one finding each, and one of each site.
        while (results.Count < 4)
        {
            Assert.True(await findings.MoveNextAsync().AsTask().WaitAsync(Bound));
            results.Add(findings.Current);
        }
        given.Time.Advance(TimeSpan.FromMilliseconds(250));
        while (await findings.MoveNextAsync().AsTask().WaitAsync(Bound))
        {
            results.Add(findings.Current);
        }

        Assert.Equal(3, results.Count(result => result.Status == CheckStatus.Unknown));
        Assert.Contains("late", results.Single(result => result.Check == "Deaf").Observed);
        Assert.Contains("made a mistake", results.Single(result => result.Check == "Broken").Detail);
        Assert.Equal("no finding", results.Single(result => result.Check == "Silent").Observed);
    }

    [Fact]
    public async Task Cancelling_ends_the_run()
    {
        var given = new Given();
        given.Active.Hung.Add("*");
        using var stop = new CancellationTokenSource();
        var reading = Collect(new ReadinessRun(given.Context(), TimeSpan.FromHours(1)).RunAsync(ReadinessChecks.All, stop.Token));

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Bound));
    }

    [Fact]
    public async Task A_missing_namespace_fails_and_hides_nothing()
    {
        var given = new Given();
        given.Standby.HasNamespace = false;
        given.Standby.Workloads.Clear();
        given.Standby.Pods.Clear();

        var results = await given.Run();

        Assert.Contains(results, result => result is { Check: "ApiReachable", Target: "Namespace/dalp", Status: CheckStatus.Fail });
        Assert.Contains(results, result => result is { Check: "StandbyWorkloads", Site: "central", Status: CheckStatus.Unknown, Observed: "not found" });
    }

    [Fact]
    public async Task A_forbidden_list_is_unknown_not_empty()
    {
        var given = new Given();
        given.Standby.Failures["configmaps"] = new DalpException("Forbidden", FaultKind.Forbidden, "may not list configmaps", "Grant it.", "configmaps");

        var result = Assert.Single(await given.Run("ConfigMapParity"));

        Assert.Equal((CheckStatus.Unknown, "central", "not allowed to look", "Grant it."), (result.Status, result.Site, result.Observed, result.Remediation));
    }

    private static async Task<List<DalpCheckResult>> Collect(IAsyncEnumerable<DalpCheckResult> results)
    {
        var list = new List<DalpCheckResult>();
        await foreach (var result in results)
        {
            list.Add(result);
        }
        return list;
    }

    private static async IAsyncEnumerable<Finding> Deaf([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await new TaskCompletionSource().Task;
        yield break;
    }

    private static async IAsyncEnumerable<Finding> Broken([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        throw new InvalidOperationException("made a mistake");
#pragma warning disable CS0162 // An iterator needs a yield.
        yield break;
#pragma warning restore CS0162
    }

    private static async IAsyncEnumerable<Finding> Silent([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        yield break;
    }

    private sealed class Odd(string name, Func<CancellationToken, IAsyncEnumerable<Finding>> run) : IReadinessCheck
    {
        public string Name => name;

        public string Description => name;

        public IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, CancellationToken cancellationToken) => run(cancellationToken);
    }
}
