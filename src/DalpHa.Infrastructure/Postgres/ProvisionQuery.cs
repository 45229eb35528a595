namespace DalpHa.Infrastructure.Postgres;

/// <summary>The statement that tells what a server has for those that follow it. It gives one text.</summary>
/// <remarks>
/// PostgreSQL 13 to 18; sources: "System views" (pg_replication_slots), "Monitoring stats" (pg_stat_replication, pg_stat_archiver) and "Server configuration" of its
/// manual. What a version lacks is asked for in a way that gives null there. Our session changes none of these settings for itself.
/// </remarks>
internal static class ProvisionQuery
{
    public const string Sql = $"""
        COPY (
        SELECT json_build_object(
          'time', clock_timestamp(),
          'inRecovery', r.yes,
          'timeline', {SampleQuery.Timeline},
          'slots', (SELECT coalesce(json_agg(json_build_object(
              'name', slot_name, 'logical', slot_type = 'logical', 'active', active, 'walStatus', wal_status, 'restart', restart_lsn,
              'invalid', to_jsonb(s) ->> 'invalidation_reason')), '[]')
            FROM pg_replication_slots s WHERE NOT temporary),
          'attached', (SELECT coalesce(json_agg(application_name), '[]') FROM pg_stat_replication WHERE state = 'streaming'),
          'synchronous', current_setting('synchronous_standby_names'),
          'archiveMode', current_setting('archive_mode'),
          'archives', current_setting('archive_command') NOT IN ('', '(disabled)') OR coalesce(current_setting('archive_library', true), '') <> '',
          'archiver', (SELECT json_build_object('wal', last_archived_wal, 'at', last_archived_time, 'failedAt', last_failed_time) FROM pg_stat_archiver),
          'checksums', current_setting('data_checksums') = 'on',
          'hints', current_setting('wal_log_hints')::boolean,
          'fullPages', current_setting('full_page_writes')::boolean,
          'keep', pg_size_bytes(current_setting('wal_keep_size')),
          'slotKeep', pg_size_bytes(current_setting('max_slot_wal_keep_size')),
          'seesAll', pg_has_role('pg_read_all_stats', 'USAGE')
        )::text
        FROM (SELECT pg_is_in_recovery() AS yes) r
        ) TO STDOUT (FORMAT BINARY)
        """;
}
