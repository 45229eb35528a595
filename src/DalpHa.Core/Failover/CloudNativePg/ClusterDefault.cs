using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>
/// What transactions are by default on a database that CloudNativePG runs. Its operator forbids <c>ALTER SYSTEM</c> unless it is told otherwise, and keeps the settings
/// itself: so they are asked of the Cluster. Not of the database (<c>ALTER DATABASE</c>): that is data, which reaches the standby and outlives its promotion.
/// </summary>
/// <remarks>
/// Sources: pkg/postgres/configuration.go (the parameter is neither fixed nor blocked; allow_alter_system from PostgreSQL 17 on) and
/// internal/management/controller/instance_controller.go (before it, postgresql.auto.conf can't be written) of CloudNativePG.
/// </remarks>
internal sealed class ClusterDefault(FailoverSite site, string name, TimeProvider time)
{
    /// <summary>Asks for it.</summary>
    /// <returns>False where it is for SQL to do: the Cluster lets it, and nothing of ours is in its specification.</returns>
    /// <exception cref="DalpException">The Cluster can't be seen or changed, or is read-only by somebody else's word (<c>PostgresClusterReadOnly</c>).</exception>
    public async Task<bool> AskAsync(bool isReadOnly, CancellationToken cancellationToken)
    {
        var isAsked = false;
        await ClusterChange.OnNewestAsync(
            async token =>
            {
                var cluster = await SitePostgresCluster.FindAsync(site, name, token).ConfigureAwait(false);
                isAsked = isReadOnly ? await FreezeAsync(cluster, token).ConfigureAwait(false) : await ThawAsync(cluster, token).ConfigureAwait(false);
            },
            time,
            cancellationToken).ConfigureAwait(false);
        return isAsked;
    }

    /// <summary>Whether the Cluster asks for a freeze of ours, which its operator may not have come to yet.</summary>
    public async Task<bool> IsFrozenAsync(CancellationToken cancellationToken) =>
        (await SitePostgresCluster.FindAsync(site, name, cancellationToken).ConfigureAwait(false)).ReadOnlyBefore is not null;

    /// <summary>Whether the Cluster is a replica by its specification: its operator promotes none of its servers before people change that.</summary>
    public async Task<bool> IsReplicaAsync(CancellationToken cancellationToken) =>
        (await SitePostgresCluster.FindAsync(site, name, cancellationToken).ConfigureAwait(false)).IsReplica;

    private async Task<bool> FreezeAsync(PostgresCluster cluster, CancellationToken cancellationToken)
    {
        if (IsOn(cluster.ReadOnlyDefault))
        {
            return true;
        }
        if (cluster.AllowsAlterSystem)
        {
            return false;
        }
        // Who died between a freeze and its thaw has left the note of what was there first.
        await site.CloudNativePg.SetReadOnlyDefaultAsync(cluster, "on", cluster.ReadOnlyBefore ?? cluster.ReadOnlyDefault ?? "", cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> ThawAsync(PostgresCluster cluster, CancellationToken cancellationToken)
    {
        if (cluster.ReadOnlyBefore is { } before)
        {
            await site.CloudNativePg.SetReadOnlyDefaultAsync(cluster, before.Length == 0 ? null : before, null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        return IsOn(cluster.ReadOnlyDefault)
            ? throw new DalpException(
                "PostgresClusterReadOnly",
                FaultKind.Conflict,
                $"Cluster/{name} of site '{site.Name}' is read-only by its own specification, which DalpHa has not changed.",
                "Take default_transaction_read_only out of spec.postgresql.parameters where the Cluster is written down.",
                name)
            : false;
    }

    // What PostgreSQL takes for true.
    private static bool IsOn(string? value) => value?.Trim().ToUpperInvariant() is "ON" or "TRUE" or "YES" or "1" or "T" or "Y";
}
