using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>The statements that tell where a server's data come from, and what a stretch of its WAL holds. Each gives one text.</summary>
/// <remarks>
/// PostgreSQL 13 to 18; sources: "System administration functions" (pg_read_file), "System information functions" (pg_control_checkpoint) and "pg_walinspect" of
/// its manual; xactdesc.c for how a commit is described.
/// </remarks>
internal static class LineageQuery
{
    /// <summary>All but the history, as one JSON document.</summary>
    /// <remarks>A standby asks for a stream only when it has replayed all that its disk holds (WaitForWALToBecomeAvailable in xlogrecovery.c); until then nothing was received. A checkpoint's oldest running transaction is there only where a standby may need it; else the next id is what nothing before it had.</remarks>
    public const string Sql = $"""
        COPY (
        SELECT json_build_object(
          'system', (SELECT system_identifier::text FROM pg_control_system()),
          'inRecovery', r.yes,
          'mayWrite', NOT r.yes AND NOT ({ControlQueries.IsReadOnly}
            AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_xid IS NOT NULL) AND NOT EXISTS (SELECT FROM pg_prepared_xacts)),
          'timeline', {SampleQuery.Timeline},
          'position', CASE WHEN r.yes THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_flush_lsn() END,
          'received', CASE WHEN r.yes THEN pg_last_wal_receive_lsn() END,
          'replayed', CASE WHEN r.yes THEN pg_last_wal_replay_lsn() END,
          'nextId', CASE WHEN NOT r.yes THEN pg_snapshot_xmax(pg_current_snapshot())::text END,
          'redo', c.redo_lsn,
          'oldestId', coalesce(nullif(c.oldest_active_xid::text, '0'), split_part(c.next_xid, ':', 2)),
          'seesAll', pg_has_role('pg_read_all_stats', 'USAGE')
        )::text
        FROM (SELECT pg_is_in_recovery() AS yes) r, pg_control_checkpoint() c
        ) TO STDOUT (FORMAT BINARY)
        """;

    /// <summary>The history file of a timeline, which every server on it keeps.</summary>
    public static string History(int timeline) => $"COPY (SELECT pg_read_file('pg_wal/{timeline:X8}.history')) TO STDOUT (FORMAT BINARY)";

    /// <summary>The schema of pg_walinspect, quoted; empty when it is not installed.</summary>
    public const string WalInspectSchema = """
        COPY (
        SELECT coalesce((SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_walinspect'), '')
        ) TO STDOUT (FORMAT BINARY)
        """;

    /// <summary>The commits between two positions, as one JSON document. Those of prepared transactions are among them; a commit's time is the first thing that its description says.</summary>
    public static string Commits(string schema, Lsn from, Lsn to) => $"""
        COPY (
        SELECT json_build_object('count', count(*), 'first', min(at), 'last', max(at))::text
        FROM (
          SELECT substring(description FROM '\d+-\d\d-\d\d \d\d:\d\d:\d\d[^;]*')::timestamptz AS at
          FROM {schema}.pg_get_wal_records_info('{from}', '{to}')
          WHERE resource_manager = 'Transaction' AND record_type IN ('COMMIT', 'COMMIT_PREPARED')
        ) c
        ) TO STDOUT (FORMAT BINARY)
        """;
}
