namespace DalpHa.Core.Replication;

/// <summary>What a site can be recovered from.</summary>
public enum RecoveryPointKind
{
    /// <summary>A standby server, which can be promoted.</summary>
    Replica,
    /// <summary>A recovery window of CloudNativePG's Barman Cloud plugin: any moment in it, as far as the log was archived.</summary>
    RecoveryWindow,
    /// <summary>A base backup of CloudNativePG.</summary>
    DatabaseBackup,
    /// <summary>A Velero backup: the platform's objects and volumes.</summary>
    PlatformBackup,
}

/// <summary>Whether one can recover from it.</summary>
public enum RecoveryPointStatus
{
    /// <summary>Yes.</summary>
    Usable,
    /// <summary>It, or its source, can't be seen.</summary>
    Unknown,
    /// <summary>No.</summary>
    NotUsable,
}

/// <summary>Something to recover from, what it holds, and what would be lost by it. What is not known is null, never zero.</summary>
public sealed record DalpRecoveryPoint
{
    /// <summary>The site that it is on.</summary>
    public required string Site { get; init; }

    /// <summary>What it is.</summary>
    public required RecoveryPointKind Kind { get; init; }

    /// <summary>Its name; that of the source where the source itself can't be seen.</summary>
    public required string Name { get; init; }

    /// <summary>Whether one can recover from it.</summary>
    public required RecoveryPointStatus Status { get; init; }

    /// <summary>Up to which position of the log it is known to reach.</summary>
    public Lsn? Position { get; init; }

    /// <summary>Up to which moment it is known to reach; null where only its loss is known.</summary>
    public DateTimeOffset? ReachesTo { get; init; }

    /// <summary>No commit older than this would be lost by recovering from it now.</summary>
    public TimeSpan? LossTime { get; init; }

    /// <summary>How many bytes of the log would be lost, where the primary's position is known.</summary>
    public long? LossBytes { get; init; }

    /// <summary>What was seen, or why it is of no use.</summary>
    public required string Detail { get; init; }

    /// <summary>When it was looked at.</summary>
    public required DateTimeOffset At { get; init; }
}
