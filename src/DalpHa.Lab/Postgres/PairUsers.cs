namespace DalpHa.Lab.Postgres;

/// <summary>The logins of a pair, with just the rights that each needs, and the platform's database.</summary>
internal static class PairUsers
{
    public static async Task CreateAsync(PostgresServer primary, string database, PairPasswords passwords, CancellationToken cancellationToken)
    {
        await primary.ExecuteAsync($"""
            CREATE ROLE {PostgresPair.ReplicationUser} LOGIN REPLICATION PASSWORD '{passwords.Replication}';
            CREATE ROLE {PostgresPair.MonitorUser} LOGIN PASSWORD '{passwords.Monitor}';
            GRANT pg_monitor TO {PostgresPair.MonitorUser};
            CREATE ROLE {PostgresPair.OwnerUser} LOGIN PASSWORD '{passwords.Owner}';
            SELECT pg_create_physical_replication_slot('{PostgresPair.SlotName}', true);
            """, cancellationToken);
        // Not one statement with the others: a database can't be made inside a transaction block.
        await primary.ExecuteAsync($"CREATE DATABASE \"{database}\" OWNER {PostgresPair.OwnerUser}", cancellationToken);
        await primary.ExecuteAsync(AdminGrants(passwords.Admin), cancellationToken, database);
    }

    // Rights on functions are those of one database: the one that DalpHa connects to. Before version 15 only a superuser can ALTER SYSTEM.
    private static string AdminGrants(string password) => $"""
        CREATE ROLE "{PostgresPair.AdminUser}" LOGIN PASSWORD '{password}';
        GRANT pg_monitor, pg_signal_backend TO "{PostgresPair.AdminUser}";
        GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer), pg_reload_conf(), pg_read_file(text) TO "{PostgresPair.AdminUser}";
        DO $$ BEGIN
          IF current_setting('server_version_num')::int >= 150000 THEN
            EXECUTE 'GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only TO "{PostgresPair.AdminUser}"';
            IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_walinspect') THEN
              EXECUTE 'CREATE EXTENSION pg_walinspect';
              EXECUTE 'GRANT EXECUTE ON FUNCTION pg_get_wal_records_info(pg_lsn, pg_lsn) TO "{PostgresPair.AdminUser}"';
            END IF;
          ELSE
            EXECUTE 'ALTER ROLE "{PostgresPair.AdminUser}" SUPERUSER';
          END IF;
        END $$;
        """;
}
