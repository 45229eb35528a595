using DalpHa.Core.Replication;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>Both Clusters of a distributed topology, read at the same time: everybody who writes waits for what is decided from them.</summary>
/// <param name="Active">The one that gives its role up.</param>
/// <param name="Standby">The one that takes it.</param>
internal sealed record ClusterPair(PostgresCluster Active, PostgresCluster Standby)
{
    /// <summary>
    /// The token of this demotion; null while there is none. The operator leaves the token of an earlier demotion where it was: it is the one with which the standby was
    /// promoted last, and where that was built anew since, it is of a timeline that the active one has left.
    /// </summary>
    public string? Token => Active.DemotionToken is { } token && (token != Standby.LastPromotionToken || !Standby.IsReplica) && !IsOfEarlierTimeline(token) ? token : null;

    private bool IsOfEarlierTimeline(string token) => DemotionToken.Parse(token, out _) is { Timeline: var timeline } && timeline < Active.Timeline;

    /// <summary>Reads both.</summary>
    /// <returns>Both; null where the active one can't be had, and somebody vouches for its site.</returns>
    /// <exception cref="Errors.DalpException">One of them is not there, or can't be seen.</exception>
    public static async Task<ClusterPair?> ReadAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var both = await Task.WhenAll(FormerCluster.FindAsync(world, cancellationToken), StandbyAsync(world, cancellationToken)).ConfigureAwait(false);
        return both is [{ } active, { } standby] ? new ClusterPair(active, standby) : null;
    }

    private static async Task<PostgresCluster?> StandbyAsync(FailoverWorld world, CancellationToken cancellationToken) =>
        await SitePostgresCluster.FindAsync(world.Standby, world.Runbook.Promotion.StandbyCluster!, cancellationToken).ConfigureAwait(false);

    /// <summary>How far the standby has replayed; null when that can't be seen right now.</summary>
    public static async Task<Lsn?> ReplayedAsync(FailoverWorld world, DatabaseServerSettings server, CancellationToken cancellationToken) =>
        (await world.Standby.ReadServerAsync(server, cancellationToken).ConfigureAwait(false)).Now?.ReplayedLsn;

    /// <summary>What the token is good for.</summary>
    /// <param name="replayed">How far the standby has replayed; null when that can't be seen.</param>
    public TokenCheck Check(Lsn? replayed) => (Token, Standby) switch
    {
        (null, _) => new TokenCheck(TokenVerdict.Wait, "There is no token."),
        // A rehearsal has none to check.
        (TellingCloudNativePg.TokenToCome, _) => new TokenCheck(TokenVerdict.Usable, ""),
        ({ } token, { SystemIdentifier: { } system, Timeline: { } timeline }) => DemotionToken.Check(token, system, timeline, replayed),
        _ => new TokenCheck(TokenVerdict.Wait, "The operator does not tell the standby's system identifier and timeline yet."),
    };
}
