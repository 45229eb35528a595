using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>
/// The active site has a replica beside its primary, and whoever looks after the two promotes the replica when the primary dies: it must not write then, and nobody may
/// count on it before that is so.
/// </summary>
public sealed class FrozenReplicaTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private static readonly Attestation Word = new("Head of Operations", "Its disk is destroyed.");
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;
    private readonly TestSite replica;

    public FrozenReplicaTests() => (crew, replica) = (new HandCrew(platform), platform.AddReplica(platform.Active));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Theory]
    [InlineData("freeze")]
    [InlineData("confirm")]
    [InlineData("promote")]
    [InlineData("workloads")]
    [InlineData("traffic")]
    public async Task Whenever_the_primary_dies_the_replica_that_is_promoted_for_it_takes_no_writes(string after)
    {
        platform.Crew.OnEnded = step =>
        {
            if (step == after)
            {
                platform.Active.DatabaseFailure = TestSite.Down();
                replica.IsInRecovery = false;
                platform.RequireOneWriter();
            }
        };
        platform.ActiveIsGone = Word;
        platform.MaxDataLoss = TimeSpan.MaxValue;
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Contains("readonly True", replica.Changes);
        Assert.False(platform.Active.TakesWrites);
        Assert.True(platform.Standby.TakesWrites);
    }

    [Theory]
    [InlineData(FailoverKind.Switchover)]
    [InlineData(FailoverKind.Drill)]
    public async Task In_a_planned_hand_over_it_is_frozen_before_its_primary(FailoverKind kind)
    {
        platform.Kind = kind;
        var wasWritten = false;
        platform.OnChange = () =>
        {
            platform.RequireOneWriter();
            wasWritten |= replica.IsReadOnly && !platform.Active.IsReadOnly;
        };
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.True(wasWritten, "Everybody who writes has waited for the freeze of a replica.");
        Assert.Equal(["readonly True"], replica.Changes);
    }

    [Fact]
    public async Task One_that_answers_beside_a_silent_primary_is_frozen_before_anything_is_promoted()
    {
        platform.Active.DatabaseFailure = TestSite.Down();
        (platform.ActiveIsGone, platform.MaxDataLoss) = (Word, TimeSpan.MaxValue);
        platform.OnChange = () => Assert.True(platform.Standby.IsInRecovery || replica.IsReadOnly, "Promoted beside a replica that may be elected at any moment.");
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Contains("readonly True", replica.Changes);
    }

    [Theory]
    [InlineData("freeze", "promote")]
    [InlineData("promote", "workloads")]
    [InlineData("workloads", "validators")]
    public async Task One_that_is_let_go_meanwhile_is_in_the_way_and_frozen_again_by_who_resumes(string after, string stoppedAt)
    {
        platform.Crew.OnEnded = step => replica.IsReadOnly = step != after && replica.IsReadOnly;
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, after == "freeze" ? "confirm" : after, Token);
        platform.Crew.OnEnded = null;
        Assert.False(replica.IsReadOnly);
        Assert.Equal(stoppedAt == "promote" ? "promote" : stoppedAt, stopped.NextStep);
        var gate = Assert.Single(await FenceAsync(platform.World()), precondition => !precondition.IsMet);
        Assert.Equal(("pg-2", "may be promoted, and write", CheckStatus.Fail), (gate.Finding.Target, gate.Finding.Observed, gate.Finding.Status));

        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.True(replica.IsReadOnly);
    }

    [Fact]
    public async Task One_that_is_silent_is_in_the_way_as_any_server_until_a_person_vouches_for_it()
    {
        replica.DatabaseFailure = TestSite.Down();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("freeze", FailoverOutcome.NotStarted), (stopped.NextStep, stopped.Outcome));
        Assert.Empty(platform.Active.Changes);

        platform.ActiveIsGone = Word;
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Contains("readonly True", platform.Active.Changes);
    }

    [Fact]
    public async Task A_planned_hand_over_stops_nobody_for_a_freeze_that_a_silent_one_would_hold_up()
    {
        platform.Kind = FailoverKind.Switchover;
        replica.DatabaseFailure = TestSite.Down();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("freeze", FailoverOutcome.NotStarted), (stopped.NextStep, stopped.Outcome));
        Assert.StartsWith("FreezeHolds: can't be seen", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Active.Changes);
    }

    [Fact]
    public async Task A_plan_freezes_it_and_tells_what_would_keep_it_from_that()
    {
        var plan = await PlanAsync();
        Assert.True(plan.IsReady, string.Join(" ", plan.Blockers));
        Assert.Contains("Freeze writes on pg-2", plan.Steps.Single(step => step.Step == "freeze").Actions.Select(action => action.Name));
        Assert.Empty(replica.Changes);

        replica.Overrides = ["role dalp"];
        Assert.Contains((await PlanAsync()).Blockers, blocker => blocker.StartsWith("freeze: FreezeHolds: west pg-2: role dalp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_report_that_runs_on_it_for_hours_is_read_only_and_keeps_nobody_from_a_planned_hand_over()
    {
        platform.Kind = FailoverKind.Switchover;
        replica.LeftAlone.Add(new OpenTransaction(4711, "postgres", "psql", DateTimeOffset.UnixEpoch.AddHours(-5), IsOlder: true));
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
    }

    [Fact]
    public async Task By_hand_each_server_is_frozen_isolated_and_let_go()
    {
        foreach (var (recipe, back) in new (IStepRecipe, IStepRecipe)[] { (new SuspendWrites(), new ResumeWrites(HandCrew.Timeout)), (new IsolateStep(), new Unprotect(HandCrew.Timeout)) })
        {
            crew.Results.Clear();
            Assert.True(await crew.RunAsync(recipe));
            Assert.Equal(["Freeze writes on pg", "Freeze writes on pg-2"], crew.Results.Where(result => result is { HasActed: true, Outcome: FailoverOutcome.Succeeded }).Select(result => result.Action).Where(name => name.StartsWith("Freeze", StringComparison.Ordinal)).Order());
            Assert.True(platform.Active.IsReadOnly && replica.IsReadOnly);
            Assert.True(await crew.RunAsync(back));
            Assert.False(platform.Active.IsReadOnly || replica.IsReadOnly);
        }
    }

    [Fact]
    public async Task A_site_does_not_write_again_beside_a_replica_that_may_be_promoted_on_the_other()
    {
        await crew.RunAsync(new SuspendWrites());
        await crew.RunAsync(new PromoteStep());
        platform.Standby.IsReadOnly = true;
        replica.IsReadOnly = false;
        var gate = Assert.Single((await new ResumeWrites(HandCrew.Timeout).MeasureAsync(crew.World().Facing(SiteRole.Standby), Token)).Unmet);
        Assert.Equal(("OtherFenced", "pg-2"), (gate.Name, gate.Finding.Target));

        // The standby of the pair is in recovery as it must be, and able to take over.
        (platform.Standby.IsInRecovery, platform.Standby.IsReadOnly, replica.IsReadOnly) = (true, false, true);
        Assert.Empty((await new ResumeWrites(HandCrew.Timeout).MeasureAsync(crew.World(), Token)).Unmet);
    }

    [Fact]
    public async Task What_was_frozen_with_a_promoted_server_keeps_nobody_waiting_and_is_told()
    {
        var heir = platform.AddReplica(platform.Standby);
        platform.Runbook = platform.Runbook with { Promotion = platform.Runbook.Promotion with { Server = "pg" } };
        (platform.Standby.IsReadOnly, heir.IsReadOnly) = (true, true);
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal((false, true), (platform.Standby.IsReadOnly, heir.IsReadOnly));
        var told = ended.Steps.Single(step => step.Step == "promote").Findings.Single(finding => finding.Check == "Replicas");
        Assert.Equal(CheckStatus.Warn, told.Status);
        Assert.Contains("Resume-DalpWrite -Site Standby", told.Remediation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_Cluster_is_frozen_by_its_one_parameter_and_one_that_is_a_replica_not_at_all(bool isReplica)
    {
        platform.Active.Postgres = new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1", ReplicaEnabled = isReplica };
        platform.Active.IsInRecovery = isReplica;
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.Equal(isReplica ? [] : ["parameter on"], platform.Active.Changes.Where(change => change.StartsWith("parameter", StringComparison.Ordinal)).Distinct());
        Assert.Empty(replica.Changes);
        Assert.Equal(!isReplica, replica.IsReadOnly);
        Assert.All(await FenceAsync(crew.World()), precondition => Assert.True(precondition.IsMet, precondition.Finding.ToString()));

        // Whether it is one must be seen.
        var world = crew.World();
        platform.Active.Postgres = platform.Active.Postgres with { Name = "another" };
        replica.IsReadOnly = false;
        Assert.Contains(await FenceAsync(world), precondition => precondition.Finding is { Target: "pg-2", Status: CheckStatus.Fail });
    }

    [Theory]
    [InlineData(null, "db-2.west", "on db-2.west, stop what starts it again (its service, Patroni, repmgrd), then pg_ctl stop -m immediate")]
    [InlineData(null, null, "take away what runs west-pg-2 (scale it to 0)")]
    [InlineData("pg-west", null, "fencing on pg-west west-pg-2)")]
    public async Task One_that_starts_for_good_is_told_with_what_stops_just_it_and_then_a_word_counts(string? cluster, string? host, string how)
    {
        var replica = platform.AddReplica(platform.Active);
        replica.DatabaseFailure = new DalpException("DatabaseStarting", FaultKind.Unavailable, "The database system is starting up.", "Wait.", TestSite.ReplicaName);
        var server = new DatabaseServerSettings { Name = TestSite.ReplicaName, Host = host, Forward = host is null ? new ForwardTarget("dalp", "west-pg-2", null, 5432) : null };
        platform.Active.Site = platform.Active.Site with { Database = new DatabaseSettings { Servers = [platform.Active.Site.Database!.Servers[0], server] } };
        platform.Active.Postgres = cluster is null ? null : new PostgresCluster { Namespace = "dalp", Name = cluster, Version = "1" };
        platform.ActiveIsGone = new Attestation("Head of Operations", "Its node is dead.");
        var world = platform.World() with
        {
            Runbook = platform.Runbook with { Promotion = cluster is null ? new PromotionProcedure(PromotionMethod.SelfRun) : new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { ActiveCluster = cluster, StandbyCluster = "pg-east" } },
        };
        var refused = (await new FreezeStep().MeasureAsync(world, TestContext.Current.CancellationToken)).Unmet.Single().Finding;
        Assert.Equal((TestSite.ReplicaName, CheckStatus.Unknown), (refused.Target, refused.Status));
        Assert.Contains($"Wait until {TestSite.ReplicaName} answers", refused.Remediation, StringComparison.Ordinal);
        Assert.Contains(how, refused.Remediation, StringComparison.Ordinal);

        replica.DatabaseFailure = TestSite.Down();
        Assert.Empty((await new FreezeStep().MeasureAsync(world, TestContext.Current.CancellationToken)).Unmet);
    }

    private static async Task<IReadOnlyList<Precondition>> FenceAsync(FailoverWorld world) =>
        [.. (await new ManualStep("traffic").MeasureAsync(world, Token)).Preconditions.Where(precondition => precondition.Name == "ActiveFenced")];

    private Task<DalpFailoverPlan> PlanAsync() => new FailoverRehearsal(platform.RehearsedWorld(_ => { })).PlanAsync(Id, Token);
}
