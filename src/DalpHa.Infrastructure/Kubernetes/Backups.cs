using DalpHa.Core.Ports;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>The backups behind a Kubernetes API.</summary>
internal sealed class Backups(ApiClient client) : IBackups
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<DatabaseBackup>?> ListDatabaseBackupsAsync(string @namespace, CancellationToken cancellationToken) => WhereServedAsync("postgresql.cnpg.io", () =>
        client.ListAsync(ApiRequest.List("postgresql.cnpg.io/v1", "backups", @namespace), WireJson.Default.DatabaseBackups, ToBackup, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RecoveryWindow>?> ListRecoveryWindowsAsync(string @namespace, CancellationToken cancellationToken)
    {
        var stores = await WhereServedAsync("barmancloud.cnpg.io", () =>
            client.ListAsync(ApiRequest.List("barmancloud.cnpg.io/v1", "objectstores", @namespace), WireJson.Default.ObjectStores, ToWindows, cancellationToken), cancellationToken).ConfigureAwait(false);
        return stores is null ? null : [.. stores.SelectMany(windows => windows)];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<PlatformBackup>?> ListPlatformBackupsAsync(string @namespace, CancellationToken cancellationToken) => WhereServedAsync("velero.io", () =>
        client.ListAsync(ApiRequest.List("velero.io/v1", "backups", @namespace), WireJson.Default.PlatformBackups, ToBackup, cancellationToken), cancellationToken);

    // Whether the cluster knows the group is asked first: a server that does not know the path of a list may be the wrong server.
    private async Task<IReadOnlyList<T>?> WhereServedAsync<T>(string group, Func<Task<IReadOnlyList<T>>> listAsync, CancellationToken cancellationToken)
    {
        var groups = await client.FindAsync(new ApiRequest("get", "/apis", null, "apis"), WireJson.Default.WireGroups, cancellationToken).ConfigureAwait(false);
        return groups?.Groups?.Any(one => one.Name == group) == true ? await listAsync().ConfigureAwait(false) : null;
    }

    private static DatabaseBackup ToBackup(WireDatabaseBackup wire) => new(
        wire.Metadata.Name,
        wire.Spec?.Cluster?.Name,
        wire.Status?.Phase,
        wire.Status?.Method,
        wire.Status?.StoppedAt,
        ToLsn(wire.Status?.EndLSN),
        wire.Status?.Error);

    // A position that is none says nothing; the backup's time still does.
    private static Lsn? ToLsn(string? text)
    {
        try
        {
            return Lsn.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static IReadOnlyList<RecoveryWindow> ToWindows(WireObjectStore wire) =>
    [
        .. (wire.Status?.ServerRecoveryWindow ?? []).Select(one => new RecoveryWindow(
            wire.Metadata.Name, one.Key, one.Value.FirstRecoverabilityPoint, one.Value.LastSuccessfulBackupTime, one.Value.LastFailedBackupTime)),
    ];

    private static PlatformBackup ToBackup(WirePlatformBackup wire) => new(
        wire.Metadata.Name, wire.Status?.Phase, wire.Status?.StartTimestamp, wire.Status?.CompletionTimestamp, wire.Status?.Expiration, wire.Status?.Errors ?? 0);
}
