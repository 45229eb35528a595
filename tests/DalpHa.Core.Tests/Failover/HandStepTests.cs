using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>The single steps that an operator runs by hand, on two sites in memory.</summary>
public sealed class HandStepTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(40);
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew = new();
    private PromotionProcedure cluster = new(PromotionMethod.SelfRun);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task Suspended_writes_are_resumed_with_their_counts_and_what_is_so_is_passed_over()
    {
        Assert.True(await RunAsync(new FreezeStep(), SiteRole.Active));
        Assert.Equal(["Scale Deployment/dapi to 0", "Scale Deployment/signer to 0", "Freeze writes on pg"], crew.Results.Select(result => result.Action));
        Assert.All(crew.Results, result => Assert.Equal((FailoverOutcome.Succeeded, true, "west"), (result.Outcome, result.HasActed, result.Site)));
        Assert.False(platform.Active.TakesWrites);

        crew.Results.Clear();
        Assert.True(await RunAsync(new FreezeStep(), SiteRole.Active));
        Assert.All(crew.Results, result => Assert.False(result.HasActed));

        Assert.True(await RunAsync(new ResumeWrites(Timeout), SiteRole.Active));
        Assert.True(platform.Active.TakesWrites);
        Assert.Equal(["readonly False", "scale dapi 2", "scale signer 1"], platform.Active.Changes[^3..]);
        Assert.Empty(platform.Standby.Changes);
    }

    [Fact]
    public async Task What_is_done_by_hand_is_written_down_as_a_failover_would_and_is_none()
    {
        platform.Active.OlderSessions = 1;
        await RunAsync(new FreezeStep(), SiteRole.Active);
        var file = Assert.Single(platform.Journals);
        Assert.All(crew.Results.Where(result => result.HasActed), result => Assert.Equal(file, result.JournalPath));
        var journal = JournalFile.Read(file).Records;
        Assert.Equal(("freeze", "west", "operator@laptop"), (journal[0].Step, journal[0].Data["active"], journal[0].Operator));
        Assert.Equal(JournalEvent.StepStarted, journal[0].Event);
        Assert.Equal(JournalEvent.StepDone, journal[^1].Event);
        foreach (var result in crew.Results)
        {
            Assert.Equal([JournalEvent.Intent, JournalEvent.Done], journal.Where(record => record.Action == result.Action).Select(record => record.Event));
        }
        // The copy tells the same, and is none of a failover.
        var control = platform.World().Standby.Control;
        var note = Assert.Single(platform.Standby.Notes.Values);
        Assert.Equal(JournalFile.Read(file).Lines, (await JournalMirror.OfStep(control, "dalp", note.Labels[JournalMirror.StepLabel]).ReadAsync(null, Token)).Lines);
        Assert.Empty(await new FailoverCatalog(new FailoverStore(platform.Folder("failovers")), failure => Assert.Fail(failure.Message), crew.Warnings.Add).ListAsync(control, "dalp", platform.Time, Token));

        // What was rehearsed before anybody was asked is gone.
        Assert.Equal([file, file + ".lock"], Directory.EnumerateFiles(platform.Folder("steps")).Order(StringComparer.Ordinal));

        // What changes nothing leaves nothing.
        await RunAsync(new FreezeStep(), SiteRole.Active);
        Assert.Single(platform.Journals);
        Assert.Empty(crew.Warnings);
    }

    [Fact]
    public async Task What_was_done_by_hand_is_listed_from_either_copy_and_a_journal_that_was_changed_is_an_error_of_its_own()
    {
        await RunAsync(new FreezeStep(), SiteRole.Active);
        platform.Standby.IsStuck = true;
        await RunAsync(new PromoteStep(), SiteRole.Active);
        var (control, failures) = (platform.World().Standby.Control, new List<DalpException>());
        FailoverCatalog Catalog(string folder) => new(new FailoverStore(platform.Folder(folder)), failures.Add, crew.Warnings.Add);

        var steps = await Catalog("steps").ListStepsAsync(control, "dalp", Token);
        Assert.Equal([("freeze", FailoverOutcome.Succeeded, "operator@laptop"), ("promote", FailoverOutcome.Incomplete, "operator@laptop")], steps.Select(step => (step.Step, step.Outcome, step.Operator)));
        Assert.All(steps, step => Assert.True(step.IsEnded));
        // Each action that was begun, as its operator was told of it.
        var told = crew.Results.Where(result => result.HasActed).Select(result => (result.Site, result.Action, result.Outcome, result.Detail, result.JournalPath)).Order();
        Assert.Equal(told, steps.SelectMany(step => step.Actions).Select(action => (action.Site, action.Action, action.Outcome, action.Detail, action.JournalPath)).Order());

        var elsewhere = await Catalog("another machine").ListStepsAsync(control, "dalp", Token);
        Assert.Equal(steps.Select(step => (step.Id, step.JournalHead)), elsewhere.Select(step => (step.Id, step.JournalHead)));
        Assert.All(elsewhere, step => Assert.Null(step.JournalPath));

        File.WriteAllText(steps[0].JournalPath!, File.ReadAllText(steps[0].JournalPath!).Replace("operator@laptop", "somebody@laptop", StringComparison.Ordinal));
        Assert.Equal("promote", Assert.Single(await Catalog("steps").ListStepsAsync(null, "", Token)).Step);
        Assert.Equal("JournalBroken", Assert.Single(failures).ErrorId);
    }

    [Fact]
    public void Of_a_step_whose_process_died_nobody_knows_whether_its_last_action_was_done()
    {
        var chain = new JournalChain();
        var at = DateTimeOffset.UnixEpoch;
        chain.Add(new JournalRecord(0, at, JournalEvent.StepStarted, "promote", null, "Measured.", "operator@laptop", new Dictionary<string, string> { ["topology"] = "production" }));
        chain.Add(new JournalRecord(0, at.AddSeconds(3), JournalEvent.Intent, "promote", "Promote pg", "It is in recovery.", "operator@laptop", new Dictionary<string, string> { ["site"] = "east" }));
        var step = DalpHandStep.Read("20260601-120000-abcd", chain, null);
        Assert.Equal((FailoverOutcome.Unknown, false, TimeSpan.FromSeconds(3)), (step.Outcome, step.IsEnded, step.Elapsed));
        Assert.Equal((FailoverOutcome.Unknown, true, "east"), (step.Actions[0].Outcome, step.Actions[0].HasActed, step.Actions[0].Site));
    }

    [Fact]
    public async Task A_standby_that_does_not_answer_keeps_nobody_from_going_by_hand_and_a_disk_that_is_full_does()
    {
        platform.Standby.RefusesNotes = true;
        Assert.True(await RunAsync(new FreezeStep(), SiteRole.Active));
        Assert.Contains("has no copy", Assert.Single(crew.Warnings), StringComparison.Ordinal);

        Assert.True(await RunAsync(new ResumeWrites(Timeout), SiteRole.Active, new Attestation("Jane Doe", "Not needed.")));
        Assert.Equal("Jane Doe: Not needed.", JournalFile.Read(platform.Journals.Order().Last()).Records[0].Data["otherIsFenced"]);

        Directory.Delete(platform.Folder("steps"), recursive: true);
        await File.WriteAllTextAsync(platform.Folder("steps"), "A file where the folder should be.", Token);
        var before = platform.Active.Changes.Count;
        Assert.False(await RunAsync(new FreezeStep(), SiteRole.Active));
        Assert.Equal(before, platform.Active.Changes.Count);
    }

    [Fact]
    public async Task Writes_are_not_resumed_while_the_other_site_takes_them()
    {
        await RunAsync(new FreezeStep(), SiteRole.Active);
        await RunAsync(new PromoteStep(), SiteRole.Active);
        var (before, refused) = (platform.Active.Changes.Count, await RefusedAsync(new ResumeWrites(Timeout), SiteRole.Active, new Attestation("Jane Doe", "It is off.")));
        Assert.Contains("OtherFenced: east pg: takes writes", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, platform.Active.Changes.Count);
    }

    [Fact]
    public async Task Silence_of_the_other_site_blocks_until_a_person_vouches_and_only_silence_can_be_vouched_for()
    {
        await RunAsync(new FreezeStep(), SiteRole.Active);
        platform.Standby.SetDown(true);
        Assert.Contains("-OtherIsFenced", (await RefusedAsync(new ResumeWrites(Timeout), SiteRole.Active)).RecommendedAction, StringComparison.Ordinal);
        Assert.True(await RunAsync(new ResumeWrites(Timeout), SiteRole.Active, new Attestation("Jane Doe", "Its database is switched off.")));
        Assert.Contains(crew.Warnings, warning => warning.Contains("Jane Doe vouches", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_follows_is_not_made_to_write_by_resuming() =>
        Assert.Contains("DatabaseIsPrimary", (await RefusedAsync(new ResumeWrites(Timeout), SiteRole.Standby)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task What_signs_is_started_on_one_site_only()
    {
        Assert.Contains("OtherFenced: west validators: StatefulSet/validator runs", (await RefusedAsync(Start("validator"), SiteRole.Standby)).Message, StringComparison.Ordinal);
        // A pod that is left of it signs as well as the workload did.
        Assert.True(await RunAsync(new StopWorkloads(new WorkloadChoice(["validator"]), Timeout), SiteRole.Active));
        platform.Active.Cluster.Pods = [.. platform.Active.Cluster.Pods, Given.Pod("validator", 0)];
        await RefusedAsync(Start("validator"), SiteRole.Standby);
        platform.Active.SetPods();
        Assert.True(await RunAsync(Start("validator"), SiteRole.Standby));
        Assert.Equal(["scale validator 4"], platform.Standby.Changes);
        await RefusedAsync(Start("validator"), SiteRole.Active);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_changes_while_the_prompt_stands_is_seen(bool machineSleeps)
    {
        Assert.True(await RunAsync(new StopWorkloads(new WorkloadChoice(["validator"]), Timeout), SiteRole.Active));
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
        Assert.False(await RunAsync(Start("validator"), SiteRole.Standby));
        Assert.Empty(platform.Standby.Changes);
        Assert.Contains(crew.Results, result => result is { Outcome: FailoverOutcome.NotStarted } && result.Detail.Contains("OtherFenced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_writer_starts_only_where_the_database_takes_writes_and_the_other_does_not()
    {
        Assert.Contains("DatabaseTakesWrites", (await RefusedAsync(Start("dapi"), SiteRole.Standby)).Message, StringComparison.Ordinal);
        await RunAsync(new FreezeStep(), SiteRole.Active);
        await RunAsync(new PromoteStep(), SiteRole.Active);
        Assert.True(await RunAsync(Start("dapi"), SiteRole.Standby));
        Assert.Equal("scale dapi 2", platform.Standby.Changes[^1]);
    }

    [Fact]
    public async Task Workloads_stop_against_the_order_in_which_they_start()
    {
        var all = new WorkloadChoice(["*"]);
        await RunAsync(new StopWorkloads(all, Timeout), SiteRole.Active);
        Assert.Equal(["scale validator 0", "scale signer 0", "scale dapi 0", "scale dapp 0"], platform.Active.Changes);
        await RunAsync(new StartWorkloads(all, null, Timeout), SiteRole.Active);
        Assert.Equal(["scale dapp 2", "scale dapi 2", "scale signer 1", "scale validator 4"], platform.Active.Changes[4..]);
    }

    [Fact]
    public async Task A_name_that_finds_nothing_and_a_count_that_nobody_knows_are_refused()
    {
        Assert.Contains("WorkloadNamed", (await RefusedAsync(Start("dapp", "nothing*"), SiteRole.Active)).Message, StringComparison.Ordinal);
        platform.Active.SetDown(true);
        platform.Standby.Cluster.Workloads = [.. platform.Standby.Cluster.Workloads.Select(workload => workload with { Desired = 0, RememberedReplicas = null })];
        Assert.Contains("ReplicasKnown", (await RefusedAsync(Start("dapp"), SiteRole.Standby)).Message, StringComparison.Ordinal);
        platform.Topology = platform.Topology with { Workloads = [.. platform.Topology.Workloads.Select(rule => rule with { Replicas = 3 })] };
        Assert.True(await RunAsync(Start("dapp"), SiteRole.Standby));
        Assert.Equal(["scale dapp 3"], platform.Standby.Changes);
    }

    [Fact]
    public async Task Without_room_nothing_starts()
    {
        platform.Standby.Cluster.Nodes = [Given.Node("node-1", 0.1m, "east")];
        Assert.Contains("Capacity", (await RefusedAsync(new StartWorkloads(new WorkloadChoice(["dapp"]), 9, Timeout), SiteRole.Standby)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_quota_or_a_limit_range_refuses_is_not_started()
    {
        var start = new StartWorkloads(new WorkloadChoice(["dapp"]), 9, Timeout);
        platform.Standby.Cluster.Quotas = [new ResourceQuota("small", new Dictionary<string, decimal> { ["pods"] = 8 }, new Dictionary<string, decimal> { ["pods"] = 2 })];
        Assert.Contains("ResourceQuota/small: pods: needs", (await RefusedAsync(start, SiteRole.Standby)).Message, StringComparison.Ordinal);
        platform.Standby.Cluster.Quotas = [];
        platform.Standby.Cluster.LimitRanges = [new LimitRange("large", IsForPods: false, ResourceAmounts.Zero, ResourceAmounts.Zero, new ResourceAmounts(4, 0), ResourceAmounts.Zero)];
        Assert.Contains("its pods are refused", (await RefusedAsync(start, SiteRole.Standby)).Message, StringComparison.Ordinal);
        platform.Standby.Cluster.LimitRanges = [];
        Assert.True(await RunAsync(start, SiteRole.Standby));
    }

    [Fact]
    public async Task What_is_not_agreed_to_is_not_done_and_neither_is_what_rests_on_it()
    {
        crew.Refuses = "Scale Deployment/dapi to 0";
        Assert.False(await RunAsync(new FreezeStep(), SiteRole.Active));
        Assert.Equal(["scale signer 0"], platform.Active.Changes);
        Assert.Equal(
            [("Freeze writes on pg", FailoverOutcome.NotStarted), ("Scale Deployment/dapi to 0", FailoverOutcome.NotStarted), ("Scale Deployment/signer to 0", FailoverOutcome.Succeeded)],
            crew.Results.Select(result => (result.Action, result.Outcome)).Order());
        Assert.True(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_promotion_needs_a_fenced_active_and_one_that_is_done_is_success_without_an_action()
    {
        Assert.Contains("ActiveFenced", (await RefusedAsync(new PromoteStep(), SiteRole.Active)).Message, StringComparison.Ordinal);
        await RunAsync(new FreezeStep(), SiteRole.Active);
        Assert.True(await RunAsync(new PromoteStep(), SiteRole.Active));
        Assert.Equal(["promote"], platform.Standby.Changes);

        crew.Results.Clear();
        platform.Active.SetDown(true);
        Assert.True(await RunAsync(new PromoteStep(), SiteRole.Active));
        Assert.All(crew.Results, result => Assert.Equal((FailoverOutcome.Succeeded, false), (result.Outcome, result.HasActed)));
        Assert.Equal(["promote"], platform.Standby.Changes);
    }

    [Fact]
    public async Task A_Cluster_that_its_operator_wrote_to_meanwhile_is_read_anew_and_promoted_once()
    {
        await RunAsync(new FreezeStep(), SiteRole.Active);
        var clusters = new TestClusters("east-db", platform.Standby) { Conflicts = 2 };
        var world = platform.World();
        world = world with
        {
            Runbook = HandRunbook.Of(Timeout, new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { StandbyCluster = "east-db" }),
            Standby = new FailoverSite(world.Standby.Site, world.Standby.Cluster, world.Standby.Control, clusters, null, world.Standby.OpenDatabaseAsync),
        };
        await using var journal = Journal();
        Assert.True(await new HandRun(crew, platform.Time, journal).RunAsync(await new PromoteStep().MeasureAsync(world, Token), token => new PromoteStep().MeasureAsync(world, token), Token));
        Assert.Equal(["promote"], clusters.Changes);
    }

    [Fact]
    public async Task A_promotion_that_does_not_come_is_Incomplete_and_asked_for_once()
    {
        await RunAsync(new FreezeStep(), SiteRole.Active);
        platform.Standby.IsStuck = true;
        Assert.False(await RunAsync(new PromoteStep(), SiteRole.Active));
        Assert.Equal((FailoverOutcome.Incomplete, true), (crew.Results[^2].Outcome, crew.Results[^2].HasActed));
        Assert.Equal(FailoverOutcome.NotStarted, crew.Results[^1].Outcome);
        Assert.Single(platform.Standby.Changes, change => change == "promote");
    }

    [Fact]
    public async Task An_isolated_site_is_let_free_as_it_was_and_not_while_the_other_serves()
    {
        platform.Active.Cluster.Routes = [.. platform.Active.Cluster.Routes, new IngressRoute("Route", "dapp", null, ["dalp.example.com"])];
        var counts = Counts(platform.Active);
        Assert.True(await RunAsync(new IsolateStep(), SiteRole.Active));
        Assert.All(platform.Active.Cluster.Workloads, workload => Assert.Equal(0, workload.Desired));
        Assert.All(platform.Active.Cluster.Routes, route => Assert.True(route.IsClosed));
        Assert.True(platform.Active.IsReadOnly);

        platform.Standby.IsInRecovery = false;
        await RefusedAsync(new Unprotect(Timeout), SiteRole.Active);
        platform.Standby.IsReadOnly = true;
        Assert.True(await RunAsync(new Unprotect(Timeout), SiteRole.Active));
        Assert.Equal(counts, Counts(platform.Active));
        Assert.All(platform.Active.Cluster.Routes, route => Assert.False(route.IsClosed));
        Assert.True(platform.Active.TakesWrites);
    }

    [Theory]
    [InlineData(null, "out")]
    [InlineData("off", "off")]
    public async Task What_CloudNativePg_runs_is_frozen_by_its_Cluster_and_let_write_as_it_was_before(string? before, string after)
    {
        platform.Active.Postgres = PgWest() with { ReadOnlyDefault = before };
        Assert.True(await RunAsync(new FreezeStep(), SiteRole.Active));
        Assert.Equal("parameter on", platform.Active.Changes[^1]);
        Assert.Equal(("on", before ?? ""), (platform.Active.Postgres.ReadOnlyDefault, platform.Active.Postgres.ReadOnlyBefore));
        Assert.False(platform.Active.TakesWrites);

        Assert.True(await RunAsync(new ResumeWrites(Timeout), SiteRole.Active));
        Assert.Contains($"parameter {after}", platform.Active.Changes);
        Assert.Equal((before, null), (platform.Active.Postgres.ReadOnlyDefault, platform.Active.Postgres.ReadOnlyBefore));
        Assert.True(platform.Active.TakesWrites);
        Assert.DoesNotContain(platform.Active.Changes, change => change.StartsWith("readonly", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Cluster_that_allows_it_is_frozen_by_SQL_at_once()
    {
        platform.Active.Postgres = PgWest() with { AllowsAlterSystem = true };
        Assert.True(await RunAsync(new FreezeStep(), SiteRole.Active));
        Assert.True(await RunAsync(new ResumeWrites(Timeout), SiteRole.Active));
        Assert.Equal(["readonly True", "readonly False"], platform.Active.Changes.Where(change => change.StartsWith("readonly", StringComparison.Ordinal)));
        Assert.Equal((null, null), (platform.Active.Postgres.ReadOnlyDefault, platform.Active.Postgres.ReadOnlyBefore));
    }

    [Fact]
    public async Task A_freeze_that_the_operator_has_not_come_to_is_not_called_done_and_is_taken_back_before_it_comes_to_pass()
    {
        platform.Active.Postgres = PgWest();
        platform.Active.OperatorIsDown = true;
        Assert.False(await RunAsync(new FreezeStep(), SiteRole.Active));
        Assert.NotEqual(FailoverOutcome.Succeeded, crew.Results[^1].Outcome);
        Assert.True(platform.Active.TakesWrites);
        Assert.Equal("on", platform.Active.Postgres.ReadOnlyDefault);

        Assert.True(await RunAsync(new ResumeWrites(Timeout), SiteRole.Active));
        Assert.Equal((null, null), (platform.Active.Postgres.ReadOnlyDefault, platform.Active.Postgres.ReadOnlyBefore));
    }

    [Fact]
    public async Task What_somebody_else_has_written_into_the_Cluster_is_left_there()
    {
        platform.Active.Postgres = PgWest() with { ReadOnlyDefault = "on" };
        platform.Active.IsReadOnly = true;
        Assert.False(await RunAsync(new ResumeWrites(Timeout), SiteRole.Active));
        Assert.Contains(crew.Results, result => result.Detail.Contains("read-only by its own specification", StringComparison.Ordinal));
        Assert.Equal("on", platform.Active.Postgres.ReadOnlyDefault);
    }

    private PostgresCluster PgWest()
    {
        cluster = new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { ActiveCluster = "pg-west" };
        return new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1", Phase = PostgresCluster.HealthyPhase };
    }

    [Fact]
    public async Task A_CloudNativePg_cluster_is_frozen_and_then_fenced_and_let_free_again()
    {
        platform.Active.Postgres = new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1", Phase = PostgresCluster.HealthyPhase };
        cluster = new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { ActiveCluster = "pg-west" };
        Assert.True(await RunAsync(new IsolateStep(), SiteRole.Active));
        Assert.Equal(["parameter on", "fence True"], platform.Active.Changes.Where(change => change is "parameter on" or "fence True"));
        Assert.Equal("Fenced; PostgreSQL does not answer.", crew.Results.Single(result => result.Action == "Fence Cluster/pg-west").Detail);

        // PostgreSQL can't be asked any more, and need not be.
        crew.Results.Clear();
        Assert.True(await RunAsync(new IsolateStep(), SiteRole.Active));
        Assert.All(crew.Results, result => Assert.False(result.HasActed));
        Assert.DoesNotContain(crew.Results, result => result.Action.StartsWith("Freeze", StringComparison.Ordinal));

        // It comes back frozen, and only then is it let write.
        Assert.True(await RunAsync(new Unprotect(Timeout), SiteRole.Active));
        Assert.Equal(["fence False", "parameter out"], platform.Active.Changes.Where(change => change is "fence False" or "parameter out"));
        Assert.True(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_cluster_that_follows_another_is_not_fenced_and_one_that_is_not_there_is_told()
    {
        platform.Active.Postgres = new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1", ReplicaEnabled = true };
        platform.Active.IsInRecovery = true;
        cluster = new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { ActiveCluster = "pg-west" };
        Assert.True(await RunAsync(new IsolateStep(), SiteRole.Active));
        Assert.DoesNotContain("fence True", platform.Active.Changes);

        cluster = cluster with { ActiveCluster = "other" };
        Assert.Contains("no CloudNativePG Cluster 'other'", (await RefusedAsync(new IsolateStep(), SiteRole.Active)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_that_has_come_back_as_a_standby_starts_only_what_a_standby_runs()
    {
        await RunAsync(new IsolateStep(), SiteRole.Active);
        (platform.Active.IsInRecovery, platform.Standby.IsInRecovery) = (true, false);
        Assert.True(await RunAsync(new Unprotect(Timeout), SiteRole.Active));
        Assert.Equal([("dapi", 0), ("dapp", 2), ("signer", 0), ("validator", 0)], Counts(platform.Active));
    }

    [Fact]
    public async Task What_has_no_count_is_told_and_keeps_nobody_from_isolating_the_rest()
    {
        platform.Active.Cluster.Workloads.Add(Given.Workload("dapp", 1, kind: WorkloadKind.DaemonSet));
        await RunAsync(new IsolateStep(), SiteRole.Active);
        Assert.Contains(crew.Warnings, warning => warning.Contains("DaemonSet/dapp remains", StringComparison.Ordinal));
        Assert.Contains("scale dapi 0", platform.Active.Changes);
    }

    [Fact]
    public async Task A_silent_site_is_isolated_as_soon_as_it_answers_and_its_database_before_its_cluster()
    {
        await RunAsync(new FreezeStep(), SiteRole.Active);
        await RunAsync(new PromoteStep(), SiteRole.Active);
        // It comes back as it was before, writing.
        (platform.Active.IsReadOnly, platform.Active.IsDown) = (false, true);
        platform.Active.Cluster.Down = TestSite.Down();
        crew.OnShow = count =>
        {
            platform.Standby.IsReadOnly = true;
            platform.Active.IsDown = count < 5;
            platform.Active.Cluster.Down = count < 20 ? TestSite.Down() : null;
        };
        crew.Results.Clear();
        await new SiteWatch(World(SiteRole.Active, null), crew, Timeout, Journal()).IsolateAsync(TimeSpan.FromHours(1), Token);
        Assert.Equal(("Freeze writes on pg", true), (crew.Results[0].Action, crew.Results[0].HasActed));
        Assert.All(platform.Active.Cluster.Workloads, workload => Assert.Equal(0, workload.Desired));
        Assert.False(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task Waiting_for_a_silent_site_has_an_end()
    {
        platform.Active.SetDown(true);
        var failure = await Assert.ThrowsAsync<DalpException>(() => new SiteWatch(World(SiteRole.Active, null), crew, Timeout, Journal()).IsolateAsync(TimeSpan.FromSeconds(30), Token));
        Assert.Equal("SiteNotIsolated", failure.ErrorId);
        Assert.Empty(platform.Active.Changes);
    }

    private static StartWorkloads Start(params string[] names) => new(new WorkloadChoice(names), null, Timeout);

    private static IReadOnlyList<(string, int)> Counts(TestSite site) => [.. site.Cluster.Workloads.Select(workload => (workload.Name, workload.Desired)).Order()];

    private FailoverWorld World(SiteRole acts, Attestation? otherIsFenced) =>
        (platform.World() with { OtherIsFenced = otherIsFenced, Runbook = HandRunbook.Of(Timeout, cluster) }).Facing(acts);

    private async Task<bool> RunAsync(IStepRecipe recipe, SiteRole acts, Attestation? otherIsFenced = null)
    {
        await using var journal = Journal(otherIsFenced);
        return await new HandRun(crew, platform.Time, journal).RunAsync(
            await recipe.MeasureAsync(World(acts, otherIsFenced), Token), token => recipe.MeasureAsync(World(acts, otherIsFenced), token), Token);
    }

    private HandJournal Journal(Attestation? otherIsFenced = null) => new(World(SiteRole.Active, otherIsFenced), platform.Folder("steps"), "operator@laptop", crew.Warnings.Add);

    private async Task<DalpException> RefusedAsync(IStepRecipe recipe, SiteRole acts, Attestation? otherIsFenced = null)
    {
        var refused = await Assert.ThrowsAsync<DalpException>(() => RunAsync(recipe, acts, otherIsFenced));
        Assert.Equal("PreconditionUnmet", refused.ErrorId);
        Assert.NotEmpty(refused.RecommendedAction);
        return refused;
    }
}
