using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Simulation;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>What starts by the clock: it is suspended with its site, and comes back as it was.</summary>
public sealed class CronJobTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;

    public CronJobTests() => crew = new HandCrew(platform);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task A_freeze_suspends_what_writes_by_the_clock_and_the_way_back_resumes_just_that()
    {
        platform.Active.Cluster.CronJobs = [CronJob("sweep", "signer"), CronJob("nightly", "dapi", isSuspended: true), CronJob("report", "dapp")];
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.Contains(crew.Results, result => result is { Action: "Suspend CronJob/sweep", Outcome: FailoverOutcome.Succeeded, HasActed: true });
        Assert.Contains(crew.Results, result => result is { Action: "Suspend CronJob/nightly", Outcome: FailoverOutcome.Succeeded, HasActed: false });
        Assert.Equal([("sweep", true, true), ("nightly", true, false), ("report", false, false)], CronJobs());

        Assert.True(await crew.RunAsync(new ResumeWrites(HandCrew.Timeout)));
        Assert.Equal([("sweep", false, false), ("nightly", true, false), ("report", false, false)], CronJobs());
    }

    [Fact]
    public async Task An_isolation_suspends_all_that_a_rule_chooses_and_its_way_back_resumes_just_that()
    {
        platform.Active.Cluster.CronJobs = [CronJob("sweep", "signer"), CronJob("nightly", "dapi", isSuspended: true), CronJob("report", "dapp"), CronJob("anothers", "billing")];
        Assert.True(await crew.RunAsync(new IsolateStep()));
        Assert.Equal([("sweep", true, true), ("nightly", true, false), ("report", true, true), ("anothers", false, false)], CronJobs());
        Assert.True(await crew.RunAsync(new Unprotect(HandCrew.Timeout)));
        Assert.Equal([("sweep", false, false), ("nightly", true, false), ("report", false, false), ("anothers", false, false)], CronJobs());
    }

    [Fact]
    public async Task One_whose_pods_alone_carry_the_labels_of_a_rule_belongs_to_it()
    {
        platform.Active.Cluster.CronJobs = [CronJob("sweep", "signer") with { Labels = new Dictionary<string, string> { ["team"] = "chain" } }];
        Assert.Equal(CheckStatus.Fail, (await WritersAsync(crew.World())).Status);
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.Equal([("sweep", true, true)], CronJobs());
        Assert.Equal(CheckStatus.Pass, (await WritersAsync(crew.World())).Status);
    }

    [Fact]
    public async Task What_is_stopped_and_started_by_name_is_suspended_and_resumed_and_what_another_suspended_is_told()
    {
        platform.Active.Cluster.CronJobs = [CronJob("sweep", "signer"), CronJob("sweep-old", "signer", isSuspended: true)];
        Assert.True(await crew.RunAsync(new StopWorkloads(new WorkloadChoice(["signer"]), HandCrew.Timeout)));
        Assert.Equal([("sweep", true, true), ("sweep-old", true, false)], CronJobs());
        Assert.True(await crew.RunAsync(new StartWorkloads(new WorkloadChoice(["CronJob/sweep*"]), null, HandCrew.Timeout)));
        Assert.Equal([("sweep", false, false), ("sweep-old", true, false)], CronJobs());
        Assert.Contains(crew.Warnings, warning => warning.Contains("CronJob/sweep-old: stays suspended", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Job_that_runs_is_left_to_end_and_named_and_the_database_is_frozen_all_the_same()
    {
        platform.Active.Cluster.CronJobs = [CronJob("sweep", "signer") with { ActiveJobs = ["sweep-29312345"] }];
        Assert.False(await crew.RunAsync(new SuspendWrites()));
        Assert.False(platform.Active.TakesWrites);
        var left = crew.Results.Single(result => result.Action == "Suspend CronJob/sweep");
        Assert.Equal(FailoverOutcome.Incomplete, left.Outcome);
        Assert.Contains("Let Job/sweep-29312345 end, or end it: kubectl --context dalp-west -n dalp delete job sweep-29312345.", left.Detail, StringComparison.Ordinal);
        Assert.Equal([("sweep", true, true)], CronJobs());

        // It ends, and the freeze is taken up again.
        platform.Active.Cluster.CronJobs = [.. platform.Active.Cluster.CronJobs.Select(one => one with { ActiveJobs = [] })];
        crew.Results.Clear();
        Assert.True(await crew.RunAsync(new SuspendWrites()));
    }

    [Fact]
    public async Task A_pod_that_its_controller_does_not_count_yet_is_waited_for_too()
    {
        platform.Active.Cluster.CronJobs = [CronJob("sweep", "signer", isSuspended: true)];
        platform.Active.Strays = [Given.Pod("signer", 7) with { Owner = "Job/sweep-29312345" }];
        platform.Active.SetPods();
        Assert.False(await crew.RunAsync(new SuspendWrites()));
        Assert.Contains("Job/sweep-29312345", crew.Results.Single(result => result.Action == "Suspend CronJob/sweep").Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Job/migrate", "Job/migrate runs", "kubectl --context dalp-west -n dalp delete job migrate")]
    [InlineData("Job/sweep-29312345", "Job/sweep-29312345 runs", "kubectl --context dalp-west -n dalp delete job sweep-29312345")]
    [InlineData(null, "Pod/dapi-7 runs", "kubectl --context dalp-west -n dalp delete pod dapi-7")]
    [InlineData("Rollout.argoproj.io/dapi", "Rollout.argoproj.io/dapi runs", "Stop Rollout.argoproj.io/dapi")]
    public async Task What_no_workload_keeps_is_told_by_what_keeps_it_with_what_ends_it(string? owner, string observed, string remedy)
    {
        await crew.RunAsync(new SuspendWrites());
        platform.Active.Cluster.Workloads.RemoveAll(workload => workload.Name == "dapi");
        platform.Active.Strays = [Given.Pod("dapi", 7) with { Owner = owner }];
        platform.Active.SetPods();
        var finding = await WritersAsync(crew.World());
        Assert.Equal((CheckStatus.Fail, observed), (finding.Status, finding.Observed));
        Assert.Contains(remedy, finding.Remediation, StringComparison.Ordinal);
        Assert.DoesNotContain("Suspend-DalpWrite", finding.Remediation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_count_that_rose_again_is_told_as_somebody_elses()
    {
        platform.Active.Cluster.CronJobs = [CronJob("sweep", "signer")];
        await crew.RunAsync(new SuspendWrites());
        platform.Active.Cluster.Workloads[1] = platform.Active.Cluster.Workloads[1] with { Desired = 2 };
        platform.Active.Cluster.CronJobs = [.. platform.Active.Cluster.CronJobs.Select(one => one with { IsSuspended = false })];
        platform.Active.SetPods();
        var finding = await WritersAsync(crew.World());
        Assert.Equal("CronJob/sweep (not suspended), Deployment/dapi run", finding.Observed);
        Assert.Contains("Deployment/dapi was stopped, and something or somebody (an autoscaler, GitOps) has set it back since: pause that first.", finding.Remediation, StringComparison.Ordinal);
        Assert.Contains("CronJob/sweep was stopped, and something", finding.Remediation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CronJobs_that_may_not_be_listed_are_unknown_and_no_word_counts_for_them()
    {
        platform.Active.Cluster.Failures["cronjobs"] = new DalpException("ApiForbidden", FaultKind.Forbidden, "You may not list cronjobs.batch.", "Grant it.", "cronjobs.batch");
        platform.ActiveIsGone = new Attestation("Ann", "I saw it off.");
        var finding = await WritersAsync(crew.World());
        Assert.Equal((CheckStatus.Unknown, "Grant it."), (finding.Status, finding.Remediation));
    }

    [Fact]
    public async Task A_failover_suspends_them_there_and_resumes_here_what_ran_there()
    {
        platform.Active.Cluster.CronJobs = [CronJob("report", "dapi"), CronJob("off", "dapi", isSuspended: true), CronJob("keys", "validator")];
        platform.Standby.Cluster.CronJobs = [CronJob("report", "dapi", isSuspended: true), CronJob("off", "dapi", isSuspended: true), CronJob("keys", "validator", isSuspended: true)];
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).Outcome);
        Assert.Equal([("report", true, true), ("off", true, false), ("keys", true, true)], CronJobs());
        // What signs is for its own step.
        Assert.Equal([("report", false, false), ("off", true, false), ("keys", true, false)], CronJobs(platform.Standby));
    }

    [Fact]
    public async Task What_only_a_silent_site_knows_of_is_left_suspended_and_told()
    {
        platform.Standby.Cluster.CronJobs = [CronJob("report", "dapi", isSuspended: true)];
        (platform.Standby.IsInRecovery, platform.ActiveIsGone) = (false, new Attestation("Ann", "I saw it off."));
        platform.Active.SetDown(true);
        var step = await new WorkloadsStep().MeasureAsync(crew.World(), Token);
        var told = step.Preconditions.Single(condition => condition.Name == "CronJobsKnown").Finding;
        Assert.Equal((CheckStatus.Warn, "CronJob/report"), (told.Status, told.Target));
        Assert.DoesNotContain(step.Stages.SelectMany(stage => stage), action => action.Name.StartsWith("Resume", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_rehearsal_shows_them_suspended_with_their_Jobs_gone_and_sends_nothing()
    {
        platform.Active.Cluster.CronJobs = [CronJob("sweep", "signer") with { ActiveJobs = ["sweep-29312345"] }];
        platform.Active.Strays = [Given.Pod("signer", 7) with { Owner = "Job/sweep-29312345" }];
        platform.Active.SetPods();
        var told = new List<ToldWrite>();
        var world = platform.RehearsedWorld(told.Add);
        Assert.Equal(CheckStatus.Fail, (await WritersAsync(world)).Status);
        foreach (var action in (await new FreezeStep().MeasureAsync(world, Token)).Stages.SelectMany(stage => stage))
        {
            await action.ActAsync(Token);
            Assert.True((await action.LookAsync(Token)).Holds, action.Name);
        }
        Assert.Contains(new ToldWrite("west", "CronJob/sweep", "Suspend it, and remember that it was not."), told);
        Assert.Equal(CheckStatus.Pass, (await WritersAsync(world)).Status);
        Assert.Empty(platform.Active.Changes);
    }

    private static CronJob CronJob(string name, string app, bool isSuspended = false)
    {
        var labels = new Dictionary<string, string> { ["app"] = app };
        return new CronJob(name, labels, labels, isSuspended, []);
    }

    private IEnumerable<(string Name, bool IsSuspended, bool IsRemembered)> CronJobs(TestSite? site = null) =>
        (site ?? platform.Active).Cluster.CronJobs.Select(one => (one.Name, one.IsSuspended, one.IsRemembered));

    // What the steps after the freeze rest on.
    private static async Task<Finding> WritersAsync(FailoverWorld world) =>
        (await new WorkloadsStep().MeasureAsync(world, Token)).Preconditions.Single(condition => condition is { Name: "ActiveFenced", Finding.Target: "writers" }).Finding;
}
