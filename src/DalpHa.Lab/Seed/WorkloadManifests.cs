using System.Globalization;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>The platform's workloads. What must not run twice, or needs a database that takes writes, is staged at zero on the standby.</summary>
internal static class WorkloadManifests
{
    public const string Version = "2.4.1";
    private const string Registry = "registry.lab.test/dalp";
    private const string PostgresImage = "registry.lab.test/cloudnative-pg/postgresql:17.5";

    private sealed record Service(string Component, int Replicas, bool RunsOnStandby, int Port, string Cpu, string Memory, bool OnlyOne = false)
    {
        /// <summary>What it needs of its site's database to be ready; null when nothing.</summary>
        public string? Needs { get; init; }
    }

    private static readonly Service[] Services =
    [
        new("dapp", 2, true, 3000, "250m", "512Mi"),
        new("dapi", 2, true, 3001, "500m", "1Gi") { Needs = LabMarks.NeedsReads },
        new("erpc", 1, true, 4000, "250m", "256Mi"),
        new("workflow", 1, false, 8080, "500m", "1Gi") { Needs = LabMarks.NeedsWrites },
        new("indexer", 1, false, 42069, "500m", "2Gi") { Needs = LabMarks.NeedsWrites },
        new("txsigner", 1, false, 3000, "100m", "256Mi", OnlyOne: true),
    ];

    public static IEnumerable<IKubernetesObject<V1ObjectMeta>> For(LabSite site) =>
    [
        .. Services.Select(service => Deployment(service, site.IsActive, site.ReadyAfter)),
        .. Services.Select(ServiceOf),
        Validators(site.IsActive),
        RollUp(site.IsActive),
        Database(site),
        new V1Service
        {
            Metadata = Naming.Platform("postgresql-rw", "postgresql"),
            Spec = new V1ServiceSpec { Selector = Naming.Selector("postgresql"), Ports = [new V1ServicePort { Name = "postgres", Port = 5432 }] },
        },
        Claim("dalp-workflow-state", "10Gi"),
        Claim(site.DatabasePod, "50Gi"),
    ];

    public static string Image(string component, string version = Version) => $"{Registry}/{component}:{version}";

