namespace DalpHa.Infrastructure.Postgres;

/// <summary>What a statement is for, and what a login that is refused it lacks.</summary>
/// <param name="Purpose">What DalpHa wants to do, after "to": <c>read its replication state</c>.</param>
/// <param name="Grant">What an administrator grants for it.</param>
internal sealed record Need(string Purpose, string Grant)
{
    /// <summary>Reads replication state.</summary>
    public static Need Replication { get; } = new("read its replication state", "GRANT pg_monitor TO the role that logs in.");

    /// <summary>Reads what others write.</summary>
    public static Need Activity { get; } = new("see who writes", "GRANT pg_monitor TO the role that logs in.");

    /// <summary>Changes the read-only default.</summary>
    public static Need ReadOnlyDefault { get; } = new(
        "make it read-only, or writable again",
        "As a superuser on the primary: GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only TO the role that logs in (PostgreSQL 15 or later; before it only a superuser may), and, "
        + "in the database that it connects to, GRANT EXECUTE ON FUNCTION pg_reload_conf() TO it. "
        + "CloudNativePG refuses ALTER SYSTEM whatever is granted unless spec.postgresql.enableAlterSystem of its Cluster is true: name that Cluster, and it is asked instead "
        + "(promotion.activeCluster in the runbook, -PostgresCluster by hand). Most managed services refuse it too: allow it there, or give the step freeze to people or to a script (the runbook's steps.freeze.manual or .hook).");

    /// <summary>Ends other sessions.</summary>
    public static Need EndSessions { get; } = new("end the sessions of others", "As a superuser on the primary: GRANT pg_signal_backend TO the role that logs in.");

    /// <summary>Promotes.</summary>
    public static Need Promotion { get; } = new(
        "promote it", "As a superuser on the primary, in the database that DalpHa connects to: GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer) TO the role that logs in.");

    /// <summary>Writes a mark.</summary>
    public static Need Proof { get; } = new(
        "commit a mark (pg_logical_emit_message)", "GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) TO the role that logs in: somebody has revoked it from PUBLIC.");

    /// <summary>Reads a timeline's history.</summary>
    public static Need History { get; } = new(
        "read its timeline history", "As a superuser on a primary, in the database that DalpHa connects to: GRANT EXECUTE ON FUNCTION pg_read_file(text) TO the login of adminCredentials.");

    /// <summary>Reads WAL records.</summary>
    public static Need WalRecords { get; } = new(
        "read its WAL records", "As a superuser on a primary, in the database that DalpHa connects to: GRANT EXECUTE ON FUNCTION pg_get_wal_records_info(pg_lsn, pg_lsn) TO the login of adminCredentials.");
}
