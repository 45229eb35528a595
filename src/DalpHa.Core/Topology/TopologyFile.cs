using System.Collections.Immutable;
using System.Globalization;
using DalpHa.Core.Clusters;
using DalpHa.Core.Documents;
using DalpHa.Core.Documents.Shapes;

namespace DalpHa.Core.Topology;

/// <summary>
/// The topology file, described once: its keys, what each may be, and which property it sets. Reading with all its errors, the JSON schema
/// and the scaffold come from here. To add a key, add a line here, and the property that it sets.
/// </summary>
internal static class TopologyFile
{
    /// <summary>The form of the file that this version reads.</summary>
    public const string ApiVersion = "dalpha/v1";

    private const string UniqueName = "name";
    private static readonly DalpThresholds Defaults = new();

    private static readonly Shape<ForwardTarget> Forward = new MappingShape<ForwardTarget>("forward", new ForwardTarget("", null, null, 0))
        .Optional("pod", Scalars.Subdomain, "The pod to tunnel to.", (f, v) => f with { Pod = v }, "postgresql-primary-1")
        .Optional("service", Scalars.Label, "The service whose first ready pod is tunnelled to.", (f, v) => f with { Service = v }, "postgresql-rw")
        .Required("port", Scalars.Port, "The pod's or the service's port.", (f, v) => f with { Port = v }, "5432")
        .ExactlyOneOf("pod", "service");

    private static Shape<SecretLogin> Login(string secret) => new MappingShape<SecretLogin>("login", new SecretLogin(""))
        .Required("secret", Scalars.Subdomain, "The Secret, in the site's namespace.", (l, v) => l with { Secret = v }, secret)
        .Optional("usernameKey", Scalars.SecretKey, "The key that holds the user name.", (l, v) => l with { UserNameKey = v }, @default: new SecretLogin("").UserNameKey)
        .Optional("passwordKey", Scalars.SecretKey, "The key that holds the password.", (l, v) => l with { PasswordKey = v }, @default: new SecretLogin("").PasswordKey);

    private static Shape<DatabaseServerSettings> Server(string name, string host) => new MappingShape<DatabaseServerSettings>("server", new DatabaseServerSettings { Name = "" })
        .Required("name", Scalars.Text, "The server's name, as output shows it.", (s, v) => s with { Name = v }, name)
        .Optional("host", Scalars.Host, "Where it listens, when this machine reaches it.", (s, v) => s with { Host = v }, host)
        .Optional("port", Scalars.Port, "Its port.", (s, v) => s with { Port = v }, @default: Number(new DatabaseServerSettings { Name = "" }.Port))
        .Optional("forward", Forward, "A tunnel through the API server, when this machine does not reach it.", (s, v) => s with { Forward = v })
        .ExactlyOneOf("host", "forward")
        .Rule(["forward", "port"], s => s.Forward is not null && s.Port != new DatabaseServerSettings { Name = "" }.Port
            ? ("port", new Problem("PortOfForward", "'port' belongs to a host; a tunnel has its own.", "'port' inside 'forward'"))
            : null);

    private static Shape<DatabaseSettings> Database(SiteRole role) => new MappingShape<DatabaseSettings>("database", new DatabaseSettings { Servers = [] })
        .Optional("database", Scalars.Text, "The database to connect to.", (d, v) => d with { Database = v }, "dalp", new DatabaseSettings { Servers = [] }.Database)
        .Optional("user", Scalars.Text, "Who logs in; without it PGUSER decides. Give it the role pg_monitor.", (d, v) => d with { User = v }, "dalpha")
        .Optional("sslMode", Choice("disable", "allow", "prefer", "require", "verify-ca", "verify-full"), "libpq's sslmode: disable, allow, prefer, require, verify-ca or verify-full; without it PGSSLMODE decides.", (d, v) => d with { SslMode = v }, "verify-full")
        .Optional("credentials", Login("dalpha-login"), "The Kubernetes Secret that holds the login; without it PGPASSFILE or .pgpass does.", (d, v) => d with { Credentials = v })
        .Optional("adminCredentials", Login("dalpha-admin"), "The Secret with the login that a failover freezes and promotes by; without it credentials serve for that too.", (d, v) => d with { AdminCredentials = v })
        .Required("servers", new ListShape<DatabaseServerSettings>(role == SiteRole.Active ? Server("postgresql-primary-1", "db-active.example.com") : Server("postgresql-replica-1", "db-standby.example.com"), ServerIdentity, mayBeEmpty: false), "The site's PostgreSQL servers, primary or replica.", (d, v) => d with { Servers = v });

