using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using Microsoft.Extensions.Time.Testing;

namespace DalpHa.Core.Tests.Readiness;

/// <summary>A healthy pair of sites; a test spoils one thing of it and looks what one check says.</summary>
internal sealed class Given : IReplicationView
{
    public const string Sha1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    public const string Sha2 = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public FakeCluster Active { get; } = Site("eu-west", 2);
    public FakeCluster Standby { get; } = Site("eu-central", 0);
    public FakeTimeProvider Time { get; } = new(Now);
    public List<ServerObservation> ActiveServers { get; } = [Server("west", "pg-1", Database("pg-1"))];
    public List<ServerObservation> StandbyServers { get; } = [Server("central", "pg-2", Database("pg-2") with { IsInRecovery = true, Slots = [], Receiver = new("streaming", "pg-1", 5432, "standby", new Lsn(100), Now) })];
    public List<DalpReplicationLag> Lags { get; } = [Lag()];
    public Dictionary<string, Func<ValidatorSample>> Nodes { get; } = [];
    public DalpException? ActiveOpenFailure { get; set; }
    public DalpTopology Topology { get; set; } = new()
    {
        Name = "production",
        Path = "dalpha.yaml",
        Active = SiteOf(SiteRole.Active, "west"),
        Standby = SiteOf(SiteRole.Standby, "central"),
        Workloads = [Rule("dapp", StandbyMode.Running, WorkloadRole.Service), Rule("validator", StandbyMode.Zero, WorkloadRole.Validator) with { Replicas = 2 }],
        RequiredSecrets = ["dalp-db"],
        SiteSpecificHelmValues = ["global.region"],
        SiteSpecificConfigMaps = [new("dalp-site", null)],
    };

    public DalpAccount Account { get; set; } = DalpAccount.Operator;

    public ReadinessContext Context()
    {
        var key = new DigestKey();
        return new ReadinessContext(
            Topology,
            new SiteView(Topology.Active, ActiveOpenFailure is null ? Active : null, ActiveOpenFailure, key, Open, CancellationToken.None),
            new SiteView(Topology.Standby, Standby, null, key, Open, CancellationToken.None),
            this,
            Time) { Account = Account };
    }

    public async Task<IReadOnlyList<DalpCheckResult>> Run(params string[] checks)
    {
        var results = new List<DalpCheckResult>();
        var run = new ReadinessRun(Context(), TimeSpan.FromSeconds(30));
        await foreach (var result in run.RunAsync(ReadinessChecks.Select(checks), TestContext.Current.CancellationToken))
        {
            results.Add(result);
        }
        return results;
    }

    public Task<IReadOnlyList<DalpReplicationLag>> GetLagAsync() => Task.FromResult<IReadOnlyList<DalpReplicationLag>>(Lags);

    public Task<IReadOnlyList<ServerObservation>> GetServersAsync(SiteRole role) =>
        Task.FromResult<IReadOnlyList<ServerObservation>>(role == SiteRole.Active ? ActiveServers : StandbyServers);

    private IValidatorNode Open(ValidatorSettings validator) => new FakeNode(validator.Rpc!, Nodes.GetValueOrDefault(validator.Name) ?? (() => throw Unreachable()));

    public static DalpException Unreachable() => new("ClusterUnreachable", FaultKind.Unreachable, "Connection refused.", "Look at the network.", "fake");

    public static Workload Workload(string name, int desired, int? ready = null, decimal cpu = 0.5m, string image = "ghcr.io/dalp/app:1.4.2", WorkloadKind kind = WorkloadKind.Deployment)
    {
        var labels = new Dictionary<string, string> { ["app"] = name };
        return new Workload(kind, name, labels, labels, desired, ready ?? desired, desired, true, [new ContainerTemplate("main", image, false, new ResourceAmounts(cpu, 512 << 20))]);
    }

    public static ContainerTemplate Container(string image) => new("main", image, false, new ResourceAmounts(0.1m, 64 << 20));

    public static CronJob CronJob(string name, string app)
    {
        var labels = new Dictionary<string, string> { ["app"] = app };
        return new CronJob(name, labels, labels, false, []) { Schedule = "30 2 * * *", Containers = [Container("ghcr.io/dalp/app:1.4.2")] };
    }

