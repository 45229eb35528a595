namespace DalpHa.Core.Replication;

/// <summary>What a server has for those that follow it, and whom its commits wait for, all read at one moment.</summary>
/// <param name="At">When, by the server's clock.</param>
/// <param name="IsInRecovery">True on a standby.</param>
/// <param name="Timeline">The timeline that it is on.</param>
/// <param name="Slots">Its replication slots but those of a session (<c>pg_replication_slots</c>).</param>
/// <param name="Attached">The names of those that stream from it (<c>pg_stat_replication</c>); null when the login may not see them.</param>
/// <param name="SynchronousStandbyNames"><c>synchronous_standby_names</c>: whom a commit waits for. A standby has it too, and goes by it once it is promoted.</param>
/// <param name="Archiving">How it archives its WAL.</param>
/// <param name="Rewind">What decides whether a copy of it can be rewound.</param>
/// <param name="WalKeepBytes"><c>wal_keep_size</c>: WAL that is kept for whoever may come.</param>
/// <param name="MaxSlotWalKeepBytes"><c>max_slot_wal_keep_size</c>: what a slot may hold back before it is lost; null when it may hold back all.</param>
public sealed record ServerProvision(
    DateTimeOffset At,
    bool IsInRecovery,
    int Timeline,
    IReadOnlyList<ProvidedSlot> Slots,
    IReadOnlyList<string>? Attached,
    string SynchronousStandbyNames,
    WalArchiving Archiving,
    RewindBasis Rewind,
    long WalKeepBytes,
    long? MaxSlotWalKeepBytes)
{
    /// <summary>Its logical slots.</summary>
    public IEnumerable<ProvidedSlot> LogicalSlots => Slots.Where(slot => slot.IsLogical);
}

/// <summary>A replication slot of either kind.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsLogical">Whether it is a logical one.</param>
/// <param name="IsActive">Whether a connection uses it.</param>
/// <param name="WalStatus"><c>reserved</c>, <c>extended</c>, <c>unreserved</c> or <c>lost</c>; null when it holds nothing yet.</param>
/// <param name="RestartLsn">The oldest position that it holds, or null.</param>
/// <param name="Invalid">Why it can't be used any more (<c>invalidation_reason</c>, PostgreSQL 17 and later); null when it can, or the server does not tell.</param>
public sealed record ProvidedSlot(string Name, bool IsLogical, bool IsActive, string? WalStatus, Lsn? RestartLsn, string? Invalid)
{
    /// <summary>Whether all that it is there for is still held.</summary>
    public bool IsSound => Invalid is null && WalStatus is "reserved" or "extended" && RestartLsn is not null;
}

/// <summary>How a server archives its WAL.</summary>
/// <param name="Mode"><c>archive_mode</c>: <c>off</c>, <c>on</c> or <c>always</c>.</param>
/// <param name="HasMethod">Whether it has a command or a library to do it with.</param>
/// <param name="Archiver">What it has done so far.</param>
public sealed record WalArchiving(string Mode, bool HasMethod, WalArchiver Archiver);

/// <summary>What decides whether pg_rewind can take back what a former primary wrote beyond the fork: it needs one of the first two there, and the last on both sides.</summary>
/// <param name="HasChecksums">Data checksums, which a server has in common with all copies of it unless somebody changed that while it was down.</param>
/// <param name="LogsHints"><c>wal_log_hints</c>.</param>
/// <param name="WritesFullPages"><c>full_page_writes</c>.</param>
public sealed record RewindBasis(bool HasChecksums, bool LogsHints, bool WritesFullPages);
