namespace DalpHa.Core.Failover;

/// <summary>A CloudNativePG cluster (<c>postgresql.cnpg.io/v1 Cluster</c>), with what decides on its role. Sources: its repository's api/v1/cluster_types.go.</summary>
public sealed record PostgresCluster
{
    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The <c>resourceVersion</c> that it was read with; a change that rests on what was read names it, and is refused when the cluster has changed.</summary>
    public required string Version { get; init; }

    /// <summary>Its name in a distributed topology (<c>spec.replica.self</c>); null when that is <see cref="Name"/>.</summary>
    public string? Self { get; init; }

    /// <summary>Distributed topology: who is primary (<c>spec.replica.primary</c>); null outside of one.</summary>
    public string? Primary { get; init; }

    /// <summary>Whom it replicates from while it is a replica (<c>spec.replica.source</c>).</summary>
    public string? Source { get; init; }

    /// <summary>Stand-alone replica cluster: whether it replicates (<c>spec.replica.enabled</c>); null in a distributed topology.</summary>
    public bool? ReplicaEnabled { get; init; }

    /// <summary>The token that it was given to be promoted with.</summary>
    public string? PromotionToken { get; init; }

    /// <summary>How late it applies what it receives, as written; null when at once.</summary>
    public string? MinApplyDelay { get; init; }

    /// <summary>Whether its operator lets <c>ALTER SYSTEM</c> be used on it (<c>spec.postgresql.enableAlterSystem</c>); not by default.</summary>
    public bool AllowsAlterSystem { get; init; }

    /// <summary>What it makes of transactions by default (<c>spec.postgresql.parameters.default_transaction_read_only</c>), as written; null when it does not say.</summary>
    public string? ReadOnlyDefault { get; init; }

    /// <summary>While DalpHa has frozen it: what <see cref="ReadOnlyDefault"/> was before, empty when it was not there (annotation <c>dalpha.io/read-only-before</c>). Null otherwise.</summary>
    public string? ReadOnlyBefore { get; init; }

    /// <summary>Instances asked for.</summary>
    public int Instances { get; init; }

    /// <summary>Instances that are ready.</summary>
    public int ReadyInstances { get; init; }

    /// <summary>Where the operator is with it, in the operator's words; <see cref="HealthyPhase"/> when all is well.</summary>
    public string? Phase { get; init; }

    /// <summary>Why, where the operator says.</summary>
    public string? PhaseReason { get; init; }

    /// <summary>The instance that is primary within the cluster.</summary>
    public string? CurrentPrimary { get; init; }

    /// <summary>The instance that is to be; differs from <see cref="CurrentPrimary"/> during a change.</summary>
    public string? TargetPrimary { get; init; }

    /// <summary>Since when the current one is, as the operator writes it.</summary>
    public string? CurrentPrimaryTimestamp { get; init; }

    /// <summary>The timeline.</summary>
    public int? Timeline { get; init; }

    /// <summary>PostgreSQL's system identifier.</summary>
    public string? SystemIdentifier { get; init; }

    /// <summary>The token that its demotion left; null while it was not demoted.</summary>
    public string? DemotionToken { get; init; }

    /// <summary>The last token that it was promoted with.</summary>
    public string? LastPromotionToken { get; init; }

    /// <summary>Whether it is becoming a replica right now; its role can't be changed meanwhile.</summary>
    public bool IsSwitching { get; init; }

    /// <summary>The operator's <c>Ready</c> condition.</summary>
    public bool IsReady { get; init; }

    /// <summary>The fenced instances (annotation <c>cnpg.io/fencedInstances</c>); <c>*</c> is all of them.</summary>
    public IReadOnlyList<string> FencedInstances { get; init; } = [];

    /// <summary>Whether it is hibernated (annotation <c>cnpg.io/hibernation</c>).</summary>
    public bool IsHibernated { get; init; }

    /// <summary>What the operator calls a cluster that is well.</summary>
    public const string HealthyPhase = "Cluster in healthy state";

    /// <summary>Its name among the clusters of its topology.</summary>
    public string NameInTopology => Self ?? Name;

    /// <summary>Whether its specification makes it a replica: in a distributed topology whoever is not named primary, else by <see cref="ReplicaEnabled"/>.</summary>
    public bool IsReplica => Primary is { } primary ? primary != NameInTopology : ReplicaEnabled == true;

    /// <summary>Whether all of its instances are fenced: PostgreSQL is stopped in them, and the pods stay.</summary>
    public bool IsFenced => FencedInstances.Contains("*");
}
