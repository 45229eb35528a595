namespace DalpHa.Infrastructure.Kubernetes;

// CloudNativePG: api/v1/backup_types.go. Its Barman Cloud plugin: api/v1/objectstore_types.go. Velero: pkg/apis/velero/v1/backup_types.go.

/// <summary><c>postgresql.cnpg.io/v1 Backup</c>.</summary>
internal sealed record WireDatabaseBackup(WireMetadata Metadata, WireDatabaseBackupSpec? Spec, WireDatabaseBackupStatus? Status);

/// <summary>What a database backup is of.</summary>
internal sealed record WireDatabaseBackupSpec(WireName? Cluster);

/// <summary>A reference by name.</summary>
internal sealed record WireName(string? Name);

/// <summary>What became of a database backup.</summary>
internal sealed record WireDatabaseBackupStatus(string? Phase, string? Method, DateTimeOffset? StoppedAt, string? EndLSN, string? Error);

/// <summary><c>barmancloud.cnpg.io/v1 ObjectStore</c>.</summary>
internal sealed record WireObjectStore(WireMetadata Metadata, WireObjectStoreStatus? Status);

/// <summary>What an object store holds, by server.</summary>
internal sealed record WireObjectStoreStatus(Dictionary<string, WireRecoveryWindow>? ServerRecoveryWindow);

/// <summary>What can be recovered of one server.</summary>
internal sealed record WireRecoveryWindow(DateTimeOffset? FirstRecoverabilityPoint, DateTimeOffset? LastSuccessfulBackupTime, DateTimeOffset? LastFailedBackupTime);

/// <summary><c>velero.io/v1 Backup</c>.</summary>
internal sealed record WirePlatformBackup(WireMetadata Metadata, WirePlatformBackupStatus? Status);

/// <summary>What became of a backup of the platform.</summary>
internal sealed record WirePlatformBackupStatus(string? Phase, DateTimeOffset? StartTimestamp, DateTimeOffset? CompletionTimestamp, DateTimeOffset? Expiration, int? Errors);