    private static V1Deployment Deployment(Service service, bool isActive, int readyAfter) => new()
    {
        Metadata = Naming.Platform($"dalp-{service.Component}", service.Component),
        Spec = new V1DeploymentSpec
        {
            Replicas = isActive || service.RunsOnStandby ? service.Replicas : 0,
            Selector = new V1LabelSelector { MatchLabels = Naming.Selector(service.Component) },
            Strategy = new V1DeploymentStrategy { Type = service.OnlyOne ? "Recreate" : "RollingUpdate" },
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = Naming.Labels(service.Component), Annotations = Annotations(service, readyAfter) },
                Spec = new V1PodSpec
                {
                    Containers =
                    [
                        new V1Container
                        {
                            Name = service.Component,
                            Image = Image(service.Component),
                            Ports = [new V1ContainerPort { ContainerPort = service.Port }],
                            EnvFrom =
                            [
                                new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = "dalp-db" } },
                                new V1EnvFromSource { ConfigMapRef = new V1ConfigMapEnvSource { Name = "dalp-config" } },
                            ],
                            Resources = new V1ResourceRequirements { Requests = Naming.Amounts(service.Cpu, service.Memory) },
                        },
                    ],
                },
            },
        },
    };

    private static Dictionary<string, string>? Annotations(Service service, int readyAfter)
    {
        var annotations = new Dictionary<string, string>();
        if (service.Needs is not null)
        {
            annotations[LabMarks.NeedsDatabase] = service.Needs;
        }
        if (readyAfter > 0)
        {
            annotations[LabMarks.ReadyAfter] = readyAfter.ToString(CultureInfo.InvariantCulture);
        }
        return annotations.Count == 0 ? null : annotations;
    }

    private static V1Service ServiceOf(Service service) => new()
    {
        Metadata = Naming.Platform($"dalp-{service.Component}", service.Component),
        Spec = new V1ServiceSpec { Selector = Naming.Selector(service.Component), Ports = [new V1ServicePort { Name = "http", Port = 80, TargetPort = service.Port }] },
    };

    private static V1StatefulSet Validators(bool isActive) => new()
    {
        Metadata = Naming.Platform("besu-validator", "validator"),
        Spec = new V1StatefulSetSpec
        {
            Replicas = isActive ? 4 : 0,
            ServiceName = "besu-validator",
            PodManagementPolicy = "Parallel",
            Selector = new V1LabelSelector { MatchLabels = Naming.Selector("validator") },
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = Naming.Labels("validator") },
                Spec = new V1PodSpec
                {
                    Containers =
                    [
                        new V1Container
                        {
                            Name = "besu",
                            Image = "registry.lab.test/hyperledger/besu:25.7.0",
                            Ports = [new V1ContainerPort { Name = "rpc", ContainerPort = 8545 }, new V1ContainerPort { Name = "p2p", ContainerPort = 30303 }],
                            Resources = new V1ResourceRequirements { Requests = Naming.Amounts("1", "4Gi") },
                            VolumeMounts = [new V1VolumeMount { Name = "data", MountPath = "/data" }],
                        },
                    ],
                },
            },
            VolumeClaimTemplates = [new V1PersistentVolumeClaim { Metadata = new V1ObjectMeta { Name = "data", Labels = Naming.Labels("validator") }, Spec = ClaimSpec("100Gi") }],
        },
    };

    // It writes, and so it is suspended where the indexer is staged. Once a year, since a lab on a real API server would run it.
    private static V1CronJob RollUp(bool isActive) => new()
    {
        Metadata = Naming.Platform("dalp-rollup", "indexer"),
        Spec = new V1CronJobSpec
        {
            Schedule = "30 2 1 1 *",
            Suspend = !isActive,
            ConcurrencyPolicy = "Forbid",
            JobTemplate = new V1JobTemplateSpec
            {
                Spec = new V1JobSpec
                {
                    Template = new V1PodTemplateSpec
                    {
                        Metadata = new V1ObjectMeta { Labels = Naming.Labels("rollup") },
                        Spec = new V1PodSpec
                        {
                            RestartPolicy = "Never",
                            Containers =
                            [
                                new V1Container
                                {
                                    Name = "rollup",
                                    Image = Image("indexer"),
                                    EnvFrom = [new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = "dalp-db" } }],
                                    Resources = new V1ResourceRequirements { Requests = Naming.Amounts("100m", "256Mi") },
                                },
                            ],
                        },
                    },
                },
            },
        },
    };

    // CloudNativePG makes bare pods; a tunnel to this one ends at the real server.
    public static V1Pod Database(LabSite site)
    {
        var meta = Naming.Platform(site.DatabasePod, "postgresql");
        meta.Labels["cnpg.io/cluster"] = site.DatabaseCluster;
        meta.Labels["cnpg.io/instanceName"] = site.DatabasePod;
        meta.Labels["cnpg.io/instanceRole"] = "primary";
        meta.Annotations = new Dictionary<string, string>
        {
            [LabMarks.ForwardOf(5432)] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{site.DatabasePort}"),
        };
        return new V1Pod
        {
            Metadata = meta,
            Spec = new V1PodSpec
            {
                Containers =
                [
                    new V1Container
                    {
                        Name = "postgres",
                        Image = PostgresImage,
                        Ports = [new V1ContainerPort { Name = "postgresql", ContainerPort = 5432 }],
                        Resources = new V1ResourceRequirements { Requests = Naming.Amounts("1", "4Gi") },
                    },
                ],
                Volumes = [new V1Volume { Name = "pgdata", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = site.DatabasePod } }],
            },
        };
    }

    private static V1PersistentVolumeClaim Claim(string name, string size) => new() { Metadata = Naming.Platform(name), Spec = ClaimSpec(size) };

    private static V1PersistentVolumeClaimSpec ClaimSpec(string size) => new()
    {
        AccessModes = ["ReadWriteOnce"],
        StorageClassName = "fast",
        Resources = new V1VolumeResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new(size) } },
    };
}
