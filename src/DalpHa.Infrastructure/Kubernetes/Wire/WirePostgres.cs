namespace DalpHa.Infrastructure.Kubernetes;

// CloudNativePG: api/v1/cluster_types.go of its repository.

/// <summary><c>postgresql.cnpg.io/v1 Cluster</c>.</summary>
internal sealed record WirePostgresCluster(WireMetadata Metadata, WirePostgresSpec? Spec, WirePostgresStatus? Status);

/// <summary>What a cluster should be.</summary>
internal sealed record WirePostgresSpec(int? Instances, WireReplicaConfiguration? Replica, WirePostgresConfiguration? Postgresql);

/// <summary>How its PostgreSQL is set.</summary>
internal sealed record WirePostgresConfiguration(Dictionary<string, string>? Parameters, bool? EnableAlterSystem);

/// <summary>Whom a cluster follows.</summary>
internal sealed record WireReplicaConfiguration
{
    public string? Self { get; init; }

    public string? Primary { get; init; }

    public string? Source { get; init; }

    public bool? Enabled { get; init; }

    public string? PromotionToken { get; init; }

    public string? MinApplyDelay { get; init; }
}

/// <summary>What the operator has made of it.</summary>
internal sealed record WirePostgresStatus
{
    public int? ReadyInstances { get; init; }

    public string? Phase { get; init; }

    public string? PhaseReason { get; init; }

    public string? CurrentPrimary { get; init; }

    public string? TargetPrimary { get; init; }

    public string? CurrentPrimaryTimestamp { get; init; }

    public int? TimelineID { get; init; }

    public string? SystemID { get; init; }

    public string? DemotionToken { get; init; }

    public string? LastPromotionToken { get; init; }

    public WireReplicaSwitch? SwitchReplicaClusterStatus { get; init; }

    public List<WireCondition>? Conditions { get; init; }
}

/// <summary>Whether the cluster is becoming a replica right now.</summary>
internal sealed record WireReplicaSwitch(bool InProgress);
