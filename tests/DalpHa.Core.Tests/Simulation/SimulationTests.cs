using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Simulation;
using DalpHa.Core.Tests.Readiness;

namespace DalpHa.Core.Tests.Simulation;

public sealed class SimulationTests
{
    private const string Ns = "dalp";
    private readonly RecordingPorts real = new();
    private readonly List<ToldWrite> told = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_workload_that_is_told_to_stop_shows_no_replica_and_no_pod_and_its_neighbour_is_untouched()
    {
        var (cluster, control) = Cluster();
        await control.ScaleAsync(Ns, WorkloadKind.Deployment, "dapi", 0, 2, Token);
        var workloads = await cluster.ListWorkloadsAsync(Ns, Token);
        var dapi = workloads.Single(one => one.Name == "dapi");
        Assert.Equal((0, 0, 2), (dapi.Desired, dapi.Ready, dapi.RememberedReplicas));
        Assert.Equal((1, 1, null), (workloads[1].Desired, workloads[1].Ready, workloads[1].RememberedReplicas));
        Assert.Equal(["dapi-worker-0"], (await cluster.ListPodsAsync(Ns, Token)).Select(pod => pod.Name));
        NothingSent(new ToldWrite("lab-active", "Deployment/dapi", "Scale to 0, and remember 2."));
    }

    [Fact]
    public async Task A_workload_that_is_told_to_start_is_ready_with_its_pods_and_forgets_its_count()
    {
        var (cluster, control) = Cluster();
        await control.ScaleAsync(Ns, WorkloadKind.Deployment, "dapi", 0, 2, Token);
        await control.ScaleAsync(Ns, WorkloadKind.Deployment, "dapi", 3, null, Token);
        var dapi = (await cluster.ListWorkloadsAsync(Ns, Token))[0];
        Assert.True(dapi is { Desired: 3, IsFullyReady: true, RememberedReplicas: null });
        var pods = (await cluster.ListPodsAsync(Ns, Token)).Where(pod => pod.Name.StartsWith("dapi-", StringComparison.Ordinal) && pod.Labels["app"] == "dapi").ToList();
        Assert.Equal(3, pods.Count);
        Assert.All(pods, pod => Assert.True(pod.IsReady));
        NothingSent();
    }

    [Fact]
    public async Task A_route_that_is_told_to_close_is_closed_and_opens_again()
    {
        var (cluster, control) = Cluster();
        await control.SetRouteOpenAsync(Ns, "Ingress", "dalp", open: false, Token);
        Assert.True(Assert.Single(await cluster.ListIngressRoutesAsync(Ns, Token)).IsClosed);
        await control.SetRouteOpenAsync(Ns, "Ingress", "dalp", open: true, Token);
        Assert.False(Assert.Single(await cluster.ListIngressRoutesAsync(Ns, Token)).IsClosed);
        NothingSent();
    }

    [Fact]
    public async Task Notes_and_leases_are_read_back_and_a_stale_one_is_refused_as_the_real_cluster_would()
    {
        real.Notes.Add(new ClusterNote("old", new Dictionary<string, string> { ["dalpha.io/journal"] = "f1" }, new Dictionary<string, string>(), "7"));
        real.Lease = new ClusterLease("dalpha-failover", "somebody", TimeSpan.FromSeconds(60), null, null, 1, "8");
        var (_, control) = Cluster();
        var note = await control.WriteNoteAsync(Ns, new ClusterNote("new", new Dictionary<string, string> { ["dalpha.io/journal"] = "f1" }, new Dictionary<string, string> { ["1"] = "a" }, null), Token);
        Assert.Equal(["new", "old"], (await control.ListNotesAsync(Ns, "dalpha.io/journal=f1", Token)).Select(one => one.Name));
        Assert.Equal("a", (await control.FindNoteAsync(Ns, "new", Token))!.Entries["1"]);
        await control.WriteNoteAsync(Ns, note, Token);
        var stale = await Assert.ThrowsAsync<DalpException>(() => control.WriteNoteAsync(Ns, note, Token));
        var lease = await control.WriteLeaseAsync(Ns, real.Lease with { Holder = "me" }, Token);
        Assert.Equal(lease, await control.FindLeaseAsync(Ns, lease.Name, Token));
        var taken = await Assert.ThrowsAsync<DalpException>(() => control.WriteLeaseAsync(Ns, lease with { Version = null }, Token));
        Assert.Equal((FaultKind.Conflict, FaultKind.Conflict), (stale.Kind, taken.Kind));
        NothingSent();
    }