    private static readonly Shape<ValidatorSettings> Validator = new MappingShape<ValidatorSettings>("validator", new ValidatorSettings("", null))
        .Required("name", Scalars.Text, "The validator's name, as output shows it.", (v, value) => v with { Name = value }, "validator-1")
        .Optional("rpc", Scalars.Url, "Its JSON-RPC endpoint; leave it out while the validator is staged at zero.", (v, value) => v with { Rpc = value }, "http://10.0.0.1:8545");

    private static readonly Shape<RouteSettings> Route = new MappingShape<RouteSettings>("route", new RouteSettings("", null!))
        .Required("name", Scalars.Text, "What it serves: dapp, dapi, rpc.", (r, v) => r with { Name = v }, "dapp")
        .Required("url", Scalars.Url, "The address that users come by.", (r, v) => r with { Url = v }, "https://dalp.example.com");

    private static readonly Shape<ObjectStorageSettings> ObjectStorage = new MappingShape<ObjectStorageSettings>("objectStorage", new ObjectStorageSettings(null!, [], null))
        .Required("endpoint", Scalars.Url, "The S3-compatible service.", (o, v) => o with { Endpoint = v }, "https://s3.example.com")
        .Optional("region", Scalars.Text, "The region that requests are signed for.", (o, v) => o with { Region = v }, "eu-west")
        .Required("buckets", Names("bucket", Scalars.Subdomain), "The buckets that the platform keeps.", (o, v) => o with { Buckets = v }, "[dalp-assets]");

    private static readonly Shape<BackupSettings> Backups = new MappingShape<BackupSettings>("backups", new BackupSettings(null, []))
        .Optional("veleroNamespace", Scalars.Label, "The namespace that Velero runs in.", (b, v) => b with { VeleroNamespace = v }, "velero")
        .Optional("schedules", Names("schedule", Scalars.Subdomain), "The Velero schedules that must run.", (b, v) => b with { Schedules = v }, "[dalp-daily]");

    private static readonly Shape<WorkloadRule> Workload = new MappingShape<WorkloadRule>("workload", new WorkloadRule("", null!, StandbyMode.Running, WorkloadRole.Service))
        .Required("name", Scalars.Text, "What it is called in output.", (w, v) => w with { Name = v }, "dapp")
        .Required("selector", SelectorShape.Selector, "The label selector that finds it on both sites.", (w, v) => w with { Selector = v }, "app.kubernetes.io/component=dapp")
        .Optional("standby", Scalars.Choice(("running", StandbyMode.Running), ("zero", StandbyMode.Zero), ("absent", StandbyMode.Absent)),
            "How the standby holds it: running, deployed with zero replicas, or absent.", (w, v) => w with { Standby = v }, @default: "running")
        .Optional("role", Scalars.Choice(("service", WorkloadRole.Service), ("writer", WorkloadRole.Writer), ("validator", WorkloadRole.Validator), ("signer", WorkloadRole.Signer)),
            "What a failover must know: a writer is stopped to freeze writes; a validator or signer never runs on both sites.", (w, v) => w with { Role = v }, @default: "service")
        .Optional("replicas", Scalars.Integer("a whole number from 1 to 1000", 1, 1000), "How many replicas of each a failover starts, where neither site remembers a count.", (w, v) => w with { Replicas = v }, "2")
        .Rule(["standby", "role"], TopologyRules.FenceBeforeSign);

    private static readonly Shape<SecretSettings> Secrets = new MappingShape<SecretSettings>("secrets", new SecretSettings(null, []))
        .Required("required", Names("Secret", Scalars.Subdomain), "Secrets that the standby must hold, equal to the active site's.", (s, v) => s with { Required = v }, "[dalp-db, dalp-keys]")
        .Optional("siteSpecific", Entries("Secret"), "Required Secrets, or keys of them (name/key), that are on both sites and whose values may differ.", (s, v) => s with { SiteSpecific = v }, "[dalp-keys/region]")
        .Rule(["required", "siteSpecific"], s => TopologyRules.SiteSpecificSecrets(s.Required ?? [], s.SiteSpecific));

