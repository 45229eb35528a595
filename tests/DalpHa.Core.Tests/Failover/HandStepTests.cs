using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>The single steps that an operator runs by hand, on two sites in memory.</summary>
public sealed class HandStepTests : IDisposable
{
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;

    public HandStepTests() => crew = new HandCrew(platform);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task Suspended_writes_are_resumed_with_their_counts_and_what_is_so_is_passed_over()
    {
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.Equal(["Scale Deployment/dapi to 0", "Scale Deployment/signer to 0", "Freeze writes on pg"], crew.Results.Select(result => result.Action));
        Assert.All(crew.Results, result => Assert.Equal((FailoverOutcome.Succeeded, true, "west"), (result.Outcome, result.HasActed, result.Site)));
        Assert.False(platform.Active.TakesWrites);

        crew.Results.Clear();
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.All(crew.Results, result => Assert.False(result.HasActed));

        Assert.True(await crew.RunAsync(new ResumeWrites(HandCrew.Timeout)));
        Assert.True(platform.Active.TakesWrites);
        Assert.Equal(["readonly False", "scale dapi 2", "scale signer 1"], platform.Active.Changes[^3..]);
        Assert.Empty(platform.Standby.Changes);
    }

    [Fact]
    public async Task Writes_are_not_resumed_while_the_other_site_takes_them()
    {
        await crew.RunAsync(new SuspendWrites());
        await crew.RunAsync(new PromoteStep());
        var (before, refused) = (platform.Active.Changes.Count, await crew.RefusedAsync(new ResumeWrites(HandCrew.Timeout), SiteRole.Active, new Attestation("Jane Doe", "It is off.")));
        Assert.Contains("OtherFenced: east pg: takes writes", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, platform.Active.Changes.Count);
    }

