namespace DalpHa.Infrastructure.Postgres;

/// <summary>The statements with which a server is changed, and those that show what became of it. Each gives one text.</summary>
/// <remarks>
/// PostgreSQL 13 to 18; sources: "System administration functions", "System information functions" (pg_current_snapshot), "System catalogs"
/// (pg_db_role_setting) and "Monitoring stats" (pg_stat_activity) of its manual.
/// </remarks>
internal static class ControlQueries
{
    /// <summary>
    /// The session may write where others may not by default, and its commits are on disk, and wherever else the server promises them, before they are
    /// told. The server ends a statement that we no longer wait for.
    /// </summary>
    public static string PrepareSession(TimeSpan timeout) => $"""
        COPY (
        SELECT set_config('default_transaction_read_only', 'off', false) || set_config('synchronous_commit', 'on', false)
          || set_config('statement_timeout', '{(long)timeout.TotalMilliseconds}', false)
        ) TO STDOUT (FORMAT BINARY)
        """;

    // A role's or database's own setting is stronger than the server's, and so its transactions write on.
    private const string Overrides = """
        SELECT coalesce('role ' || r.rolname, 'all roles') || coalesce(' in database ' || d.datname, '') AS who
        FROM pg_db_role_setting s
        CROSS JOIN LATERAL unnest(s.setconfig) AS setting
        LEFT JOIN pg_roles r ON r.oid = s.setrole
        LEFT JOIN pg_database d ON d.oid = s.setdatabase
        WHERE setting LIKE 'default_transaction_read_only=%' AND NOT split_part(setting, '=', 2)::boolean
        """;

    /// <summary>Whether every new transaction is read-only unless it asks otherwise.</summary>
    /// <remarks>default_transaction_read_only is read as reset_val, since our own session changes it for itself.</remarks>
    public const string IsReadOnly = $"""
        ({IsReadOnlyByDefault} AND NOT EXISTS ({Overrides}))
        """;

    private const string IsReadOnlyByDefault = "coalesce((SELECT reset_val = 'on' FROM pg_settings WHERE name = 'default_transaction_read_only'), false)";

    /// <summary>What the server does with writes, as one JSON document.</summary>
    /// <remarks>
    /// A snapshot's xmax is one more than the last transaction that ended, so a transaction that still writes is not in it: backend_xid shows that. Where the log ends
    /// is where the next record will be put: after the header of the page that it begins, which is not part of any record before it, and no standby's position.
    /// </remarks>
    public const string Activity = $"""
        COPY (
        SELECT json_build_object(
          'time', clock_timestamp(),
          'inRecovery', r.yes,
          'readOnly', {IsReadOnly},
          'byDefault', {IsReadOnlyByDefault},
          'overrides', (SELECT coalesce(json_agg(who ORDER BY who), '[]') FROM ({Overrides}) o),
          'nextId', CASE WHEN NOT r.yes THEN pg_snapshot_xmax(pg_current_snapshot())::text END,
          'writers', a.writers,
          'prepared', (SELECT count(*) FROM pg_prepared_xacts),
          'sessions', a.sessions,
          'older', a.older,
          'leftAlone', a.left_alone,
          'current', CASE WHEN NOT r.yes THEN pg_current_wal_lsn() END,
          'end', CASE WHEN NOT r.yes THEN (
            SELECT CASE WHEN next - written IN (24, 40) AND (written - '0/0') % current_setting('wal_block_size')::int = 0 THEN written ELSE greatest(next, written) END
            FROM (SELECT pg_current_wal_insert_lsn() AS next, pg_current_wal_lsn() AS written) l) END,
          'received', CASE WHEN r.yes THEN pg_last_wal_receive_lsn() END,
          'replayed', CASE WHEN r.yes THEN pg_last_wal_replay_lsn() END,
          'timeline', {SampleQuery.Timeline},
          'seesAll', pg_has_role('pg_read_all_stats', 'USAGE')
        )::text
        FROM (SELECT pg_is_in_recovery() AS yes) r
        CROSS JOIN ({Sessions}) a
        ) TO STDOUT (FORMAT BINARY)
        """;

