namespace DalpHa.Infrastructure.Postgres;

/// <summary>The one query that reads all of a server's replication state, as one JSON document.</summary>
internal static class SampleQuery
{
    /// <summary>The timeline, where <c>r.yes</c> says whether the server is in recovery.</summary>
    /// <remarks>A running primary's is the one of the segment that it writes: the control file's lags until the first checkpoint after a promotion.</remarks>
    public const string Timeline = """
        CASE WHEN r.yes
            THEN coalesce(
              (SELECT received_tli FROM pg_stat_wal_receiver),
              (SELECT greatest(c.timeline_id, m.min_recovery_end_timeline) FROM pg_control_checkpoint() c, pg_control_recovery() m))
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END
        """;

    /// <summary>
    /// PostgreSQL 13 to 18; sources: "Monitoring stats" (pg_stat_wal_receiver, pg_stat_replication, pg_stat_archiver), "System views"
    /// (pg_replication_slots) and "System administration functions" of its manual.
    /// </summary>
    /// <remarks>
    /// The clock is read before any position: a commit older than 'time' then lies before 'current', which is what makes lag an upper bound.
    /// Settings are read by current_setting(): pg_settings makes all of its 350 rows, in a millisecond, for each that is asked of it. Those here are
    /// readable by everybody. Our session leaves default_transaction_read_only alone, so that what it reads is what a new session of this role gets.
    /// </remarks>
    public const string Sql = $"""
        COPY (
        SELECT json_build_object(
          'time', clock_timestamp(),
          'startedAt', pg_postmaster_start_time(),
          'version', current_setting('server_version_num')::int,
          'system', (SELECT system_identifier::text FROM pg_control_system()),
          'inRecovery', r.yes,
          'timeline', {Timeline},
          'readOnly', current_setting('default_transaction_read_only')::boolean,
          'current', CASE WHEN NOT r.yes THEN pg_current_wal_lsn() END,
          'received', CASE WHEN r.yes THEN pg_last_wal_receive_lsn() END,
          'replayed', CASE WHEN r.yes THEN pg_last_wal_replay_lsn() END,
          'replayedCommitAt', CASE WHEN r.yes THEN pg_last_xact_replay_timestamp() END,
          'replayPaused', CASE WHEN r.yes THEN pg_is_wal_replay_paused() ELSE false END,
          'restoreCommand', current_setting('restore_command') <> '',
          'statusInterval', extract(epoch FROM current_setting('wal_receiver_status_interval')::interval)::int,
          'receiverTimeout', (1000 * extract(epoch FROM current_setting('wal_receiver_timeout')::interval))::int,
          'receiver', (SELECT json_build_object(
              'status', status, 'host', sender_host, 'port', sender_port, 'slot', slot_name, 'end', latest_end_lsn,
              'messageAt', last_msg_receipt_time, 'conninfo', conninfo)
            FROM pg_stat_wal_receiver WHERE pid IS NOT NULL),
          'senders', (SELECT coalesce(json_agg(json_build_object(
              'pid', pid, 'application', application_name, 'address', host(client_addr), 'state', state, 'sent', sent_lsn,
              'flushed', flush_lsn, 'replayed', replay_lsn, 'replyAt', reply_time, 'sync', sync_state)), '[]')
            FROM pg_stat_replication),
          'slots', (SELECT coalesce(json_agg(json_build_object(
              'name', slot_name, 'active', active, 'pid', active_pid, 'walStatus', wal_status, 'safeSize', safe_wal_size,
              'restart', restart_lsn)), '[]')
            FROM pg_replication_slots WHERE slot_type = 'physical'),
          'archiver', CASE WHEN current_setting('archive_mode') = 'always' OR (current_setting('archive_mode') = 'on' AND NOT r.yes)
            THEN (SELECT json_build_object('wal', last_archived_wal, 'at', last_archived_time, 'failedAt', last_failed_time) FROM pg_stat_archiver) END,
          'seesAll', pg_has_role('pg_read_all_stats', 'USAGE')
        )::text
        FROM (SELECT pg_is_in_recovery() AS yes) r
        ) TO STDOUT (FORMAT BINARY)
        """;

    /// <summary>The server ends a statement that we no longer wait for.</summary>
    public static string PrepareSession(TimeSpan timeout) => $"""
        COPY (
        SELECT set_config('statement_timeout', '{(long)timeout.TotalMilliseconds}', false)
        ) TO STDOUT (FORMAT BINARY)
        """;
}
