using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>A site is isolated by hand, let free again, and waited for.</summary>
public sealed class SiteIsolationTests : IDisposable
{
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;

    public SiteIsolationTests() => crew = new HandCrew(platform);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task An_isolated_site_is_let_free_as_it_was_and_not_while_the_other_serves()
    {
        platform.Active.Cluster.Routes = [.. platform.Active.Cluster.Routes, new IngressRoute("Route", "dapp", null, ["dalp.example.com"])];
        var counts = Counts(platform.Active);
        Assert.True(await crew.RunAsync(new IsolateStep()));
        Assert.All(platform.Active.Cluster.Workloads, workload => Assert.Equal(0, workload.Desired));
        Assert.All(platform.Active.Cluster.Routes, route => Assert.True(route.IsClosed));
        Assert.True(platform.Active.IsReadOnly);

        platform.Standby.IsInRecovery = false;
        await crew.RefusedAsync(new Unprotect(HandCrew.Timeout));
        platform.Standby.IsReadOnly = true;
        Assert.True(await crew.RunAsync(new Unprotect(HandCrew.Timeout)));
        Assert.Equal(counts, Counts(platform.Active));
        Assert.All(platform.Active.Cluster.Routes, route => Assert.False(route.IsClosed));
        Assert.True(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_database_that_is_silent_keeps_it_from_being_isolated_until_a_person_vouches_for_it()
    {
        platform.Active.DatabaseFailure = TestSite.Down();
        Assert.False(await crew.RunAsync(new IsolateStep()));
        Assert.Equal(FailoverOutcome.NotStarted, crew.Results.Single(result => result.Action == "Freeze writes on pg").Outcome);
        Assert.All(platform.Active.Cluster.Workloads, workload => Assert.Equal(0, workload.Desired));

        platform.ActiveIsGone = new Attestation("Jane Doe", "Its host is without power.");
        crew.Results.Clear();
        Assert.True(await crew.RunAsync(new IsolateStep()));
        Assert.Contains(crew.Results, result => result.Detail.Contains("Jane Doe vouches: Its host is without power.", StringComparison.Ordinal));
        Assert.Contains(crew.Warnings, warning => warning.Contains("Jane Doe vouches", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_CloudNativePg_cluster_is_frozen_and_then_fenced_and_let_free_again()
    {
        platform.Active.Postgres = new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1", Phase = PostgresCluster.HealthyPhase };
        Assert.True(await crew.RunAsync(new IsolateStep()));
        Assert.Equal(["parameter on", "fence True"], platform.Active.Changes.Where(change => change is "parameter on" or "fence True"));
        Assert.Equal("Fenced; PostgreSQL does not answer.", crew.Results.Single(result => result.Action == "Fence Cluster/pg-west").Detail);

        // PostgreSQL can't be asked any more, and need not be.
        crew.Results.Clear();
        Assert.True(await crew.RunAsync(new IsolateStep()));
        Assert.All(crew.Results, result => Assert.False(result.HasActed));
        Assert.DoesNotContain(crew.Results, result => result.Action.StartsWith("Freeze", StringComparison.Ordinal));

        // It comes back frozen, and only then is it let write.
        Assert.True(await crew.RunAsync(new Unprotect(HandCrew.Timeout)));
        Assert.Equal(["fence False", "parameter out"], platform.Active.Changes.Where(change => change is "fence False" or "parameter out"));
        Assert.True(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_cluster_that_follows_another_is_not_fenced_and_one_that_is_not_there_is_told()
    {
        platform.Active.Postgres = new PostgresCluster { Namespace = "dalp", Name = "pg-west", Version = "1", ReplicaEnabled = true };
        platform.Active.IsInRecovery = true;
        Assert.True(await crew.RunAsync(new IsolateStep()));
        Assert.DoesNotContain("fence True", platform.Active.Changes);

        crew.Promotion = new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { ActiveCluster = "other" };
        Assert.Contains("no CloudNativePG Cluster 'other'", (await crew.RefusedAsync(new IsolateStep())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_that_has_come_back_as_a_standby_starts_only_what_a_standby_runs()
    {
        await crew.RunAsync(new IsolateStep());
        (platform.Active.IsInRecovery, platform.Standby.IsInRecovery) = (true, false);
        Assert.True(await crew.RunAsync(new Unprotect(HandCrew.Timeout)));
        Assert.Equal([("dapi", 0), ("dapp", 2), ("signer", 0), ("validator", 0)], Counts(platform.Active));
    }

    [Fact]
    public async Task What_has_no_count_is_told_and_keeps_nobody_from_isolating_the_rest()
    {
        platform.Active.Cluster.Workloads.Add(Given.Workload("dapp", 1, kind: WorkloadKind.DaemonSet));
        await crew.RunAsync(new IsolateStep());
        Assert.Contains(crew.Warnings, warning => warning.Contains("DaemonSet/dapp remains", StringComparison.Ordinal));
        Assert.Contains("scale dapi 0", platform.Active.Changes);
    }

    [Fact]
    public async Task A_silent_site_is_isolated_as_soon_as_it_answers_and_its_database_before_its_cluster()
    {
        await crew.RunAsync(new SuspendWrites());
        await crew.RunAsync(new PromoteStep());
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
        await new SiteWatch(crew.World(), crew, HandCrew.Timeout, crew.Journal()).IsolateAsync(TimeSpan.FromHours(1), Token);
        Assert.Equal(("Freeze writes on pg", true), (crew.Results[0].Action, crew.Results[0].HasActed));
        Assert.All(platform.Active.Cluster.Workloads, workload => Assert.Equal(0, workload.Desired));
        Assert.False(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task Waiting_for_a_silent_site_has_an_end()
    {
        platform.Active.SetDown(true);
        var failure = await Assert.ThrowsAsync<DalpException>(() => new SiteWatch(crew.World(), crew, HandCrew.Timeout, crew.Journal()).IsolateAsync(TimeSpan.FromSeconds(30), Token));
        Assert.Equal("SiteNotIsolated", failure.ErrorId);
        Assert.Empty(platform.Active.Changes);
    }

    private static IReadOnlyList<(string, int)> Counts(TestSite site) => [.. site.Cluster.Workloads.Select(workload => (workload.Name, workload.Desired)).Order()];
}
