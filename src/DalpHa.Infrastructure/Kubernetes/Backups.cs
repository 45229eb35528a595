using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>The backups behind a Kubernetes API.</summary>
internal sealed class Backups(ApiClient client) : IBackups
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<DatabaseBackup>?> ListDatabaseBackupsAsync(string @namespace, CancellationToken cancellationToken) => WhereServedAsync(() =>
        client.ListAsync(ApiRequest.List("postgresql.cnpg.io/v1", "backups", @namespace), WireJson.Default.DatabaseBackups, ToBackup, cancellationToken));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RecoveryWindow>?> ListRecoveryWindowsAsync(string @namespace, CancellationToken cancellationToken)
    {
        var stores = await WhereServedAsync(() =>
            client.ListAsync(ApiRequest.List("barmancloud.cnpg.io/v1", "objectstores", @namespace), WireJson.Default.ObjectStores, ToWindows, cancellationToken)).ConfigureAwait(false);
        return stores is null ? null : [.. stores.SelectMany(windows => windows)];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<PlatformBackup>?> ListPlatformBackupsAsync(string @namespace, CancellationToken cancellationToken) => WhereServedAsync(() =>
        client.ListAsync(ApiRequest.List("velero.io/v1", "backups", @namespace), WireJson.Default.PlatformBackups, ToBackup, cancellationToken));

    private static async Task<IReadOnlyList<T>?> WhereServedAsync<T>(Func<Task<IReadOnlyList<T>>> listAsync)
    {
        try
        {
            return await listAsync().ConfigureAwait(false);
        }
        catch (DalpException exception) when (exception.ErrorId == "ApiNotFound")
        {
            // A list of what the cluster serves is never absent: it may be empty.
            return null;
        }
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