    public static Pod Pod(string workload, int index, string digest = Sha1) => new(
        "dalp", $"{workload}-{index}", new Dictionary<string, string> { ["app"] = workload, ["pod-template-hash"] = "x" }, "Running", true, false, "node-1",
        [new ContainerState("main", "ghcr.io/dalp/app:1.4.2", "ghcr.io/dalp/app@" + digest, false, true, 0, null, null, null)])
        { Owner = workload == "validator" ? "StatefulSet/validator" : $"Deployment/{workload}" };

    public static Node Node(string name, decimal cpu, string? region) =>
        new(name, true, false, [], new ResourceAmounts(cpu, 16L << 30), 110, region, region + "-a", "v1.32.4");

    public static WorkloadRule Rule(string name, StandbyMode mode, WorkloadRole role) => new(name, LabelSelector.Parse("app=" + name), mode, role);

    public static TlsCertificate Certificate(int days, params string[] names) =>
        new("dalp-tls", "CN=dalp", names, Now.AddDays(-60), Now.AddDays(days), null);

    public static ServerObservation Server(string site, string name, DatabaseSample sample) => new(name, site, sample, null);

    public static DatabaseSample Database(string name) => new(
        name, Now, Now.AddDays(-3), 150018, "7000", 1, false, false, new Lsn(100), null, null, null, false, null, null, [],
        [new ReplicationSlot("standby", true, 42, "reserved", 1 << 30, new Lsn(90))], null, true);

    public static DalpReplicationLag Lag() => new()
    {
        Site = "central", Standby = "pg-2", Primary = "pg-1", Link = ReplicationLink.Streaming, Status = CheckStatus.Pass, LagBytes = 0, LagTime = TimeSpan.Zero,
        Threshold = new LagThreshold(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)), Detail = "It has everything.", At = Now,
    };

    private static DalpSite SiteOf(SiteRole role, string name) => new()
    {
        Role = role,
        Name = name,
        Cluster = new ClusterAddress("dalp-" + name),
        Namespace = "dalp",
        Database = new DatabaseSettings { Servers = [new DatabaseServerSettings { Name = "pg", Host = "db" }] },
        Validators = [new ValidatorSettings("validator-1", new Uri("http://127.0.0.1:8545"))],
    };

    private static FakeCluster Site(string region, int validators)
    {
        var site = new FakeCluster
        {
            Workloads = [Workload("dapp", 2), Workload("validator", validators, kind: WorkloadKind.StatefulSet)],
            Pods = [Pod("dapp", 0), Pod("dapp", 1)],
            Secrets = [Secret("dalp-db", ("password", "d1"), ("username", "d2"))],
            ConfigMaps = [Map("dalp", "c1"), Map("dalp-site", region)],
            Routes = [new IngressRoute("Ingress", "dapp", "nginx", ["dapp.example.com"]) { Certificates = [new(["dapp.example.com"], "dalp-tls")] }],
            Releases = [new HelmRelease("dalp", 3, "dalp", "2.1.0", "2.1", Values(("global.region", region), ("replicas", "v1"), ("global.domain", "v2")))],
            Certificates = [Certificate(90, "*.example.com")],
            Nodes = [Node("node-1", 4, region), Node("node-2", 4, region)],
            Claims = [new VolumeClaim("data", "fast", "Bound")],
            StorageClasses = [new ClusterClass("fast", "csi", true)],
            IngressClasses = [new ClusterClass("nginx", "k8s.io/ingress-nginx", true)],
        };
        site.Pods.AddRange(Enumerable.Range(0, validators).Select(index => Pod("validator", index)));
        return site;
    }

    public static SecretDigest Secret(string name, params (string Key, string Digest)[] keys) =>
        new(name, "Opaque", keys.ToDictionary(pair => pair.Key, pair => pair.Digest));

    public static Dictionary<string, string> Values(params (string Path, string Digest)[] values) => values.ToDictionary(pair => pair.Path, pair => pair.Digest);

    public static ConfigMapDigest Map(string name, string digest) => new(name, new Dictionary<string, string> { ["config.yaml"] = digest });

    private sealed class FakeNode(Uri rpc, Func<ValidatorSample> sample) : IValidatorNode
    {
        public Uri Rpc => rpc;

        public async Task<ValidatorSample> SampleAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            return sample();
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