    [Fact]
    public async Task A_database_that_is_told_to_freeze_stands_still_while_the_real_one_writes_on()
    {
        var database = new TellingDatabaseControl(real, "west", told.Add);
        await database.SetReadOnlyAsync(true, Token);
        Assert.Equal(2, (await database.ReadActivityAsync(Token)).WritersRunning);
        Assert.Equal(5, await database.EndSessionsAsync(Token));
        var first = await database.ReadActivityAsync(Token);
        real.Activity = real.Activity with { NextTransactionId = 900, CurrentLsn = new(5000), At = real.Activity.At.AddSeconds(1) };
        var second = await database.ReadActivityAsync(Token);
        Assert.True(second is { IsReadOnly: true, WritersRunning: 0, Sessions: 0 });
        Assert.Equal((first.NextTransactionId, first.CurrentLsn), (second.NextTransactionId, second.CurrentLsn));
        await database.SetReadOnlyAsync(false, Token);
        Assert.True(await database.ReadActivityAsync(Token) is { IsReadOnly: false, NextTransactionId: 900, WritersRunning: 2 });
        NothingSent();
    }

    [Fact]
    public async Task A_standby_that_is_told_to_promote_is_a_primary_on_the_next_timeline_and_its_proof_is_simulated()
    {
        real.Activity = real.Activity with { IsInRecovery = true, NextTransactionId = null, CurrentLsn = null, Timeline = 3 };
        var database = new TellingDatabaseControl(real, "west", told.Add);
        Assert.Null(await database.ProveWriteAsync("mark", Token));
        Assert.Empty(told);
        await database.PromoteAsync(Token);
        Assert.True(await database.ReadActivityAsync(Token) is { IsInRecovery: false, Timeline: 4 });
        Assert.Equal(4, (await database.ProveWriteAsync("mark", Token))!.Timeline);
        NothingSent(new ToldWrite("west", "db", "Commit a mark that changes no table: 'mark'."));
    }

    [Fact]
    public async Task A_primary_that_an_operator_is_told_to_demote_follows_in_the_telling()
    {
        var database = new TellingDatabaseControl(real, "west", told.Add);
        await database.SetReadOnlyAsync(true, Token);
        database.ShowDemoted();
        Assert.True((await database.ReadActivityAsync(Token)).IsInRecovery);
        Assert.Null(await database.ProveWriteAsync("mark", Token));
        NothingSent();
    }

    [Fact]
    public async Task CloudNativePg_clusters_change_roles_in_the_telling()
    {
        real.Cluster = new PostgresCluster { Namespace = Ns, Name = "west", Version = "5", Primary = "west", Source = "east", Timeline = 3, PromotionToken = "old" };
        var pg = new TellingCloudNativePg(real, "lab-active", told.Add);
        var demoted = await pg.DemoteAsync(real.Cluster, "east", Token);
        Assert.True(demoted is { IsReplica: true, PromotionToken: null, DemotionToken: TellingCloudNativePg.TokenToCome });
        var fenced = await pg.SetFencedAsync(demoted, isFenced: true, Token);
        Assert.True(fenced is { IsFenced: true, IsReplica: true });
        var promoted = await pg.PromoteAsync(await pg.SetFencedAsync(fenced, isFenced: false, Token), "token", Token);
        Assert.True(promoted is { IsReplica: false, IsFenced: false, LastPromotionToken: "token", Timeline: 4, Phase: PostgresCluster.HealthyPhase });
        real.Cluster = real.Cluster with { Primary = null, ReplicaEnabled = true };
        var alone = new TellingCloudNativePg(real, "lab-active", told.Add);
        Assert.True(await alone.DisableReplicaAsync(real.Cluster, Token) is { IsReplica: false, Timeline: 4 });
        NothingSent();
    }

    private (SimulatedCluster Cluster, TellingClusterControl Control) Cluster()
    {
        var changes = new SimulatedChanges();
        var cluster = new FakeCluster
        {
            Workloads = [Workload("dapi", 2), Workload("dapi-worker", 1)],
            Pods = [Pod("dapi-0", "dapi"), Pod("dapi-1", "dapi"), Pod("dapi-worker-0", "dapi-worker")],
            Routes = [new IngressRoute("Ingress", "dalp", "nginx", ["dalp.example.com"])],
        };
        return (new SimulatedCluster(cluster, changes), new TellingClusterControl(real, "lab-active", changes, told.Add));
    }

    private void NothingSent(ToldWrite? last = null)
    {
        Assert.Empty(real.Writes);
        Assert.NotEmpty(told);
        if (last is not null)
        {
            Assert.Equal(last, told[^1]);
        }
    }

    private static Workload Workload(string name, int replicas) => new(
        WorkloadKind.Deployment, name, new Dictionary<string, string>(), new Dictionary<string, string> { ["app"] = name }, replicas, replicas, replicas, IsObserved: true, []);

    private static Pod Pod(string name, string app) => new(Ns, name, new Dictionary<string, string> { ["app"] = app }, "Running", true, false, "node", []);
}
