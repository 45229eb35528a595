using DalpHa.Core.Replication;

namespace DalpHa.Core.Ports;

/// <summary>The backups that one cluster knows of. Throws <see cref="Errors.DalpException"/> for every failure; a kind that the cluster does not serve is null.</summary>
public interface IBackups
{
    /// <summary>CloudNativePG's base backups of a namespace.</summary>
    Task<IReadOnlyList<DatabaseBackup>?> ListDatabaseBackupsAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The recovery windows of the Barman Cloud plugin's stores of a namespace.</summary>
    Task<IReadOnlyList<RecoveryWindow>?> ListRecoveryWindowsAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>Velero's backups.</summary>
    /// <param name="namespace">The namespace that Velero runs in.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    Task<IReadOnlyList<PlatformBackup>?> ListPlatformBackupsAsync(string @namespace, CancellationToken cancellationToken);
}
