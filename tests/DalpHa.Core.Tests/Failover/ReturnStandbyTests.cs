using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>The return of a former active site, on two sites in memory: west was active, east was promoted.</summary>
public sealed class ReturnStandbyTests : IDisposable
{
    private static readonly Attestation Word = new("Jane Doe", "All of them were entered again.");
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;
    private readonly List<HookCall> hooks = [];
    private DalpDivergence divergence = Divergence(DivergenceVerdict.Diverged, 0);
    private Action? script;
    private string? hook = "/runbook/rejoin.ps1";
    private TestClusters? clusters;

    public ReturnStandbyTests()
    {
        crew = new HandCrew(platform);
        (platform.Active.IsReadOnly, platform.Standby.IsInRecovery, platform.Standby.Timeline) = (true, false, 2);
        platform.Active.Cluster.Workloads = [.. platform.Active.Cluster.Workloads.Select(workload => workload with { Desired = 0 })];
        platform.Active.SetPods();
        script = () => (platform.Active.IsInRecovery, platform.Active.Timeline) = (true, 2);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What was measured, whether a person accepts it, and how the gate stands.</summary>
    public static TheoryData<DivergenceVerdict, long?, bool, CheckStatus> Losses => new()
    {
        { DivergenceVerdict.Identical, 0, false, CheckStatus.Pass },
        { DivergenceVerdict.BehindOnly, 0, false, CheckStatus.Pass },
        { DivergenceVerdict.Diverged, 0, false, CheckStatus.Pass },
        { DivergenceVerdict.Diverged, 3, false, CheckStatus.Fail },
        { DivergenceVerdict.Diverged, 3, true, CheckStatus.Warn },
        { DivergenceVerdict.Diverged, null, false, CheckStatus.Fail },
        { DivergenceVerdict.Diverged, null, true, CheckStatus.Warn },
        { DivergenceVerdict.Unknown, null, false, CheckStatus.Unknown },
        { DivergenceVerdict.Unknown, null, true, CheckStatus.Warn },
        { DivergenceVerdict.Foreign, null, false, CheckStatus.Fail },
        { DivergenceVerdict.Foreign, null, true, CheckStatus.Fail },
    };

    public void Dispose() => platform.Dispose();

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task What_would_be_lost_is_known_to_be_nothing_or_accepted_by_name(DivergenceVerdict verdict, long? transactions, bool isAccepted, CheckStatus expected)
    {
        divergence = Divergence(verdict, transactions);
        var step = await MeasureAsync(isAccepted ? Word : null);
        Assert.Equal(expected, Gate(step, "LossAccepted").Status);
        Assert.Contains("As measured.", step.Measured, StringComparison.Ordinal);
        if (expected is CheckStatus.Pass or CheckStatus.Warn)
        {
            Assert.True(await RunAsync(isAccepted ? Word : null));
            var journal = File.ReadAllText(Assert.Single(Directory.GetFiles(platform.Folder("steps"), "*.jsonl")));
            Assert.Contains("As measured.", journal, StringComparison.Ordinal);
            Assert.Equal(isAccepted, journal.Contains("Jane Doe: All of them were entered again.", StringComparison.Ordinal));
            Assert.Equal(expected == CheckStatus.Warn, crew.Results[0].Detail.Contains("Jane Doe accepted what it alone held", StringComparison.Ordinal));
        }
        else
        {
            await RefusedAsync("LossAccepted", isAccepted ? Word : null);
            Assert.Empty(hooks);
        }
    }

    [Fact]
    public async Task It_follows_by_the_script_is_ready_to_be_promoted_and_a_second_time_nothing_is_done()
    {
        Assert.True(await RunAsync());
        Assert.Equal([("/runbook/rejoin.ps1", "rejoin", "pg", "pg")], hooks.Select(call => (call.Path, call.Purpose, call.Facts["Server"], call.Facts["Primary"])));
        Assert.Equal(["readonly False"], platform.Active.Changes);
        Assert.Equal(["Return pg as standby of pg", "Take the freeze off pg, a standby now"], crew.Results.Select(result => result.Action));
        Assert.All(crew.Results, result => Assert.Equal((FailoverOutcome.Succeeded, true, "west"), (result.Outcome, result.HasActed, result.Site)));
        Assert.Empty(platform.Standby.Changes);

        crew.Results.Clear();
        (divergence, hook) = (Divergence(DivergenceVerdict.Unknown, null), null);
        Assert.True(await RunAsync());
        Assert.All(crew.Results, result => Assert.Equal((FailoverOutcome.Succeeded, false), (result.Outcome, result.HasActed)));
        Assert.Single(hooks);
    }

    [Fact]
    public async Task Nothing_returns_to_a_site_without_a_primary_or_while_it_writes_itself()
    {
        platform.Standby.IsInRecovery = true;
        await RefusedAsync("OnePrimary");
        (platform.Standby.IsInRecovery, platform.Standby.IsReadOnly) = (false, true);
        await RefusedAsync("OnePrimary");
        (platform.Standby.IsReadOnly, platform.Active.IsReadOnly) = (false, false);
        await RefusedAsync("FormerFenced", Word);
        platform.Active.IsReadOnly = true;
        platform.Active.Cluster.Workloads = [.. platform.Active.Cluster.Workloads.Select(workload => workload.Name == "dapi" ? workload with { Desired = 1 } : workload)];
        await RefusedAsync("FormerFenced", Word);
        Assert.Empty(hooks);
        Assert.Empty(platform.Active.Changes);
    }

    [Fact]
    public async Task Without_a_script_it_is_refused_until_people_have_done_it()
    {
        hook = null;
        Assert.Contains("-RejoinHook", (await RefusedAsync("RejoinHook")).RecommendedAction, StringComparison.Ordinal);
        script!();
        Assert.True(await RunAsync());
    }

    [Fact]
    public async Task The_script_has_the_time_that_the_runbook_gives_it_and_the_rest_has_that_of_an_action()
    {
        var step = await MeasureAsync();
        Assert.Equal([TimeSpan.FromHours(4), HandCrew.Timeout], step.Stages.SelectMany(stage => stage).Select(action => action.Timeout));
    }

    [Fact]
    public async Task A_script_that_lies_is_not_believed()
    {
        script = null;
        Assert.False(await RunAsync());
        Assert.Equal([FailoverOutcome.Incomplete, FailoverOutcome.NotStarted], crew.Results.Select(result => result.Outcome));
        Assert.Empty(platform.Active.Changes);
    }

    [Fact]
    public async Task A_script_that_fails_half_way_is_Incomplete_and_run_again_by_who_vouches_for_the_silence()
    {
        script = () =>
        {
            platform.Active.SetDown(true);
            throw new DalpException("HookFailed", FaultKind.LocalResource, "The script failed.", "Mend it.");
        };
        Assert.False(await RunAsync());
        Assert.Equal((FailoverOutcome.Incomplete, true), (crew.Results[0].Outcome, crew.Results[0].HasActed));
        Assert.Contains("may be done in part", crew.Results[0].Detail, StringComparison.Ordinal);

        // Nobody sees any more what it holds, nor whether it writes.
        divergence = Divergence(DivergenceVerdict.Unknown, null);
        script = () =>
        {
            platform.Active.SetDown(false);
            (platform.Active.IsInRecovery, platform.Active.Timeline) = (true, 2);
        };
        Assert.Contains("-FormerIsFenced", (await RefusedAsync("FormerFenced", Word)).Message + (await RefusedAsync("FormerFenced", Word)).RecommendedAction, StringComparison.Ordinal);
        await RefusedAsync("LossAccepted", null, fenced: Word);
        crew.Results.Clear();
        Assert.True(await RunAsync(Word, Word));
        Assert.All(crew.Results, result => Assert.Equal(FailoverOutcome.Succeeded, result.Outcome));
    }

    [Fact]
    public async Task On_another_timeline_than_the_primarys_it_has_not_come_back()
    {
        script = () => (platform.Active.IsInRecovery, platform.Active.Timeline) = (true, 1);
        Assert.False(await RunAsync());
        Assert.Contains("timeline 1", crew.Results[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_whose_servers_nobody_has_named_has_not_come_back()
    {
        platform.Topology = platform.Topology with { Active = platform.Topology.Active with { Database = null } };
        Assert.Equal(CheckStatus.Unknown, Gate(await MeasureAsync(), "FormerFenced").Status);
    }

    [Fact]
    public async Task A_demoted_Cluster_follows_by_itself_once_its_fence_is_lifted_and_loses_nothing_by_it()
    {
        clusters = new TestClusters("west-db", platform.Active) { Now = new TestClusters("west-db", platform.Active).Now with { FencedInstances = ["*"], ReadyInstances = 0 }, Conflicts = 1 };
        (platform.Active.IsInRecovery, platform.Active.Timeline, platform.Active.IsDown) = (true, 2, true);
        (divergence, hook) = (Divergence(DivergenceVerdict.Unknown, null), null);
        Assert.True(await RunAsync());
        Assert.Equal(["unfence"], clusters.Changes);
        Assert.Equal(["Unfence Cluster/west-db", "Return pg as standby of pg", "Take the freeze off pg, a standby now"], crew.Results.Select(result => result.Action));
        Assert.Empty(hooks);
    }

    [Fact]
    public async Task A_Cluster_that_was_not_demoted_is_built_anew_or_not_at_all()
    {
        clusters = new TestClusters("west-db", platform.Active);
        clusters.Now = clusters.Now with { ReplicaEnabled = false };
        hook = null;
        Assert.Contains("Delete it with its volumes", (await RefusedAsync("RejoinHook")).RecommendedAction, StringComparison.Ordinal);

        // Fenced, it can't be compared: only a person's word helps, and its silence is as it should be.
        hook = "/runbook/rebuild.ps1";
        (platform.Active.IsDown, clusters.Now) = (true, clusters.Now with { FencedInstances = ["*"], ReadyInstances = 1 });
        // The annotation only asks for it.
        Assert.Equal(CheckStatus.Unknown, Gate(await MeasureAsync(Word), "FormerFenced").Status);
        clusters.Now = clusters.Now with { ReadyInstances = 0 };
        divergence = Divergence(DivergenceVerdict.Unknown, null);
        await RefusedAsync("LossAccepted");
        script = () =>
        {
            (platform.Active.IsDown, platform.Active.IsInRecovery, platform.Active.Timeline) = (false, true, 2);
            clusters.Now = clusters.Now with { ReplicaEnabled = true, FencedInstances = [] };
        };
        Assert.True(await RunAsync(Word));
        Assert.Single(hooks);
        Assert.Empty(clusters.Changes);
    }

    private static Finding Gate(FailoverStep step, string name) => step.Preconditions.Where(one => one.Name == name).Select(one => one.Finding).MaxBy(finding => finding.Status)!;

    private Task<FailoverStep> MeasureAsync(Attestation? accepted = null, Attestation? fenced = null) => Return(accepted).MeasureAsync(World(fenced), Token);

    private Task<bool> RunAsync(Attestation? accepted = null, Attestation? fenced = null) => crew.RunAsync(Return(accepted), () => World(fenced));

    private static ReturnStandby Return(Attestation? accepted) => new(accepted, HandCrew.Timeout);

    private async Task<DalpException> RefusedAsync(string gate, Attestation? accepted = null, Attestation? fenced = null)
    {
        var refused = await Assert.ThrowsAsync<DalpException>(() => RunAsync(accepted, fenced));
        Assert.Equal("PreconditionUnmet", refused.ErrorId);
        Assert.Contains($"{gate}: ", refused.Message, StringComparison.Ordinal);
        return refused;
    }

    // The world as it will hold: east is active, west stands by.
    private FailoverWorld World(Attestation? fenced)
    {
        var world = platform.World();
        var after = platform.Topology.Swapped();
        FailoverSite As(FailoverSite site, DalpSite now) => new(now, site.Cluster, site.Control, now.Name == "west" ? clusters : null, null, site.OpenDatabaseAsync);
        return world with
        {
            Topology = after,
            Runbook = HandRunbook.Of(HandCrew.Timeout, new PromotionProcedure(clusters is null ? PromotionMethod.SelfRun : PromotionMethod.CloudNativePgReplica) { ActiveCluster = clusters?.Now.Name, RejoinHook = hook }),
            Active = As(world.Standby, after.Active),
            Standby = As(world.Active, after.Standby),
            MeasureLagAsync = _ => Task.FromResult<IReadOnlyList<DalpReplicationLag>>([Lag()]),
            CompareAsync = _ => Task.FromResult<IReadOnlyList<DalpDivergence>>([divergence]),
            OtherIsFenced = fenced,
            RunHookAsync = (call, _) =>
            {
                hooks.Add(call);
                script?.Invoke();
                return Task.CompletedTask;
            },
        };
    }

    private DalpReplicationLag Lag()
    {
        var follows = platform.Active is { IsInRecovery: true, IsDown: false };
        return new DalpReplicationLag
        {
            Site = "west", Standby = "pg", Primary = "pg", Link = follows ? ReplicationLink.Streaming : ReplicationLink.Broken, Status = follows ? CheckStatus.Pass : CheckStatus.Fail,
            Slot = "standby", Threshold = new LagThreshold(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)), Detail = "As its link shows.", At = platform.Time.GetUtcNow(),
        };
    }

    private static DalpDivergence Divergence(DivergenceVerdict verdict, long? transactions) => new()
    {
        Site = "west", Server = "pg", PrimarySite = "east", Verdict = verdict, LostTransactions = transactions, LostBytes = transactions is null ? null : 500, Detail = "As measured.", At = DateTimeOffset.UnixEpoch,
    };
}
