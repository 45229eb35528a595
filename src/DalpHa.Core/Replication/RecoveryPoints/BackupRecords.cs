namespace DalpHa.Core.Replication;

/// <summary>A base backup (<c>postgresql.cnpg.io/v1 Backup</c>). Source: api/v1/backup_types.go of CloudNativePG.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cluster">The Cluster that it is of.</param>
/// <param name="Phase">How far it got; <see cref="Completed"/> is the only one that can be restored.</param>
/// <param name="Method">How it was made.</param>
/// <param name="StoppedAt">When it was consistent.</param>
/// <param name="EndLsn">Up to where.</param>
/// <param name="Error">Why it failed.</param>
public sealed record DatabaseBackup(string Name, string? Cluster, string? Phase, string? Method, DateTimeOffset? StoppedAt, Lsn? EndLsn, string? Error)
{
    /// <summary>The phase of one that can be restored.</summary>
    public const string Completed = "completed";
}

/// <summary>What the Barman Cloud plugin keeps of one server (<c>barmancloud.cnpg.io/v1 ObjectStore</c>, <c>status.serverRecoveryWindow</c>).</summary>
/// <param name="Store">The ObjectStore.</param>
/// <param name="Server">The server, by its name in the store.</param>
/// <param name="First">The first moment that can be recovered; null when none can.</param>
/// <param name="LastBackup">When the last backup succeeded.</param>
/// <param name="LastFailure">When the last one failed.</param>
public sealed record RecoveryWindow(string Store, string Server, DateTimeOffset? First, DateTimeOffset? LastBackup, DateTimeOffset? LastFailure);

/// <summary>A backup of the platform (<c>velero.io/v1 Backup</c>). Source: pkg/apis/velero/v1/backup_types.go of Velero.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Phase">How far it got; <see cref="Completed"/> is the only one that counts.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="CompletedAt">When it ended.</param>
/// <param name="Expiration">When it is deleted.</param>
/// <param name="Errors">How many errors it met.</param>
public sealed record PlatformBackup(string Name, string? Phase, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, DateTimeOffset? Expiration, int Errors)
{
    /// <summary>The phase of one that counts.</summary>
    public const string Completed = "Completed";
}
