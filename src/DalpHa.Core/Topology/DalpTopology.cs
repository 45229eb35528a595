using DalpHa.Core.Clusters;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Topology;

/// <summary>The two sites of one platform, what runs there, what must hold, and who owns each step.</summary>
public sealed record DalpTopology
{
    /// <summary>The platform's name.</summary>
    public required string Name { get; init; }

    /// <summary>The file that it was read from; null when it was made from parameters.</summary>
    public string? Path { get; init; }

    /// <summary>The site that serves users.</summary>
    public required DalpSite Active { get; init; }

    /// <summary>The warm standby.</summary>
    public required DalpSite Standby { get; init; }

    /// <summary>What runs on the sites. Empty when only contexts were given: then everything in the namespaces is compared by name.</summary>
    public IReadOnlyList<WorkloadRule> Workloads { get; init; } = [];

    /// <summary>Names of Secrets that the standby must hold, equal to the active's. Null when only contexts were given: then all of the active's are required.</summary>
    public IReadOnlyList<string>? RequiredSecrets { get; init; }

    /// <summary>Secrets, or keys of them, that must be on both sites and whose values may differ.</summary>
    public IReadOnlyList<SiteSpecificEntry> SiteSpecificSecrets { get; init; } = [];

    /// <summary>ConfigMaps, or keys of them, that must be on both sites and whose values may differ.</summary>
    public IReadOnlyList<SiteSpecificEntry> SiteSpecificConfigMaps { get; init; } = [];

    /// <summary>Paths of Helm values that may differ, with all below them. Null when the topology does not say: then a difference only warns.</summary>
    public IReadOnlyList<string>? SiteSpecificHelmValues { get; init; }

    /// <summary>Registries that stand for each other: what the active pulls from the one, the standby pulls from the other.</summary>
    public IReadOnlyList<RegistryPair> Registries { get; init; } = [];

    /// <summary>The limits that checks hold the sites to.</summary>
    public DalpThresholds Thresholds { get; init; } = new();

    /// <summary>Who decides on a failover and owns its steps, by step name; the key <c>decision</c> names the decision owner.</summary>
    public IReadOnlyDictionary<string, string> Owners { get; init; } = new Dictionary<string, string>();

    /// <summary>Both sites, the active first.</summary>
    public IReadOnlyList<DalpSite> Sites => [Active, Standby];

    /// <summary>
    /// The same platform with the roles changed, as it is after a failover: what was the standby serves, and the former active site stands by. No file holds it yet.
    /// </summary>
    public DalpTopology Swapped() => this with
    {
        Path = null,
        Active = Standby with { Role = SiteRole.Active },
        Standby = Active with { Role = SiteRole.Standby },
        Registries = [.. Registries.Select(pair => new RegistryPair(pair.Standby, pair.Active))],
    };

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>Which of the two a site is.</summary>
public enum SiteRole
{
    /// <summary>It serves users.</summary>
    Active,
    /// <summary>It stands by.</summary>
    Standby,
}

/// <summary>One site: a cluster, a namespace, and what belongs to it outside the cluster.</summary>
public sealed record DalpSite
{
    /// <summary>Active or standby.</summary>
    public required SiteRole Role { get; init; }

    /// <summary>What operators call it; <c>active</c> or <c>standby</c> when the topology gives no name.</summary>
    public required string Name { get; init; }

    /// <summary>Its cluster.</summary>
    public required ClusterAddress Cluster { get; init; }

    /// <summary>The namespace that the platform runs in.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its database; null when the topology does not say.</summary>
    public DatabaseSettings? Database { get; init; }

    /// <summary>Its validators' JSON-RPC endpoints; null when the topology does not say.</summary>
    public IReadOnlyList<ValidatorSettings>? Validators { get; init; }

    /// <summary>The host names that users come by.</summary>
    public IReadOnlyList<RouteSettings> Routes { get; init; } = [];

    /// <summary>Its object storage; null when the topology does not say.</summary>
    public ObjectStorageSettings? ObjectStorage { get; init; }

    /// <summary>Its backups; null when the topology does not say.</summary>
    public BackupSettings? Backups { get; init; }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>A site's PostgreSQL servers.</summary>
public sealed record DatabaseSettings
{
    /// <summary>The servers.</summary>
    public required IReadOnlyList<DatabaseServerSettings> Servers { get; init; }

    /// <summary>The database to connect to.</summary>
    public string Database { get; init; } = "postgres";

    /// <summary>Who logs in; null leaves it to PGUSER.</summary>
    public string? User { get; init; }

    /// <summary>libpq's <c>sslmode</c>; null leaves it to PGSSLMODE and then to <c>prefer</c>.</summary>
    public string? SslMode { get; init; }

    /// <summary>The Secret in the site's namespace that holds the login; null leaves it to the environment and .pgpass.</summary>
    public SecretLogin? Credentials { get; init; }

    /// <summary>The Secret that holds the login with which a failover freezes and promotes; null leaves it to <see cref="Credentials"/>.</summary>
    public SecretLogin? AdminCredentials { get; init; }
}

/// <summary>One PostgreSQL server: reached directly (<see cref="Host"/>) or by a tunnel through the API server (<see cref="Forward"/>).</summary>
public sealed record DatabaseServerSettings
{
    /// <summary>Its name, as it appears in output.</summary>
    public required string Name { get; init; }