    private static readonly Shape<RegistryPair> Registries = new MappingShape<RegistryPair>("registryPair", new RegistryPair("", ""))
        .Required("active", Scalars.Registry, "The registry that the active site pulls from.", (r, v) => r with { Active = v }, "registry.eu-west.example.com")
        .Required("standby", Scalars.Registry, "The registry that the standby pulls from.", (r, v) => r with { Standby = v }, "registry.eu-central.example.com")
        .Rule(["active", "standby"], TopologyRules.TwoRegistries);

    private static readonly Shape<DalpThresholds> Thresholds = new MappingShape<DalpThresholds>("thresholds", Defaults)
        .Optional("rto", Scalars.Duration, "The recovery time that is committed to.", (t, v) => t with { Rto = v }, @default: DurationText.Format(Defaults.Rto))
        .Optional("rpo", Scalars.Duration, "The recovery point that is committed to.", (t, v) => t with { Rpo = v }, @default: DurationText.Format(Defaults.Rpo))
        .Optional("lagWarn", Scalars.Duration, "Replication lag that warns.", (t, v) => t with { Lag = t.Lag with { Warn = v } }, @default: DurationText.Format(Defaults.Lag.Warn))
        .Optional("lagFail", Scalars.Duration, "Replication lag that fails.", (t, v) => t with { Lag = t.Lag with { Fail = v } }, @default: DurationText.Format(Defaults.Lag.Fail))
        .Optional("restarts", Scalars.Integer("a whole number from 0 to 100000", 0, 100_000), "Restarts of one container above which it is worth a look.", (t, v) => t with { Restarts = v }, @default: Number(Defaults.Restarts))
        .Optional("certificateDays", Scalars.Integer("a number of days from 1 to 3650", 1, 3650), "Days of validity below which a certificate warns.", (t, v) => t with { CertificateDays = v }, @default: Number(Defaults.CertificateDays))
        .Optional("ttl", Scalars.Duration, "The longest DNS time to live that a switch can live with.", (t, v) => t with { Ttl = v }, @default: DurationText.Format(Defaults.Ttl))
        .Rule(["lagWarn", "lagFail"], TopologyRules.LagOrder)
        .Rule(["rpo", "lagFail"], TopologyRules.RecoveryPoint);

    private static readonly Shape<ImmutableDictionary<string, string>> Owners = FailoverSteps.All.Aggregate(
        new MappingShape<ImmutableDictionary<string, string>>("owners", ImmutableDictionary<string, string>.Empty),
        (shape, step) => shape.Optional(step.Name, Scalars.Text, step.Description, (owners, v) => owners.SetItem(step.Name, v), "Head of Operations"));

    private static readonly Shape<(DalpSite Active, DalpSite Standby)> Sites = new MappingShape<(DalpSite Active, DalpSite Standby)>("sites", default)
        .Required("active", Site(SiteRole.Active, "active"), "The site that serves users.", (s, v) => s with { Active = v })
        .Required("standby", Site(SiteRole.Standby, "standby"), "The warm standby, in another failure domain.", (s, v) => s with { Standby = v })
        .Rule([.. TopologyRules.SiteIdentity], s => TopologyRules.SameSite(s.Active, s.Standby))
        .Rule(["active.name", "standby.name"], s => TopologyRules.SameName(s.Active, s.Standby))
        .Rule(["active", "standby"], s => TopologyRules.SameServer(s.Active, s.Standby));