    [Fact]
    public async Task Silence_of_the_other_site_blocks_until_a_person_vouches_and_only_silence_can_be_vouched_for()
    {
        await crew.RunAsync(new SuspendWrites());
        platform.Standby.SetDown(true);
        Assert.Contains("-OtherIsFenced", (await crew.RefusedAsync(new ResumeWrites(HandCrew.Timeout))).RecommendedAction, StringComparison.Ordinal);
        Assert.True(await crew.RunAsync(new ResumeWrites(HandCrew.Timeout), SiteRole.Active, new Attestation("Jane Doe", "Its database is switched off.")));
        Assert.Contains(crew.Warnings, warning => warning.Contains("Jane Doe vouches", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_follows_is_not_made_to_write_by_resuming() =>
        Assert.Contains("DatabaseIsPrimary", (await crew.RefusedAsync(new ResumeWrites(HandCrew.Timeout), SiteRole.Standby)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task What_signs_is_started_on_one_site_only()
    {
        Assert.Contains("OtherFenced: west validators: StatefulSet/validator runs", (await crew.RefusedAsync(Start("validator"), SiteRole.Standby)).Message, StringComparison.Ordinal);
        // A pod that is left of it signs as well as the workload did.
        Assert.True(await crew.RunAsync(new StopWorkloads(new WorkloadChoice(["validator"]), HandCrew.Timeout)));
        platform.Active.Cluster.Pods = [.. platform.Active.Cluster.Pods, Given.Pod("validator", 0)];
        await crew.RefusedAsync(Start("validator"), SiteRole.Standby);
        platform.Active.SetPods();
        Assert.True(await crew.RunAsync(Start("validator"), SiteRole.Standby));
        Assert.Equal(["scale validator 4"], platform.Standby.Changes);
        await crew.RefusedAsync(Start("validator"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_changes_while_the_prompt_stands_is_seen(bool machineSleeps)
    {
        Assert.True(await crew.RunAsync(new StopWorkloads(new WorkloadChoice(["validator"]), HandCrew.Timeout)));
        crew.OnAsked = () =>
        {
            platform.Active.Cluster.Pods = [.. platform.Active.Cluster.Pods, Given.Pod("validator", 0)];
            var by = TimeSpan.FromMinutes(15);
            if (machineSleeps)
            {
                platform.Time.Sleep(by);
            }
            else
            {
                platform.Time.Advance(by);
            }
        };
        Assert.False(await crew.RunAsync(Start("validator"), SiteRole.Standby));
        Assert.Empty(platform.Standby.Changes);
        Assert.Contains(crew.Results, result => result is { Outcome: FailoverOutcome.NotStarted } && result.Detail.Contains("OtherFenced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_writer_starts_only_where_the_database_takes_writes_and_the_other_does_not()
    {
        Assert.Contains("DatabaseTakesWrites", (await crew.RefusedAsync(Start("dapi"), SiteRole.Standby)).Message, StringComparison.Ordinal);
        await crew.RunAsync(new SuspendWrites());
        await crew.RunAsync(new PromoteStep());
        Assert.True(await crew.RunAsync(Start("dapi"), SiteRole.Standby));
        Assert.Equal("scale dapi 2", platform.Standby.Changes[^1]);
    }

    [Fact]
    public async Task Workloads_stop_against_the_order_in_which_they_start()
    {
        var all = new WorkloadChoice(["*"]);
        await crew.RunAsync(new StopWorkloads(all, HandCrew.Timeout));
        Assert.Equal(["scale validator 0", "scale signer 0", "scale dapi 0", "scale dapp 0"], platform.Active.Changes);
        await crew.RunAsync(new StartWorkloads(all, null, HandCrew.Timeout));
        Assert.Equal(["scale dapp 2", "scale dapi 2", "scale signer 1", "scale validator 4"], platform.Active.Changes[4..]);
    }

    [Fact]
    public async Task A_name_that_finds_nothing_and_a_count_that_nobody_knows_are_refused()
    {
        Assert.Contains("WorkloadNamed", (await crew.RefusedAsync(Start("dapp", "nothing*"))).Message, StringComparison.Ordinal);
        platform.Active.SetDown(true);
        platform.Standby.Cluster.Workloads = [.. platform.Standby.Cluster.Workloads.Select(workload => workload with { Desired = 0, RememberedReplicas = null })];
        Assert.Contains("ReplicasKnown", (await crew.RefusedAsync(Start("dapp"), SiteRole.Standby)).Message, StringComparison.Ordinal);
        platform.Topology = platform.Topology with { Workloads = [.. platform.Topology.Workloads.Select(rule => rule with { Replicas = 3 })] };
        Assert.True(await crew.RunAsync(Start("dapp"), SiteRole.Standby));
        Assert.Equal(["scale dapp 3"], platform.Standby.Changes);
    }

    [Fact]
    public async Task Without_room_nothing_starts()
    {
        platform.Standby.Cluster.Nodes = [Given.Node("node-1", 0.1m, "east")];
        Assert.Contains("Capacity", (await crew.RefusedAsync(new StartWorkloads(new WorkloadChoice(["dapp"]), 9, HandCrew.Timeout), SiteRole.Standby)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_quota_or_a_limit_range_refuses_is_not_started()
    {
        var start = new StartWorkloads(new WorkloadChoice(["dapp"]), 9, HandCrew.Timeout);
        platform.Standby.Cluster.Quotas = [new ResourceQuota("small", new Dictionary<string, decimal> { ["pods"] = 8 }, new Dictionary<string, decimal> { ["pods"] = 2 })];
        Assert.Contains("ResourceQuota/small: pods: needs", (await crew.RefusedAsync(start, SiteRole.Standby)).Message, StringComparison.Ordinal);
        platform.Standby.Cluster.Quotas = [];
        platform.Standby.Cluster.LimitRanges = [new LimitRange("large", IsForPods: false, ResourceAmounts.Zero, ResourceAmounts.Zero, new ResourceAmounts(4, 0), ResourceAmounts.Zero)];
        Assert.Contains("its pods are refused", (await crew.RefusedAsync(start, SiteRole.Standby)).Message, StringComparison.Ordinal);
        platform.Standby.Cluster.LimitRanges = [];
        Assert.True(await crew.RunAsync(start, SiteRole.Standby));
    }

    [Fact]
    public async Task What_is_not_agreed_to_is_not_done_and_neither_is_what_rests_on_it()
    {
        crew.Refuses = "Scale Deployment/dapi to 0";
        Assert.False(await crew.RunAsync(new SuspendWrites()));
        Assert.Equal(["scale signer 0"], platform.Active.Changes);
        Assert.Equal(
            [("Freeze writes on pg", FailoverOutcome.NotStarted), ("Scale Deployment/dapi to 0", FailoverOutcome.NotStarted), ("Scale Deployment/signer to 0", FailoverOutcome.Succeeded)],
            crew.Results.Select(result => (result.Action, result.Outcome)).Order());
        Assert.True(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_promotion_needs_a_fenced_active_and_one_that_is_done_is_success_without_an_action()
    {
        Assert.Contains("ActiveFenced", (await crew.RefusedAsync(new PromoteStep())).Message, StringComparison.Ordinal);
        await crew.RunAsync(new SuspendWrites());
        Assert.True(await crew.RunAsync(new PromoteStep()));
        Assert.Equal(["promote"], platform.Standby.Changes);

        crew.Results.Clear();
        platform.Active.SetDown(true);
        Assert.True(await crew.RunAsync(new PromoteStep()));
        Assert.All(crew.Results, result => Assert.Equal((FailoverOutcome.Succeeded, false), (result.Outcome, result.HasActed)));
        Assert.Equal(["promote"], platform.Standby.Changes);
    }

    [Fact]
    public async Task A_Cluster_that_its_operator_wrote_to_meanwhile_is_read_anew_and_promoted_once()
    {
        await crew.RunAsync(new SuspendWrites());
        var clusters = new TestClusters("east-db", platform.Standby) { Conflicts = 2 };
        var world = platform.World();
        world = world with
        {
            Runbook = HandRunbook.Of(HandCrew.Timeout, new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { StandbyCluster = "east-db" }),
            Standby = new FailoverSite(world.Standby.Site, world.Standby.Cluster, world.Standby.Control, clusters, null, world.Standby.OpenDatabaseAsync),
        };
        await using var journal = crew.Journal();
        Assert.True(await new HandRun(crew, platform.Time, journal).RunAsync(await new PromoteStep().MeasureAsync(world, Token), token => new PromoteStep().MeasureAsync(world, token), Token));
        Assert.Equal(["promote"], clusters.Changes);
    }

    [Fact]
    public async Task A_promotion_that_does_not_come_is_Incomplete_and_asked_for_once()
    {
        await crew.RunAsync(new SuspendWrites());
        platform.Standby.IsStuck = true;
        Assert.False(await crew.RunAsync(new PromoteStep()));
        Assert.Equal((FailoverOutcome.Incomplete, true), (crew.Results[^2].Outcome, crew.Results[^2].HasActed));
        Assert.Equal(FailoverOutcome.NotStarted, crew.Results[^1].Outcome);
        Assert.Single(platform.Standby.Changes, change => change == "promote");
    }

    [Theory]
    [InlineData(null, "out")]
    [InlineData("off", "off")]
    public async Task What_CloudNativePg_runs_is_frozen_by_its_Cluster_and_let_write_as_it_was_before(string? before, string after)
    {
        platform.Active.Postgres = PgWest() with { ReadOnlyDefault = before };
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.Equal("parameter on", platform.Active.Changes[^1]);
        Assert.Equal(("on", before ?? ""), (platform.Active.Postgres.ReadOnlyDefault, platform.Active.Postgres.ReadOnlyBefore));
        Assert.False(platform.Active.TakesWrites);

        Assert.True(await crew.RunAsync(new ResumeWrites(HandCrew.Timeout)));
        Assert.Contains($"parameter {after}", platform.Active.Changes);
        Assert.Equal((before, null), (platform.Active.Postgres.ReadOnlyDefault, platform.Active.Postgres.ReadOnlyBefore));
        Assert.True(platform.Active.TakesWrites);
        Assert.DoesNotContain(platform.Active.Changes, change => change.StartsWith("readonly", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Cluster_that_allows_it_is_frozen_by_SQL_at_once()
    {
        platform.Active.Postgres = PgWest() with { AllowsAlterSystem = true };
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.True(await crew.RunAsync(new ResumeWrites(HandCrew.Timeout)));
        Assert.Equal(["readonly True", "readonly False"], platform.Active.Changes.Where(change => change.StartsWith("readonly", StringComparison.Ordinal)));
        Assert.Equal((null, null), (platform.Active.Postgres.ReadOnlyDefault, platform.Active.Postgres.ReadOnlyBefore));
    }

    [Fact]
    public async Task A_freeze_that_the_operator_has_not_come_to_is_not_called_done_and_is_taken_back_before_it_comes_to_pass()
    {
        platform.Active.Postgres = PgWest();
        platform.Active.OperatorIsDown = true;
        Assert.False(await crew.RunAsync(new SuspendWrites()));
        Assert.NotEqual(FailoverOutcome.Succeeded, crew.Results[^1].Outcome);
        Assert.True(platform.Active.TakesWrites);
        Assert.Equal("on", platform.Active.Postgres.ReadOnlyDefault);

        Assert.True(await crew.RunAsync(new ResumeWrites(HandCrew.Timeout)));
        Assert.Equal((null, null), (platform.Active.Postgres.ReadOnlyDefault, platform.Active.Postgres.ReadOnlyBefore));
    }

    [Fact]
    public async Task What_somebody_else_has_written_into_the_Cluster_is_left_there()
    {
        platform.Active.Postgres = PgWest() with { ReadOnlyDefault = "on" };
        platform.Active.IsReadOnly = true;
        Assert.False(await crew.RunAsync(new ResumeWrites(HandCrew.Timeout)));
        Assert.Contains(crew.Results, result => result.Detail.Contains("read-only by its own specification", StringComparison.Ordinal));
        Assert.Equal("on", platform.Active.Postgres.ReadOnlyDefault);
    }

    private static StartWorkloads Start(params string[] names) => new(new WorkloadChoice(names), null, HandCrew.Timeout);

    private static PostgresCluster PgWest() => new() { Namespace = "dalp", Name = "pg-west", Version = "1", Phase = PostgresCluster.HealthyPhase };
}
