using System.Runtime.CompilerServices;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>Each standby server streams, and is within the thresholds. What <c>Get-DalpReplicationLag</c> measures, as findings.</summary>
public sealed class ReplicationLagCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "ReplicationLag";

    /// <inheritdoc/>
    public string Description => "Each standby server receives the primary's changes and has replayed them within the thresholds.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var serversRead = context.Replication.GetServersAsync(SiteRole.Standby);
        var lags = await context.Replication.GetLagAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var servers = await serversRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var lag in lags)
        {
            var sample = servers.FirstOrDefault(server => server.Server == lag.Standby)?.Sample;
            var isPaused = sample?.IsReplayPaused == true;
            yield return new Finding(
                lag.Status,
                lag.Site,
                lag.Standby,
                Observed(lag, isPaused),
                $"streaming, lag < {lag.Threshold}",
                lag.Detail + (lag.LastHealthyAt is { } at && lag.Status != CheckStatus.Pass ? $" Last healthy: {at:yyyy-MM-dd HH:mm:ss} UTC." : ""),
                lag.Status == CheckStatus.Pass ? "" : Remedy(lag, isPaused, isPromoted: sample?.IsInRecovery == false));
        }
        if (lags.Count == 0)
        {
            yield return Finding.Unknown(
                context.Standby.Name, "replication", "not declared", "streaming", "The topology does not name the databases of both sites, so nobody can say how far the standby is behind.",
                "Declare them in the topology (sites.*.database.servers).");
        }
    }

    private static string Observed(DalpReplicationLag lag, bool isPaused)
    {
        var amount = (lag.LagTime, lag.LagBytes) switch
        {
            ({ } time, { } bytes) => $"{Wording.Duration(time)}, {Wording.Bytes(bytes)}",
            ({ } time, null) => Wording.Duration(time),
            (null, { } bytes) => Wording.Bytes(bytes),
            _ => "lag unknown",
        };
        return $"{lag.Link}{(isPaused ? ", paused" : "")}, {amount}";
    }

    private static string Remedy(DalpReplicationLag lag, bool isPaused, bool isPromoted) => lag switch
    {
        _ when isPromoted => "See what Database says: it is no standby any more.",
        _ when isPaused => "Let the standby replay again: SELECT pg_wal_replay_resume()",
        { Link: ReplicationLink.Broken } => "Mend the link: look at the standby's log and its primary_conninfo, at the network, and at the slot on the primary.",
        { Link: ReplicationLink.Archive } => "See why it does not stream: the standby's log, its primary_conninfo, the network.",
        { Link: ReplicationLink.Unknown } => "Make sure that both servers can be reached, by a login that is a member of pg_monitor.",
        _ => "Watch whether it catches up: Watch-DalpReplicationLag. If it does not, look at the network's throughput and the standby's disk.",
    };
}
