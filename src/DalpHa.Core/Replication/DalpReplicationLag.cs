using DalpHa.Core.Readiness;

namespace DalpHa.Core.Replication;

/// <summary>How a standby gets its WAL.</summary>
public enum ReplicationLink
{
    /// <summary>It can't be seen.</summary>
    Unknown,
    /// <summary>It streams, and both ends say so.</summary>
    Streaming,
    /// <summary>It streams, and is still working through what it missed.</summary>
    CatchingUp,
    /// <summary>It does not stream, and restores segments from an archive.</summary>
    Archive,
    /// <summary>Nothing reaches it.</summary>
    Broken,
}

/// <summary>How far one standby is behind, as far as that is known. What is not known is null, never zero.</summary>
public sealed record DalpReplicationLag
{
    /// <summary>The site of the standby.</summary>
    public required string Site { get; init; }

    /// <summary>The standby server's name in the topology.</summary>
    public required string Standby { get; init; }

    /// <summary>The primary server's name, or null when none was found.</summary>
    public string? Primary { get; init; }

    /// <summary>How the standby gets its WAL.</summary>
    public ReplicationLink Link { get; init; }

    /// <summary>Pass, Warn, Fail or Unknown against <see cref="Threshold"/>.</summary>
    public required CheckStatus Status { get; init; }

    /// <summary>The primary's write position, sampled at the primary after the standby's; null when the primary can't be reached.</summary>
    public Lsn? PrimaryLsn { get; init; }

    /// <summary>What the standby has received and flushed, or null.</summary>
    public Lsn? ReceiveLsn { get; init; }

    /// <summary>What the standby has replayed, or null.</summary>
    public Lsn? ReplayLsn { get; init; }

    /// <summary>Bytes of WAL that the standby has not replayed; an upper bound. Null when unknown.</summary>
    public long? LagBytes { get; init; }

    /// <summary>Bytes that have not reached the standby: what a loss of the primary would lose. Null when unknown.</summary>
    public long? ReceiveLagBytes { get; init; }

    /// <summary>Bytes that the standby has, and has not replayed: what a promotion must still replay. Null when unknown.</summary>
    public long? ReplayLagBytes { get; init; }

    /// <summary>Age of the oldest commit that the standby may not have replayed; zero when it has everything. Null when unknown.</summary>
    public TimeSpan? LagTime { get; init; }

    /// <summary>The slot that the standby uses, or null.</summary>
    public string? Slot { get; init; }

    /// <summary>The slot's <c>wal_status</c>, <c>inactive</c> when nothing uses it, or null.</summary>
    public string? SlotStatus { get; init; }

    /// <summary>Age of the newest archived segment at the primary; null when archiving is off or unknown.</summary>
    public TimeSpan? ArchiveAge { get; init; }

    /// <summary>When this standby was last seen within its thresholds, kept between runs; null when never.</summary>
    public DateTimeOffset? LastHealthyAt { get; init; }

    /// <summary>
    /// Primary unreachable, or the link to it broken: no commit older than this long ago can be lost, by the positions last seen on both sides.
    /// Null when the standby follows it, and when nothing is known.
    /// </summary>
    public TimeSpan? PossibleLoss { get; init; }

    /// <summary>The thresholds that it was held to.</summary>
    public required LagThreshold Threshold { get; init; }

    /// <summary>Why the status is what it is, in a sentence.</summary>
    public required string Detail { get; init; }

    /// <summary>When it was measured.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>When lag is worth a warning, and when it fails.</summary>
/// <param name="Warn">Lag from which a standby is only just acceptable.</param>
/// <param name="Fail">Lag from which it is not.</param>
public sealed record LagThreshold(TimeSpan Warn, TimeSpan Fail)
{
    /// <summary>As <c>30s/60s</c>.</summary>
    public override string ToString() => $"{Warn.TotalSeconds:0.###}s/{Fail.TotalSeconds:0.###}s";
}