    // A transaction keeps the default that it began with, whoever's it is and whatever is told meanwhile: it is older than the settings when it began before they were read.
    // So is a statement that commits within itself (CALL, DO), and begins each transaction anew without hearing of them. What a session does whose activity is not tracked,
    // nobody sees. Others hear of the settings a moment after this session did, and what began within it may not have: for that stands the second.
    // What writes for nobody (autovacuum) is none of these, nor are the helpers of a session that is counted itself.
    private const string Sessions = $"""
        SELECT
          count(*) FILTER (WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()) AS writers,
          count(*) FILTER (WHERE {OthersSession}) AS sessions,
          count(*) FILTER (WHERE {OthersSession} AND {MayEnd} AND backend_start < pg_conf_load_time()) AS older,
          coalesce(json_agg(json_build_object('pid', pid, 'user', usename, 'application', application_name, 'since', since, 'older', since < pg_conf_load_time() + interval '1 second') ORDER BY since)
            FILTER (WHERE since IS NOT NULL AND pid <> pg_backend_pid() AND NOT ({OthersSession} AND {MayEnd}) AND backend_type NOT IN ('autovacuum worker', 'parallel worker')), '[]') AS left_alone
        FROM pg_stat_activity
        CROSS JOIN LATERAL (SELECT CASE WHEN backend_type = 'client backend' THEN
            CASE state WHEN 'active' THEN least(xact_start, query_start) WHEN 'disabled' THEN backend_start ELSE xact_start END
          ELSE xact_start END AS since) t
        """;

    private const string OthersSession = "backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'dalpha'";

    // Those of superusers only a superuser may end.
    private const string MayEnd = "(current_setting('is_superuser') = 'on' OR NOT EXISTS (SELECT FROM pg_roles WHERE oid = usesysid AND rolsuper))";

    /// <summary>The command that sets what transactions are by default; it takes effect at <see cref="Reload"/>, and holds through restarts.</summary>
    public static string SetReadOnly(bool isReadOnly) =>
        isReadOnly ? "ALTER SYSTEM SET default_transaction_read_only = on" : "ALTER SYSTEM RESET default_transaction_read_only";

    /// <summary>Makes the server read its settings again.</summary>
    public const string Reload = "COPY (SELECT pg_reload_conf()::text) TO STDOUT (FORMAT BINARY)";

    /// <summary>What transactions of new sessions are by default, where that comes from, and who has a default of his own.</summary>
    /// <remarks>
    /// The postmaster reads its settings first and then tells its children (process_pm_reload_request in postmaster.c): a session that has heard of them
    /// shows that every session begun from now on has them.
    /// </remarks>
    public const string Default = $"""
        COPY (
        SELECT json_build_object('value', s.reset_val, 'source', coalesce(s.sourcefile, s.source), 'overrides', (SELECT coalesce(json_agg(who), '[]') FROM ({Overrides}) o))::text
        FROM pg_settings s WHERE s.name = 'default_transaction_read_only'
        ) TO STDOUT (FORMAT BINARY)
        """;

    /// <summary>Ends every client session but DalpHa's that it may end, and counts them.</summary>
    public const string EndSessions = $"""
        COPY (
        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::text
        FROM pg_stat_activity
        WHERE {OthersSession} AND {MayEnd}
        ) TO STDOUT (FORMAT BINARY)
        """;

    /// <summary>Asks for the promotion, without waiting for it.</summary>
    public const string Promote = "COPY (SELECT pg_promote(false)::text) TO STDOUT (FORMAT BINARY)";

    /// <summary>
    /// Commits a mark, unless the server is in recovery: then all but the time is null. In a transaction of its own, which ends with the statement; in recovery
    /// nothing fails, so that the server's log stays free of the attempts.
    /// </summary>
    /// <remarks>
    /// A transaction that began in recovery stays read-only when recovery ends within it. It could write a mark all the same, which would prove nothing.
    /// The two answers have one shape, so that the one that a promotion waits for is not the first of its kind in a process: reading that takes longer.
    /// </remarks>
    public static string Prove(string note) => $"""
        COPY (
        SELECT json_build_object(
          'time', clock_timestamp(),
          'lsn', CASE WHEN w.yes THEN pg_logical_emit_message(true, 'dalpha', {Literal(note)}) END,
          'id', CASE WHEN w.yes THEN pg_current_xact_id()::text END,
          'timeline', CASE WHEN w.yes THEN {SampleQuery.Timeline} END
        )::text
        FROM (SELECT pg_is_in_recovery() AS yes) r
        CROSS JOIN LATERAL (SELECT NOT r.yes AND NOT current_setting('transaction_read_only')::boolean AS yes) w
        ) TO STDOUT (FORMAT BINARY)
        """;

    /// <summary>Ends our own sessions whose commits wait for a synchronous standby, and gives whom they wait for; empty when none does.</summary>
    public const string EndWaitingCommits = """
        COPY (
        SELECT CASE WHEN count(*) FILTER (WHERE pg_terminate_backend(pid)) > 0 THEN current_setting('synchronous_standby_names') ELSE '' END
        FROM pg_stat_activity
        WHERE wait_event = 'SyncRep' AND application_name = 'dalpha' AND usename = current_user AND pid <> pg_backend_pid()
        ) TO STDOUT (FORMAT BINARY)
        """;

    // COPY takes no parameters. An escape string means the same whatever standard_conforming_strings says.
    private static string Literal(string text) =>
        $"E'{text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal)}'";
}
