using DalpHa.Core.Errors;

namespace DalpHa.Core.Replication;

/// <summary>Where a server's data come from and how far they reach, all read at one moment.</summary>
/// <param name="SystemIdentifier">The cluster's identity (<c>pg_control_system()</c>).</param>
/// <param name="IsInRecovery">True on a standby.</param>
/// <param name="TakesWrites">Whether it may write: out of recovery, and not seen to be read-only with nobody writing.</param>
/// <param name="Timeline">The timeline that it is on.</param>
/// <param name="Position">Primary: what it has flushed. Standby: what it has received or replayed, whichever is further.</param>
/// <param name="NextTransactionId">Primary: one more than the last transaction id that ended, without its epoch. Null on a standby.</param>
/// <param name="Checkpoint">Its last checkpoint.</param>
public sealed record DatabaseLineage(
    string SystemIdentifier, bool IsInRecovery, bool TakesWrites, int Timeline, Lsn Position, uint? NextTransactionId, LineageCheckpoint Checkpoint)
{
    /// <summary>Standby: how far it has replayed. What it holds beyond that is in none of its answers. Null on a primary.</summary>
    public Lsn? Replayed { get; init; }

    /// <summary>Whether it may hold more than <see cref="Position"/> tells: a standby that has not come to the end of its own WAL since its start.</summary>
    public bool MayHoldMore { get; init; }

    /// <summary>The timelines that it came through; null when that can't be seen.</summary>
    public TimelineHistory? History { get; init; }

    /// <summary>Why the history can't be seen; null when it can.</summary>
    public DalpException? HistoryFailure { get; init; }
}

/// <summary>What a server's control file says of its last checkpoint (<c>pg_control_checkpoint()</c>).</summary>
/// <param name="Redo">From where on WAL is replayed after it.</param>
/// <param name="OldestTransactionId">No transaction with a lower id ended after it: the oldest that ran, or the next that was to be given.</param>
public readonly record struct LineageCheckpoint(Lsn Redo, uint OldestTransactionId);

/// <summary>The commits that a stretch of WAL holds.</summary>
/// <param name="Transactions">How many.</param>
/// <param name="FirstAt">When the first was, or null when there is none.</param>
/// <param name="LastAt">When the last was, or null when there is none.</param>
public sealed record CommitCount(long Transactions, DateTimeOffset? FirstAt, DateTimeOffset? LastAt);
