namespace DalpHa.Core.Replication;

/// <summary>What one server said of its replication, all read in one round trip at one moment of its own clock.</summary>
/// <param name="Server">The server's name in the topology.</param>
/// <param name="ServerTime">The server's clock (<c>clock_timestamp()</c>).</param>
/// <param name="StartedAt">When the server started (<c>pg_postmaster_start_time()</c>).</param>
/// <param name="VersionNumber"><c>server_version_num</c>, as 150018.</param>
/// <param name="SystemIdentifier">The cluster's identity (<c>pg_control_system()</c>); equal on a primary and its true standbys.</param>
/// <param name="Timeline">The timeline: of the WAL being written on a primary, of the last received or replayed WAL on a standby.</param>
/// <param name="IsInRecovery"><c>pg_is_in_recovery()</c>: true on a standby.</param>
/// <param name="IsReadOnly"><c>default_transaction_read_only</c>.</param>
/// <param name="CurrentLsn">Primary: <c>pg_current_wal_lsn()</c>; null on a standby.</param>
/// <param name="ReceiveLsn">Standby: <c>pg_last_wal_receive_lsn()</c>; null when nothing was streamed since its start.</param>
/// <param name="ReplayLsn">Standby: <c>pg_last_wal_replay_lsn()</c>; null on a primary.</param>
/// <param name="LastReplayedCommitAt">Standby: commit time of the last replayed transaction, by the primary's clock; null when none was replayed since its start.</param>
/// <param name="IsReplayPaused">Standby: <c>pg_is_wal_replay_paused()</c>.</param>
/// <param name="HasRestoreCommand">Standby: whether it may fetch WAL from an archive; null when the setting may not be read.</param>
/// <param name="Receiver">Standby: its WAL receiver; null when none runs.</param>
/// <param name="Senders">Connections that stream from this server (<c>pg_stat_replication</c>).</param>
/// <param name="Slots">Its physical replication slots.</param>
/// <param name="Archiver">Its archiver; null when archiving is off.</param>
/// <param name="CanSeeAll">False when the login lacks <c>pg_monitor</c>, so that columns of other sessions come back empty.</param>
public sealed record DatabaseSample(
    string Server,
    DateTimeOffset ServerTime,
    DateTimeOffset StartedAt,
    int VersionNumber,
    string SystemIdentifier,
    int Timeline,
    bool IsInRecovery,
    bool IsReadOnly,
    Lsn? CurrentLsn,
    Lsn? ReceiveLsn,
    Lsn? ReplayLsn,
    DateTimeOffset? LastReplayedCommitAt,
    bool IsReplayPaused,
    bool? HasRestoreCommand,
    WalReceiver? Receiver,
    IReadOnlyList<WalSender> Senders,
    IReadOnlyList<ReplicationSlot> Slots,
    WalArchiver? Archiver,
    bool CanSeeAll)
{
    /// <summary>Standby: how often it tells its primary how far it is (<c>wal_receiver_status_interval</c>); zero when it only answers.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Standby: how long it hears nothing before it takes the link for dead (<c>wal_receiver_timeout</c>); it asks after half of that. Zero when never.</summary>
    public TimeSpan ReceiverTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>A standby's WAL receiver (<c>pg_stat_wal_receiver</c>).</summary>
/// <param name="Status"><c>streaming</c>, <c>starting</c>, <c>waiting</c>, <c>restarting</c> or <c>stopping</c>; empty when the login may not see it.</param>
/// <param name="SenderHost">The primary's host as the standby knows it, or null.</param>
/// <param name="SenderPort">The primary's port, or null.</param>
/// <param name="SlotName">The slot that it uses, or null.</param>
/// <param name="LatestEndLsn">The primary's position as last told, or null.</param>
/// <param name="LastMessageAt">When the standby last received anything, by the standby's clock; null when never.</param>
public sealed record WalReceiver(string Status, string? SenderHost, int? SenderPort, string? SlotName, Lsn? LatestEndLsn, DateTimeOffset? LastMessageAt)
{
    /// <summary>The name under which it appears at its primary (<c>application_name</c> of its connection); null when it gives none.</summary>
    public string? ApplicationName { get; init; }
}

/// <summary>One connection that streams WAL away (<c>pg_stat_replication</c>).</summary>
/// <param name="ProcessId">The sender's process id; names the connection, and joins it to its slot.</param>
/// <param name="ApplicationName">The standby's <c>application_name</c>.</param>
/// <param name="ClientAddress">Where the standby connects from, or null for a local socket.</param>
/// <param name="State"><c>startup</c>, <c>catchup</c>, <c>streaming</c>, <c>backup</c> or <c>stopping</c>; empty when the login may not see it.</param>
/// <param name="SentLsn">Sent so far.</param>
/// <param name="FlushLsn">Flushed to disk by the standby so far.</param>
/// <param name="ReplayLsn">Replayed by the standby so far.</param>
/// <param name="LastReplyAt">When the standby last answered, by the standby's clock; null when never.</param>
/// <param name="SyncState"><c>async</c>, <c>potential</c>, <c>sync</c> or <c>quorum</c>.</param>
public sealed record WalSender(int ProcessId, string ApplicationName, string? ClientAddress, string State, Lsn? SentLsn, Lsn? FlushLsn, Lsn? ReplayLsn, DateTimeOffset? LastReplyAt, string SyncState);

/// <summary>A physical replication slot (<c>pg_replication_slots</c>).</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsActive">Whether a connection uses it.</param>
/// <param name="ActiveProcessId">The sender that uses it, or null.</param>
/// <param name="WalStatus"><c>reserved</c>, <c>extended</c>, <c>unreserved</c> or <c>lost</c>; null when it holds nothing yet.</param>
/// <param name="SafeWalSizeBytes">How much may be written before it is in danger of being lost; null when unlimited or lost.</param>
/// <param name="RestartLsn">The oldest position that it holds, or null.</param>
public sealed record ReplicationSlot(string Name, bool IsActive, int? ActiveProcessId, string? WalStatus, long? SafeWalSizeBytes, Lsn? RestartLsn);

/// <summary>The WAL archiver (<c>pg_stat_archiver</c>).</summary>
/// <param name="LastArchivedWal">The last segment archived, or null.</param>
/// <param name="LastArchivedAt">When that was, or null.</param>
/// <param name="LastFailedAt">When archiving failed last, or null.</param>
public sealed record WalArchiver(string? LastArchivedWal, DateTimeOffset? LastArchivedAt, DateTimeOffset? LastFailedAt);
