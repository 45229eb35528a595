using System.Text.Json.Nodes;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Kubernetes;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>What the writing adapters owe on every API server. A server joins the suite with a fixture and an empty subclass.</summary>
public abstract class ControlContract<TServer>(TServer server)
    where TServer : ApiServerFixture
{
    private const int Writers = 8;

    private string Namespace
    {
        get
        {
            Assert.SkipWhen(server.SkipReason is not null, server.SkipReason ?? "");
            return server.Namespace;
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(WorkloadKind.Deployment, "dapp")]
    [InlineData(WorkloadKind.StatefulSet, "redis")]
    public async Task A_workload_is_scaled_and_remembers_its_count_in_one_write(WorkloadKind kind, string name)
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var control = ControlOf(cluster);
        await control.ScaleAsync(ns, kind, name, 0, 3, Token);
        Assert.Equal((0, 3), await CountsAsync(cluster, ns, name));
        await control.ScaleAsync(ns, kind, name, 0, 3, Token);
        Assert.Equal((0, 3), await CountsAsync(cluster, ns, name));
        await control.ScaleAsync(ns, kind, name, 1, null, Token);
        Assert.Equal((1, null), await CountsAsync(cluster, ns, name));
        await control.ScaleAsync(ns, kind, name, 0, null, Token);
        Assert.Equal((0, null), await CountsAsync(cluster, ns, name));
    }

    [Theory]
    [InlineData("many")]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData("99999999999")]
    public async Task A_count_that_is_none_is_not_remembered(string text)
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Operator);
        await server.MergeAsync($"apis/apps/v1/namespaces/{ns}/deployments/dapp", $$$$"""{"metadata":{"annotations":{"dalpha.io/replicas":"{{{{text}}}}"}}}""");
        Assert.Null((await CountsAsync(cluster, ns, "dapp")).Remembered);
    }

    [Fact]
    public async Task What_has_no_replicas_or_is_not_there_or_not_allowed_is_told_apart()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Operator);
        await using var nobody = server.OpenAs(TestUsers.Nobody);
        var control = ControlOf(cluster);
        Assert.Equal("WorkloadNotScalable", (await FailAsync(() => control.ScaleAsync(ns, WorkloadKind.DaemonSet, "agent", 0, null, Token))).ErrorId);
        Assert.Equal("ApiNotFound", (await FailAsync(() => control.ScaleAsync(ns, WorkloadKind.Deployment, "absent", 0, null, Token))).ErrorId);
        Assert.Equal("RouteNotFound", (await FailAsync(() => control.SetRouteOpenAsync(ns, "Ingress", "absent", false, Token))).ErrorId);
        var forbidden = await FailAsync(() => ControlOf(nobody).ScaleAsync(ns, WorkloadKind.Deployment, "dapp", 0, null, Token));
        Assert.Equal("ApiForbidden", forbidden.ErrorId);
        Assert.Contains($"verb 'patch' on 'deployments.apps' in namespace '{ns}'", forbidden.RecommendedAction, StringComparison.Ordinal);
        var refused = await FailAsync(() => control.ScaleAsync(ns, WorkloadKind.Deployment, "dapp", -1, null, Token));
        Assert.Equal(("ApiRefused", FaultKind.InvalidInput), (refused.ErrorId, refused.Kind));
    }

    [Fact]
    public async Task A_CronJob_is_suspended_and_resumed_and_one_that_was_suspended_before_gets_no_note()
    {
        var ns = Namespace;
        // batch/v1 has them from 1.21 on.
        var version = await server.ExistsAsync($"apis/batch/v1/namespaces/{ns}/cronjobs") ? "batch/v1" : "batch/v1beta1";
        var path = $"apis/{version}/namespaces/{ns}/cronjobs";
        await server.CreateAsync(path, CronJobJson(version, "sweep", suspend: false));
        await server.CreateAsync(path, CronJobJson(version, "off", suspend: true));
        await server.MergeAsync($"{path}/sweep/status", """{"status":{"active":[{"kind":"Job","name":"sweep-29312345"}]}}""");
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var control = ControlOf(cluster);
        var sweep = (await cluster.ListCronJobsAsync(ns, Token)).Single(one => one.Name == "sweep");
        Assert.Equal(("chain", "signer"), (sweep.Labels["team"], sweep.PodLabels["app"]));
        Assert.Equal(["sweep-29312345"], sweep.ActiveJobs);
        Assert.Equal("* * * * *", sweep.Schedule);
        Assert.Equal(("main", "busybox:1"), (Assert.Single(sweep.Containers).Name, sweep.Containers[0].Image));
        Assert.Equal([("off", true, false), ("sweep", false, false)], await CronJobsAsync());
        for (var time = 1; time <= 2; time++)
        {
            await control.SetSuspendedAsync(ns, "sweep", true, Token);
            await control.SetSuspendedAsync(ns, "off", true, Token);
            Assert.Equal([("off", true, false), ("sweep", true, true)], await CronJobsAsync());
        }
        Assert.Equal("false", (string?)(await server.ReadAsync($"{path}/sweep"))["metadata"]!["annotations"]!["dalpha.io/suspend"]);
        for (var time = 1; time <= 2; time++)
        {
            await control.SetSuspendedAsync(ns, "sweep", false, Token);
            Assert.Equal([("off", true, false), ("sweep", false, false)], await CronJobsAsync());
        }
        await using var nobody = server.OpenAs(TestUsers.Nobody);
        Assert.Equal("ApiForbidden", (await FailAsync(() => nobody.ListCronJobsAsync(ns, Token))).ErrorId);
        Assert.Equal("CronJobNotFound", (await FailAsync(() => control.SetSuspendedAsync(ns, "absent", true, Token))).ErrorId);
        await server.DeleteAsync($"{path}/sweep");
        await server.DeleteAsync($"{path}/off");

        async Task<IEnumerable<(string, bool, bool)>> CronJobsAsync() =>
            (await cluster.ListCronJobsAsync(ns, Token)).OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => (one.Name, one.IsSuspended, one.IsRemembered));
    }

    [Theory]
    [InlineData("by-field", """{"metadata":{"name":"by-field"},"spec":{"ingressClassName":"nginx","defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}""", "nginx")]
    [InlineData("by-annotation", """{"metadata":{"name":"by-annotation","annotations":{"kubernetes.io/ingress.class":"traefik"}},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}""", "traefik")]
    [InlineData("by-default", """{"metadata":{"name":"by-default"},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}""", null)]
    public async Task An_ingress_is_closed_and_opened_to_the_class_that_it_had(string name, string json, string? className)
    {
        var ns = Namespace;
        await server.CreateAsync($"apis/networking.k8s.io/v1/namespaces/{ns}/ingresses", json);
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var control = ControlOf(cluster);
        Assert.Equal((className, false), await RouteAsync());
        await control.SetRouteOpenAsync(ns, "Ingress", name, open: true, Token);
        Assert.Equal((className, false), await RouteAsync());
        for (var time = 1; time <= 2; time++)
        {
            await control.SetRouteOpenAsync(ns, "Ingress", name, open: false, Token);
            Assert.Equal(("dalpha-closed", true), await RouteAsync());
        }
        for (var time = 1; time <= 2; time++)
        {
            await control.SetRouteOpenAsync(ns, "Ingress", name, open: true, Token);
            Assert.Equal((className, false), await RouteAsync());
        }
        await server.DeleteAsync($"apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/{name}");

        async Task<(string?, bool)> RouteAsync()
        {
            var route = (await cluster.ListIngressRoutesAsync(ns, Token)).Single(one => one.Name == name);
            return (route.ClassName, route.IsClosed);
        }
    }

    [Theory]
    [InlineData("plain", """{"to":{"kind":"Service","name":"dapp"}}""")]
    [InlineData("shared", """{"to":{"kind":"Service","name":"dapp","weight":80},"alternateBackends":[{"kind":"Service","name":"canary","weight":20},{"kind":"Service","name":"old","weight":0}]}""")]
    public async Task A_route_of_OpenShift_is_closed_and_opened_to_the_weights_that_it_had(string name, string spec)
    {
        var ns = Namespace;
        await CustomResources.PlantAsync(server, "routes.route.openshift.io", CustomResources.OpenShiftRoute, $"apis/route.openshift.io/v1/namespaces/{ns}/routes");
        var path = $"apis/route.openshift.io/v1/namespaces/{ns}/routes";
        await server.CreateAsync(path, $$$"""{"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}}}""");
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var control = ControlOf(cluster);
        for (var time = 1; time <= 2; time++)
        {
            await control.SetRouteOpenAsync(ns, "Route", name, open: false, Token);
            Assert.True((await cluster.ListIngressRoutesAsync(ns, Token)).Single(one => one.Name == name).IsClosed);
        }
        for (var time = 1; time <= 2; time++)
        {
            await control.SetRouteOpenAsync(ns, "Route", name, open: true, Token);
            Assert.False((await cluster.ListIngressRoutesAsync(ns, Token)).Single(one => one.Name == name).IsClosed);
        }
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(spec), (await server.ReadAsync($"{path}/{name}"))["spec"]), "It has other weights than before.");
        await server.DeleteAsync($"{path}/{name}");
    }

    [Fact]
    public async Task Backups_are_read_with_what_decides_on_them_and_a_kind_that_is_not_served_is_null()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var backups = ((KubernetesCluster)cluster).Backups;
        await CustomResources.PlantAsync(server, "backups.postgresql.cnpg.io", CustomResources.Of("postgresql.cnpg.io", "Backup", "backups"), $"apis/postgresql.cnpg.io/v1/namespaces/{ns}/backups");
        await CustomResources.PlantAsync(server, "objectstores.barmancloud.cnpg.io", CustomResources.Of("barmancloud.cnpg.io", "ObjectStore", "objectstores"), $"apis/barmancloud.cnpg.io/v1/namespaces/{ns}/objectstores");
        Assert.Empty((await backups.ListDatabaseBackupsAsync(ns, Token))!);
        await server.CreateAsync($"apis/postgresql.cnpg.io/v1/namespaces/{ns}/backups", """{"apiVersion":"postgresql.cnpg.io/v1","kind":"Backup","metadata":{"name":"daily"},"spec":{"cluster":{"name":"pg"}}}""");
        await server.MergeAsync($"apis/postgresql.cnpg.io/v1/namespaces/{ns}/backups/daily/status", """{"status":{"phase":"completed","method":"plugin","stoppedAt":"2026-11-25T02:00:09Z","endLSN":"1/2A000060","error":""}}""");
        await server.CreateAsync($"apis/barmancloud.cnpg.io/v1/namespaces/{ns}/objectstores", """{"apiVersion":"barmancloud.cnpg.io/v1","kind":"ObjectStore","metadata":{"name":"store"},"spec":{}}""");
        await server.MergeAsync($"apis/barmancloud.cnpg.io/v1/namespaces/{ns}/objectstores/store/status", """{"status":{"serverRecoveryWindow":{"pg":{"firstRecoverabilityPoint":"2026-11-18T02:00:00Z","lastSuccessfulBackupTime":"2026-11-25T02:00:09Z"}}}}""");
        var at = new DateTimeOffset(2026, 11, 25, 2, 0, 9, TimeSpan.Zero);
        Assert.Equal([new DatabaseBackup("daily", "pg", "completed", "plugin", at, new Lsn(0x1_2A000060), "")], await backups.ListDatabaseBackupsAsync(ns, Token));
        Assert.Equal([new RecoveryWindow("store", "pg", at.AddDays(-7).AddSeconds(-9), at, null)], await backups.ListRecoveryWindowsAsync(ns, Token));
        Assert.Null(await backups.ListPlatformBackupsAsync(ns, Token));
        await using var nobody = server.OpenAs(TestUsers.Nobody);
        Assert.Equal("ApiForbidden", (await FailAsync(() => ((KubernetesCluster)nobody).Backups.ListDatabaseBackupsAsync(ns, Token))).ErrorId);
    }

    [Fact]
    public async Task A_note_is_made_read_listed_and_replaced_and_is_no_configuration()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var control = ControlOf(cluster);
        var label = new Dictionary<string, string> { ["dalpha.io/journal"] = "f1" };
        var second = await control.WriteNoteAsync(ns, new ClusterNote("note-2", label, new Dictionary<string, string> { ["1"] = "zwei \"und\" {ü}\n" }, null), Token);
        await control.WriteNoteAsync(ns, new ClusterNote("note-1", label, new Dictionary<string, string>(), null), Token);
        await control.WriteNoteAsync(ns, new ClusterNote("note-0", new Dictionary<string, string> { ["dalpha.io/journal"] = "f2" }, new Dictionary<string, string>(), null), Token);
        Assert.Equal(["note-1", "note-2"], (await control.ListNotesAsync(ns, "dalpha.io/journal=f1", Token)).Select(note => note.Name));
        Assert.Equal(["note-0", "note-1", "note-2"], (await control.ListNotesAsync(ns, "dalpha.io/journal", Token)).Select(note => note.Name));
        var found = (await control.FindNoteAsync(ns, "note-2", Token))!;
        Assert.Equal((second.Version, "zwei \"und\" {ü}\n", "f1"), (found.Version, found.Entries["1"], found.Labels["dalpha.io/journal"]));
        var written = await control.WriteNoteAsync(ns, found with { Entries = new Dictionary<string, string> { ["1"] = "1", ["2"] = "2" } }, Token);
        Assert.NotEqual(found.Version, written.Version);
        Assert.Equal(2, (await control.FindNoteAsync(ns, "note-2", Token))!.Entries.Count);
        Assert.Null(await control.FindNoteAsync(ns, "absent", Token));
        Assert.Null(await control.FindNoteAsync(ns, "site", Token));
        Assert.Equal(["site"], (await cluster.ListConfigMapsAsync(ns, new DigestKey(), Token)).Select(map => map.Name));
        var stale = await FailAsync(() => control.WriteNoteAsync(ns, found, Token));
        var taken = await FailAsync(() => control.WriteNoteAsync(ns, new ClusterNote("note-2", label, found.Entries, null), Token));
        var foreign = await FailAsync(() => control.WriteNoteAsync(ns, new ClusterNote("site", label, found.Entries, null), Token));
        Assert.All(new[] { stale, taken, foreign }, failure => Assert.Equal(("ApiConflict", FaultKind.Conflict), (failure.ErrorId, failure.Kind)));
    }

    [Fact]
    public async Task A_lease_keeps_its_times_to_the_microsecond_and_can_be_given_back()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var control = ControlOf(cluster);
        var at = new DateTimeOffset(2026, 11, 25, 23, 0, 5, TimeSpan.FromHours(2)).AddTicks(1234560);
        var lease = new ClusterLease("times", "failover me@here", TimeSpan.FromSeconds(60), at, at.AddSeconds(7), 2, null);
        Assert.Null(await control.FindLeaseAsync(ns, "times", Token));
        var written = await control.WriteLeaseAsync(ns, lease, Token);
        Assert.Equal(lease with { Version = written.Version }, written);
        Assert.Equal(written, await control.FindLeaseAsync(ns, "times", Token));
        var free = await control.WriteLeaseAsync(ns, written with { Holder = null }, Token);
        Assert.Null(free.Holder);
        Assert.Equal("ApiConflict", (await FailAsync(() => control.WriteLeaseAsync(ns, written, Token))).ErrorId);
    }

    [Fact]
    public async Task Of_many_who_write_at_once_one_wins_every_time()
    {
        var ns = Namespace;
        var clusters = Enumerable.Range(0, Writers).Select(_ => server.OpenAs(TestUsers.Operator)).ToList();
        ClusterLease? lease = null;
        ClusterNote? note = null;
        for (var round = 0; round < 5; round++)
        {
            // Each writes what nobody wrote before: an update that changes nothing makes no new version, and keeps nobody out.
            var leases = await RaceAsync(clusters, round, (control, who) => control.WriteLeaseAsync(
                ns, new ClusterLease("race", who, TimeSpan.FromSeconds(60), null, null, 0, lease?.Version), Token));
            lease = Assert.Single(leases);
            Assert.Equal(lease.Holder, (await ControlOf(clusters[0]).FindLeaseAsync(ns, "race", Token))!.Holder);
            var notes = await RaceAsync(clusters, round, (control, who) => control.WriteNoteAsync(
                ns, new ClusterNote("race", new Dictionary<string, string>(), new Dictionary<string, string> { ["who"] = who }, note?.Version), Token));
            note = Assert.Single(notes);
            Assert.Equal(note.Entries["who"], (await ControlOf(clusters[0]).FindNoteAsync(ns, "race", Token))!.Entries["who"]);
        }
        foreach (var cluster in clusters)
        {
            await cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_CloudNativePg_cluster_is_read_with_its_role_and_status()
    {
        var ns = Namespace;
        await PlantClusterAsync("read", """{"self":"west","primary":"east","source":"east","minApplyDelay":"10m"}""");
        await server.MergeAsync($"apis/postgresql.cnpg.io/v1/namespaces/{ns}/clusters/read/status", """
            {"status":{"phase":"Cluster in healthy state","phaseReason":"","currentPrimary":"read-1","targetPrimary":"read-1","currentPrimaryTimestamp":"2026-11-25T21:00:00.000000Z",
             "timelineID":3,"systemID":"7461234567890123456","readyInstances":2,"instances":3,"demotionToken":"abc","lastPromotionToken":"def","switchReplicaClusterStatus":{"inProgress":true},
             "conditions":[{"type":"Ready","status":"True","reason":"r","message":"m","lastTransitionTime":"2026-11-25T21:00:00Z"}]}}
            """);
        await server.MergeAsync($"apis/postgresql.cnpg.io/v1/namespaces/{ns}/clusters/read", """{"metadata":{"annotations":{"cnpg.io/hibernation":"on","cnpg.io/fencedInstances":"[\"read-2\"]"}}}""");
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var read = (await PostgresOf(cluster).FindAsync(ns, "read", Token))!;
        Assert.True(read is
        {
            Self: "west", Primary: "east", Source: "east", ReplicaEnabled: null, PromotionToken: null, MinApplyDelay: "10m", Instances: 3, ReadyInstances: 2, Phase: PostgresCluster.HealthyPhase, PhaseReason: null,
            CurrentPrimary: "read-1", TargetPrimary: "read-1", Timeline: 3, SystemIdentifier: "7461234567890123456", DemotionToken: "abc", LastPromotionToken: "def", IsSwitching: true, IsReady: true,
            IsHibernated: true, IsFenced: false, IsReplica: true, FencedInstances: ["read-2"],
        }, read.ToString());
        Assert.Null(await PostgresOf(cluster).FindAsync(ns, "absent", Token));
    }

    [Fact]
    public async Task A_CloudNativePg_cluster_changes_roles_by_one_patch_each_and_only_as_it_was_read()
    {
        var ns = Namespace;
        await PlantClusterAsync("west", """{"primary":"west","source":"east","promotionToken":"old"}""");
        await PlantClusterAsync("east", """{"primary":"west","source":"west","minApplyDelay":"10m"}""");
        await using var cluster = server.OpenAs(TestUsers.Operator);
        var postgres = PostgresOf(cluster);
        var west = (await postgres.FindAsync(ns, "west", Token))!;
        Assert.False(west.IsReplica);
        var demoted = await postgres.DemoteAsync(west, "east", Token);
        Assert.True(demoted is { Primary: "east", PromotionToken: null, Source: "east", IsReplica: true });
        Assert.Equal("ApiConflict", (await FailAsync(() => postgres.DemoteAsync(west, "east", Token))).ErrorId);
        var east = (await postgres.FindAsync(ns, "east", Token))!;
        var promoted = await postgres.PromoteAsync(east, "token", Token);
        Assert.True(promoted is { Primary: "east", PromotionToken: "token", MinApplyDelay: null, IsReplica: false });
        Assert.Equal("ApiConflict", (await FailAsync(() => postgres.PromoteAsync(east, "token", Token))).ErrorId);
        var fenced = await postgres.SetFencedAsync(demoted, isFenced: true, Token);
        Assert.True(fenced.IsFenced);
        var free = await postgres.SetFencedAsync(fenced, isFenced: false, Token);
        Assert.False(free.IsFenced);

        // Nothing beside it is touched, and what was noted goes with it.
        Assert.Equal((null, null, false), (free.ReadOnlyDefault, free.ReadOnlyBefore, free.AllowsAlterSystem));
        var frozen = await postgres.SetReadOnlyDefaultAsync(free, "on", "", Token);
        Assert.Equal(("on", ""), (frozen.ReadOnlyDefault, frozen.ReadOnlyBefore));
        Assert.Equal("ApiConflict", (await Assert.ThrowsAsync<DalpException>(() => postgres.SetReadOnlyDefaultAsync(free, "off", "", Token))).ErrorId);
        var thawed = await postgres.SetReadOnlyDefaultAsync(frozen, null, null, Token);
        Assert.Equal((null, null), (thawed.ReadOnlyDefault, thawed.ReadOnlyBefore));
        await PlantClusterAsync("alone", """{"enabled":true,"source":"west"}""");
        var alone = (await postgres.FindAsync(ns, "alone", Token))!;
        Assert.True(alone.IsReplica);
        Assert.False((await postgres.DisableReplicaAsync(alone, Token)).IsReplica);
    }

    private static IClusterControl ControlOf(ICluster cluster) => new Infrastructure().OpenClusterControl(cluster);

    private static ICloudNativePg PostgresOf(ICluster cluster) => new Infrastructure().OpenCloudNativePg(cluster);

    private static async Task<(int Desired, int? Remembered)> CountsAsync(ICluster cluster, string ns, string name)
    {
        var workload = (await cluster.ListWorkloadsAsync(ns, Token)).Single(one => one.Name == name);
        return (workload.Desired, workload.RememberedReplicas);
    }

    private static string CronJobJson(string version, string name, bool suspend) => $$$$"""
        {"apiVersion":"{{{{version}}}}","kind":"CronJob","metadata":{"name":"{{{{name}}}}","labels":{"team":"chain"}},"spec":{"schedule":"* * * * *","suspend":{{{{(suspend ? "true" : "false")}}}},
        "jobTemplate":{"spec":{"template":{"metadata":{"labels":{"app":"signer"}},"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1"}] } } } } } }
        """;

    private static Task<DalpException> FailAsync(Func<Task> act) => Assert.ThrowsAsync<DalpException>(act);

    private static async Task<IReadOnlyList<T>> RaceAsync<T>(IReadOnlyList<ICluster> clusters, int round, Func<IClusterControl, string, Task<T>> write)
        where T : class
    {
        var results = await Task.WhenAll(clusters.Select(async (cluster, index) =>
        {
            try
            {
                return await write(ControlOf(cluster), $"writer {index} of round {round}");
            }
            catch (DalpException conflict) when (conflict.ErrorId == "ApiConflict")
            {
                return null;
            }
        }));
        return [.. results.OfType<T>()];
    }

    private async Task PlantClusterAsync(string name, string replica)
    {
        await CustomResources.PlantCloudNativePgAsync(server);
        await server.CreateAsync($"apis/postgresql.cnpg.io/v1/namespaces/{Namespace}/clusters", $$$$"""
            {"apiVersion":"postgresql.cnpg.io/v1","kind":"Cluster","metadata":{"name":"{{{{name}}}}"},"spec":{"instances":3,"replica":{{{{replica}}}} } }
            """);
    }
}

/// <summary>The suite on the lab's endpoint.</summary>
public sealed class LabServerControlTests(LabServer server) : ControlContract<LabServer>(server), IClassFixture<LabServer>;

/// <summary>The suite on a real kube-apiserver.</summary>
public sealed class RealServerControlTests(RealServer server) : ControlContract<RealServer>(server), IClassFixture<RealServer>;
