namespace DalpHa.Core.Lab;

/// <summary>How a lab fares.</summary>
public enum LabCondition
{
    /// <summary>It is being brought up.</summary>
    Starting,
    /// <summary>It is up and answers.</summary>
    Running,
    /// <summary>Its process lives and does not answer.</summary>
    NotAnswering,
    /// <summary>Its process is gone and left things behind; stopping or starting it again cleans up.</summary>
    Stale,
    /// <summary>It was stopped, and nothing of it is left.</summary>
    Stopped,
}

/// <summary>A lab: two regions of the platform on this machine.</summary>
public sealed record DalpLab
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How it fares.</summary>
    public required LabCondition State { get; init; }

    /// <summary>The folder that holds everything of it.</summary>
    public required string Folder { get; init; }

    /// <summary>The kubeconfig with its contexts; binds to what takes a kubeconfig.</summary>
    public required string KubeconfigPath { get; init; }

    /// <summary>The topology file; binds to what takes a topology.</summary>
    public required string TopologyPath { get; init; }

    /// <summary>The runbook by which it fails over; binds to what takes a runbook.</summary>
    public required string RunbookPath { get; init; }

    /// <summary>The kubeconfig contexts of the active site and the standby.</summary>
    public required IReadOnlyList<string> Contexts { get; init; }

    /// <summary>The database servers with their loopback ports.</summary>
    public required IReadOnlyList<LabDatabase> Databases { get; init; }

    /// <summary>What stands behind its Kubernetes APIs.</summary>
    public LabApiServer ApiServer { get; init; }

    /// <summary>A libpq password file with the logins of its databases, for PGPASSFILE; null while it starts.</summary>
    public required string? PasswordFile { get; init; }

    /// <summary>When it was started (UTC).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The lab's process.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The faults in force; empty when it is healthy, or when it does not answer.</summary>
    public IReadOnlyList<DalpLabFault> Faults { get; init; } = [];

    /// <summary>Transactions per second that the platform commits on a site whose database takes writes; 0 when there are none.</summary>
    public int WriteLoad { get; init; }

    /// <summary>Both sites as they are now, whatever they were started as; empty when the lab does not answer.</summary>
    public IReadOnlyList<LabSiteStatus> Sites { get; init; } = [];

    /// <summary>The lab as its record and, when it answered, its own word describe it.</summary>
    public static DalpLab From(LabRecord record, LabCondition condition, LabStatus? status = null) => new()
    {
        Name = record.Name,
        State = condition,
        Folder = record.Folder,
        KubeconfigPath = record.KubeconfigPath,
        TopologyPath = record.TopologyPath,
        RunbookPath = LabFolder.Runbook(record.Folder),
        Contexts = record.Contexts,
        Databases = record.Databases,
        ApiServer = record.ApiServer,
        PasswordFile = record.PasswordFile,
        StartedAt = record.StartedAt,
        ProcessId = record.Process.Id,
        Faults = status?.Faults ?? [],
        WriteLoad = status?.WriteLoad ?? 0,
        Sites = status?.Sites ?? [],
    };
}

/// <summary>One of the lab's PostgreSQL servers.</summary>
/// <param name="Name">Its name in the topology.</param>
/// <param name="Port">Its port on 127.0.0.1.</param>
public sealed record LabDatabase(string Name, int Port)
{
    /// <summary>As <c>postgresql-primary-1:5432</c>.</summary>
    public override string ToString() => $"{Name}:{Port}";
}

/// <summary>What a lab's PostgreSQL server is at present.</summary>
public enum LabDatabaseRole
{
    /// <summary>It does not answer.</summary>
    Down,
    /// <summary>It is in recovery and follows another.</summary>
    Standby,
    /// <summary>It is in recovery no more.</summary>
    Primary,
}

/// <summary>One site of a lab as it is now.</summary>
/// <param name="Site">What it was started as.</param>
/// <param name="Context">Its kubeconfig context.</param>
/// <param name="Database">Its PostgreSQL server.</param>
/// <param name="Role">What that server is.</param>
/// <param name="TakesWrites">Whether an ordinary session can write there: false on a standby, and on a primary that is read-only by default.</param>
/// <param name="RowsAcknowledged">Rows of the write load that this database has acknowledged since the lab was started (<c>lab.load</c>, by its column <c>site</c>).</param>
public sealed record LabSiteStatus(Topology.SiteRole Site, string Context, string Database, LabDatabaseRole Role, bool TakesWrites, long RowsAcknowledged)
{
    /// <summary>As <c>Active: postgresql-primary-1 is Primary</c>.</summary>
    public override string ToString() => $"{Site}: {Database} is {Role}{(Role == LabDatabaseRole.Primary && !TakesWrites ? ", read-only" : "")}";
}

/// <summary>What became of a request to inject a fault, or to undo one.</summary>
public enum LabFaultState
{
    /// <summary>The fault is in force.</summary>
    Injected,
    /// <summary>It was in force before; nothing was done.</summary>
    AlreadyInjected,
    /// <summary>What it changed is as it was.</summary>
    Undone,
    /// <summary>It was not in force; nothing was done.</summary>
    NotInjected,
}

/// <summary>A fault of a lab.</summary>
public sealed record DalpLabFault
{
    /// <summary>The lab.</summary>
    public required string Lab { get; init; }

    /// <summary>The fault.</summary>
    public required LabFault Name { get; init; }

    /// <summary>The site that it is on: <c>Active</c> or <c>Standby</c>.</summary>
    public required Topology.SiteRole Site { get; init; }

    /// <summary>Whether it is in force.</summary>
    public required LabFaultState State { get; init; }

    /// <summary>What it touched, as <c>Secret/dalp-keys</c>.</summary>
    public required string Target { get; init; }

    /// <summary>What it does.</summary>
    public string Description => LabFaults.Describe(Name);

    /// <summary>What to know of the lab now, when that is not what one would expect; else empty.</summary>
    public string Note { get; init; } = "";

    /// <summary>When it was injected or undone (UTC).</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>As <c>MissingSecret@Standby</c>.</summary>
    public override string ToString() => $"{Name}@{Site}";
}