    /// <summary>The whole file.</summary>
    public static MappingShape<DalpTopology> Root { get; } = new MappingShape<DalpTopology>("topology", new DalpTopology { Name = "", Active = null!, Standby = null! })
        .Required("apiVersion", Choice(ApiVersion), "The form of this file.", (t, _) => t, ApiVersion)
        .Required("name", Scalars.Text, "The platform's name.", (t, v) => t with { Name = v }, "production")
        .Required("sites", Sites, "The two sites.", (t, v) => t with { Active = v.Active, Standby = v.Standby })
        .Optional("workloads", new ListShape<WorkloadRule>(Workload, w => [(UniqueName, w.Name)]), "What runs on the sites, and how the standby holds it. Without it, all of both namespaces is compared by name.", (t, v) => t with { Workloads = v })
        .Optional("secrets", Secrets, "Secrets, by name only. Without it, all of the active site's are required.", (t, v) => t with { RequiredSecrets = v.Required, SiteSpecificSecrets = v.SiteSpecific })
        .Optional("configMaps", new MappingShape<IReadOnlyList<SiteSpecificEntry>>("configMaps", [])
            .Required("siteSpecific", Entries("ConfigMap"), "ConfigMaps, or keys of them (name/key), that are on both sites and may differ.", (_, v) => v, "[dalp-site, dalp-config/REGION]"),
            "ConfigMaps, by name.", (t, v) => t with { SiteSpecificConfigMaps = v })
        .Optional("helm", new MappingShape<IReadOnlyList<string>>("helm", [])
            .Required("siteSpecific", Names("path", Scalars.HelmPath), "Values that may differ, by path, with all below them; every other difference then fails. An empty list allows none.", (_, v) => v, "[global.region, storage.bucket]"),
            "The values of the Helm releases. Without it, values that differ only warn.", (t, v) => t with { SiteSpecificHelmValues = v })
        .Optional("images", new MappingShape<IReadOnlyList<RegistryPair>>("images", [])
            .Required("registries", new ListShape<RegistryPair>(Registries, r => [("pair", r.ToString())]), "Registries that stand for each other: the same images, one for each site.", (_, v) => v),
            "The container images.", (t, v) => t with { Registries = v })
        .Optional("thresholds", Thresholds, "The limits that the checks hold the sites to.", (t, v) => t with { Thresholds = v })
        .Optional("owners", Owners, "Who decides on a failover, and who owns each of its steps.", (t, v) => t with { Owners = v });

    private static MappingShape<DalpSite> Site(SiteRole role, string name) => new MappingShape<DalpSite>("site", new DalpSite { Role = role, Name = name, Cluster = new ClusterAddress(null), Namespace = "" })
        .Optional("name", Scalars.Text, "What operators call the site.", (s, v) => s with { Name = v }, $"region-{name}")
        .Required("context", Scalars.Text, "The kubeconfig context of its cluster.", (s, v) => s with { Cluster = s.Cluster with { Context = v } }, $"dalp-{name}")
        .Optional("kubeconfig", Scalars.FilePath, "One kubeconfig file, relative to this one; without it KUBECONFIG or ~/.kube/config.", (s, v) => s with { Cluster = s.Cluster with { KubeconfigPath = v } }, "./kubeconfig")
        .Required("namespace", Scalars.Label, "The namespace that the platform runs in.", (s, v) => s with { Namespace = v }, "dalp")
        .Optional("database", Database(role), "Its database. No password here, ever.", (s, v) => s with { Database = v })
        .Optional("validators", new ListShape<ValidatorSettings>(Validator, v => [(UniqueName, v.Name), ("endpoint", v.Rpc?.AbsoluteUri)]), "Its validators.", (s, v) => s with { Validators = v })
        .Optional("routes", new ListShape<RouteSettings>(Route, r => [(UniqueName, r.Name), ("address", r.Url.AbsoluteUri)]), "The addresses that users come by.", (s, v) => s with { Routes = v })
        .Optional("objectStorage", ObjectStorage, "Its object storage.", (s, v) => s with { ObjectStorage = v })
        .Optional("backups", Backups, "Its backups.", (s, v) => s with { Backups = v })
        .Finish(s => s with { Database = s.Database is { } database ? database with { Servers = [.. database.Servers.Select(server => InNamespace(server, s.Namespace))] } : null });

    private static DatabaseServerSettings InNamespace(DatabaseServerSettings server, string @namespace) =>
        server with { Forward = server.Forward is { } forward ? forward with { Namespace = @namespace } : null };

    private static (string, string?)[] ServerIdentity(DatabaseServerSettings server) =>
        [(UniqueName, server.Name), ("address", server.Host is { } host ? $"{host}:{server.Port}" : null)];

    private static ListShape<string> Names(string what, Shape<string> shape) => new(shape, name => [(what, name)]);

    private static ListShape<SiteSpecificEntry> Entries(string what) => new(Scalars.NameOrKey, entry => [($"entry of a {what}", entry.ToString())]);

    private static Shape<string> Choice(params string[] words) => Scalars.Choice([.. words.Select(w => (w, w))]);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed record SecretSettings(IReadOnlyList<string>? Required, IReadOnlyList<SiteSpecificEntry> SiteSpecific);
}