    /// <summary>Host name or address; null when it is forwarded.</summary>
    public string? Host { get; init; }

    /// <summary>Port.</summary>
    public int Port { get; init; } = 5432;

    /// <summary>The pod or service to tunnel to; null when it is reached directly.</summary>
    public ForwardTarget? Forward { get; init; }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>Where in a Secret a login is found.</summary>
/// <param name="Secret">The Secret's name.</param>
/// <param name="UserNameKey">The key that holds the user name.</param>
/// <param name="PasswordKey">The key that holds the password.</param>
public sealed record SecretLogin(string Secret, string UserNameKey = "username", string PasswordKey = "password");

/// <summary>One validator.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rpc">Its JSON-RPC endpoint; null while it is staged at zero and has none.</param>
public sealed record ValidatorSettings(string Name, Uri? Rpc)
{
    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>One host name that users come by.</summary>
/// <param name="Name">What it serves: <c>dapp</c>, <c>dapi</c>, <c>rpc</c>.</param>
/// <param name="Url">Its address.</param>
public sealed record RouteSettings(string Name, Uri Url)
{
    /// <summary>Its address.</summary>
    public override string ToString() => Url.OriginalString;
}

/// <summary>A site's S3-compatible object storage.</summary>
/// <param name="Endpoint">The service's address.</param>
/// <param name="Buckets">The buckets that the platform keeps.</param>
/// <param name="Region">The region that requests are signed for, or null.</param>
public sealed record ObjectStorageSettings(Uri Endpoint, IReadOnlyList<string> Buckets, string? Region);

/// <summary>A site's backups.</summary>
/// <param name="VeleroNamespace">Where Velero runs, or null.</param>
/// <param name="Schedules">The Velero schedules that must run.</param>
public sealed record BackupSettings(string? VeleroNamespace, IReadOnlyList<string> Schedules);

/// <summary>How the standby holds a workload until it is needed.</summary>
public enum StandbyMode
{
    /// <summary>It runs and is ready.</summary>
    Running,
    /// <summary>It is deployed with no replicas, and is started by a failover.</summary>
    Zero,
    /// <summary>It has no place on the standby.</summary>
    Absent,
}

/// <summary>What a workload does that a failover must know.</summary>
public enum WorkloadRole
{
    /// <summary>It serves; nothing special.</summary>
    Service,
    /// <summary>It writes to the database and must be stopped to freeze writes.</summary>
    Writer,
    /// <summary>It signs blocks: two of it with one key sign twice.</summary>
    Validator,
    /// <summary>It signs transactions: two of it use one nonce twice.</summary>
    Signer,
}

/// <summary>A workload, or several, chosen by label.</summary>
/// <param name="Name">What it is called in output.</param>
/// <param name="Selector">A Kubernetes label selector over the workloads' own labels.</param>
/// <param name="Standby">How the standby holds it.</param>
/// <param name="Role">What it does.</param>
public sealed record WorkloadRule(string Name, LabelSelector Selector, StandbyMode Standby, WorkloadRole Role)
{
    /// <summary>How many replicas each of them starts with where neither it nor the other site tells; null when the topology does not say.</summary>
    public int? Replicas { get; init; }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>A Secret or ConfigMap whose values are a site's own: all of them, or that of one key.</summary>
/// <param name="Name">The object's name.</param>
/// <param name="Key">The key; null for all.</param>
public sealed record SiteSpecificEntry(string Name, string? Key)
{
    /// <summary>Reads <c>name</c> or <c>name/key</c>.</summary>
    public static SiteSpecificEntry Parse(string text) => text.IndexOf('/') is >= 0 and var slash ? new(text[..slash], text[(slash + 1)..]) : new(text, null);

    /// <summary>Whether the value of a key of an object is meant.</summary>
    public bool Covers(string name, string key) => Name == name && (Key is null || Key == key);

    /// <summary>As the topology has it: <c>name</c> or <c>name/key</c>.</summary>
    public override string ToString() => Key is null ? Name : $"{Name}/{Key}";
}

/// <summary>Two registries that hold the same images, one for each site.</summary>
/// <param name="Active">Host, and port where it has one, that the active site pulls from.</param>
/// <param name="Standby">That of the standby.</param>
public sealed record RegistryPair(string Active, string Standby)
{
    /// <summary>As <c>registry.west.example for registry.east.example</c>.</summary>
    public override string ToString() => $"{Standby} for {Active}";
}

/// <summary>The limits that checks hold the sites to.</summary>
public sealed record DalpThresholds
{
    /// <summary>The recovery time that is committed to.</summary>
    public TimeSpan Rto { get; init; } = TimeSpan.FromMinutes(180);

    /// <summary>The recovery point that is committed to.</summary>
    public TimeSpan Rpo { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>When replication lag warns and fails.</summary>
    public LagThreshold Lag { get; init; } = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));

    /// <summary>Restarts of one container above which it is worth a look.</summary>
    public int Restarts { get; init; } = 5;

    /// <summary>Days of validity below which a certificate warns; expired fails.</summary>
    public int CertificateDays { get; init; } = 30;

    /// <summary>The longest DNS time to live that a switch can live with.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(60);
}
