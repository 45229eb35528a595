using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Replication;

/// <summary>Gathers what the standby site can be recovered from. A source that can't be seen is a point of its own, Unknown with the reason.</summary>
/// <param name="topology">The topology.</param>
/// <param name="measureLagAsync">Measures the replication.</param>
/// <param name="openBackups">Opens the standby cluster's backups.</param>
/// <param name="time">The clock.</param>
public sealed class RecoveryPoints(DalpTopology topology, Func<CancellationToken, Task<IReadOnlyList<DalpReplicationLag>>> measureLagAsync, Func<IBackups> openBackups, TimeProvider time)
{
    /// <summary>All of them: usable ones first, those of the database before those of the platform's objects, and among them the least loss.</summary>
    public async Task<IReadOnlyList<DalpRecoveryPoint>> ListAsync(CancellationToken cancellationToken)
    {
        var site = topology.Standby;
        var lags = topology.Standby.Database is { Servers.Count: > 0 } ? await measureLagAsync(cancellationToken).ConfigureAwait(false) : [];
        var primary = lags.Select(lag => lag.PrimaryLsn).FirstOrDefault(lsn => lsn is not null);
        var sources = await Task.WhenAll(
            FromAsync(RecoveryPointKind.DatabaseBackup, "CloudNativePG backups", async () =>
                (await openBackups().ListDatabaseBackupsAsync(site.Namespace, cancellationToken).ConfigureAwait(false))?.Select(backup => Of(backup, primary))),
            FromAsync(RecoveryPointKind.RecoveryWindow, "object stores", async () =>
                (await openBackups().ListRecoveryWindowsAsync(site.Namespace, cancellationToken).ConfigureAwait(false))?.Select(Of)),
            VeleroAsync(site, cancellationToken)).ConfigureAwait(false);
        return
        [
            .. lags.Select(Of).Concat(sources.SelectMany(points => points))
                .OrderBy(point => point.Status)
                .ThenBy(point => point.Kind == RecoveryPointKind.PlatformBackup)
                .ThenBy(point => point.LossTime ?? TimeSpan.MaxValue)
                .ThenBy(point => point.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>The loss that promoting a standby brings: with the primary in sight what has not reached it, else what was last known bounds it. Null when nobody knows.</summary>
    public static TimeSpan? LossOf(DalpReplicationLag lag) => lag.Primary is null ? lag.PossibleLoss : lag.ReceiveLagBytes == 0 ? TimeSpan.Zero : lag.LagTime ?? lag.PossibleLoss;

    private async Task<IReadOnlyList<DalpRecoveryPoint>> VeleroAsync(DalpSite site, CancellationToken cancellationToken)
    {
        const RecoveryPointKind Kind = RecoveryPointKind.PlatformBackup;
        if (site.Backups?.VeleroNamespace is not { } velero)
        {
            return [Unseen(Kind, "Velero", "The topology does not say where Velero runs (sites.standby.backups.veleroNamespace), so nobody looked.")];
        }
        var isServed = true;
        var points = await FromAsync(Kind, $"Velero in '{velero}'", async () =>
        {
            var backups = await openBackups().ListPlatformBackupsAsync(velero, cancellationToken).ConfigureAwait(false);
            isServed = backups is not null;
            return backups?.Select(Of);
        }).ConfigureAwait(false);
        return isServed ? points : [Point(Kind, $"Velero in '{velero}'", RecoveryPointStatus.NotUsable, "The topology says that Velero runs there, and the cluster knows no such thing.")];
    }

    private async Task<IReadOnlyList<DalpRecoveryPoint>> FromAsync(RecoveryPointKind kind, string source, Func<Task<IEnumerable<DalpRecoveryPoint>?>> readAsync)
    {
        try
        {
            return [.. await readAsync().ConfigureAwait(false) ?? []];
        }
        catch (DalpException exception)
        {
            return [Unseen(kind, source, $"{exception.Message} {exception.RecommendedAction}")];
        }
    }

    private DalpRecoveryPoint Of(DalpReplicationLag lag)
    {
        var status = lag.ReplayLsn is null ? RecoveryPointStatus.Unknown
            : lag is { Link: ReplicationLink.Broken, Primary: not null } ? RecoveryPointStatus.NotUsable
            : RecoveryPointStatus.Usable;
        return Point(RecoveryPointKind.Replica, lag.Standby, status, lag.Detail) with
        {
            Position = lag.ReceiveLsn ?? lag.ReplayLsn,
            LossTime = LossOf(lag),
            LossBytes = lag.ReceiveLagBytes,
        };
    }

    private DalpRecoveryPoint Of(DatabaseBackup backup, Lsn? primary)
    {
        var what = $"{backup.Method ?? "backup"} of Cluster/{backup.Cluster}";
        var status = backup.Phase == DatabaseBackup.Completed ? backup.StoppedAt is null ? RecoveryPointStatus.Unknown : RecoveryPointStatus.Usable : RecoveryPointStatus.NotUsable;
        var detail = status switch
        {
            RecoveryPointStatus.Usable => $"{what}. That it can be restored, only a restore shows.",
            RecoveryPointStatus.Unknown => $"{what}: completed, and nobody says when.",
            _ => $"{what}: {backup.Phase ?? "no phase"}. {backup.Error}".TrimEnd(),
        };
        return Point(RecoveryPointKind.DatabaseBackup, backup.Name, status, detail) with
        {
            Position = backup.EndLsn,
            ReachesTo = backup.StoppedAt,
            LossTime = Since(backup.StoppedAt),
            LossBytes = primary is { } now && backup.EndLsn is { } end && now >= end ? now - end : null,
        };
    }

    private DalpRecoveryPoint Of(RecoveryWindow window)
    {
        var status = window.First is not null && window.LastBackup is not null ? RecoveryPointStatus.Usable : RecoveryPointStatus.NotUsable;
        var failed = window.LastFailure > window.LastBackup ? $" A later one failed, at {window.LastFailure:u}." : "";
        return Point(RecoveryPointKind.RecoveryWindow, $"{window.Store}/{window.Server}", status, status == RecoveryPointStatus.Usable
            ? $"Any moment from {window.First:u} on, as far as the log was archived: at least up to the last backup.{failed}"
            : $"No backup has succeeded.{failed}") with
        {
            ReachesTo = window.LastBackup,
            LossTime = Since(window.LastBackup),
        };
    }

    private DalpRecoveryPoint Of(PlatformBackup backup)
    {
        var isExpired = backup.Expiration <= time.GetUtcNow();
        var status = backup.Phase == PlatformBackup.Completed && !isExpired ? backup.StartedAt is null ? RecoveryPointStatus.Unknown : RecoveryPointStatus.Usable : RecoveryPointStatus.NotUsable;
        var detail = status switch
        {
            RecoveryPointStatus.Usable => "The platform's objects and volumes. That it can be restored, only a restore shows.",
            RecoveryPointStatus.Unknown => "Completed, and nobody says when it began.",
            _ when isExpired => $"It expired at {backup.Expiration:u}.",
            _ => $"{backup.Phase ?? "No phase"}{(backup.Errors > 0 ? $", {Wording.Count(backup.Errors, "error")}" : "")}: only Completed counts.",
        };
        // What was changed after it began may be missing from it.
        return Point(RecoveryPointKind.PlatformBackup, backup.Name, status, detail) with { ReachesTo = backup.StartedAt, LossTime = Since(backup.StartedAt) };
    }

    private TimeSpan? Since(DateTimeOffset? then) => then is { } at && at <= time.GetUtcNow() ? time.GetUtcNow() - at : null;

    private DalpRecoveryPoint Unseen(RecoveryPointKind kind, string source, string why) => Point(kind, source, RecoveryPointStatus.Unknown, why);

    private DalpRecoveryPoint Point(RecoveryPointKind kind, string name, RecoveryPointStatus status, string detail) => new()
    {
        Site = topology.Standby.Name,
        Kind = kind,
        Name = name,
        Status = status,
        Detail = detail,
        At = time.GetUtcNow(),
    };
}
