using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>
/// The active site's Cluster, as a promotion finds it. A person's word for the site leaves it as it is only where it can't be had: its API is silent, or has no such Cluster.
/// Where it is there it is demoted, whatever was said of its servers.
/// </summary>
internal static class FormerCluster
{
    private const string Name = "ClusterDemoted";

    /// <summary>Reads it.</summary>
    /// <returns>It; null where it can't be had, and somebody vouches for the site.</returns>
    /// <exception cref="DalpException">It can't be seen, and no word counts for that.</exception>
    public static async Task<PostgresCluster?> FindAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        try
        {
            return await world.Active.ReadClusterAsync((_, token) => SitePostgresCluster.FindAsync(world.Active, world.Runbook.Promotion.ActiveCluster!, token), cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException failure) when (world.ActiveIsGone is not null && (SiteFence.CanBeVouched(failure) || failure.ErrorId == "PostgresClusterNotFound"))
        {
            return null;
        }
    }

    /// <summary>What becomes of it where somebody vouches for the site: its owner decides on that, and the journal keeps it. Without a word nothing is asked here.</summary>
    /// <param name="world">Both sites.</param>
    /// <param name="patience">How long a token is waited for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What is to be told, and whether it is left as it is.</returns>
    public static async Task<(IReadOnlyList<Precondition> Told, bool IsLeft)> MeasureAsync(FailoverWorld world, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (world.ActiveIsGone is not { } word)
        {
            return ([], false);
        }
        const string Expected = "demoted, with its token";
        var (site, target) = (world.Active.Name, $"Cluster/{world.Runbook.Promotion.ActiveCluster}");
        try
        {
            return await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false) switch
            {
                null => (Told(Finding.Warn(
                    site, target, "can't be demoted", Expected, $"The site's API does not answer, or has no such Cluster. {word.Person} vouches: {DalpException.Sentence(word.Statement)} It leaves no token, and has to be built anew.",
                    "Isolate the site as soon as it answers: Protect-DalpSite -Wait.")), true),
                { Standby.IsReplica: false } or { Active.IsReplica: true, Token: not null } => ([], false),
                { Active.IsReplica: var isDemoted } => (Told(Finding.Warn(
                    site, target, isDemoted ? "demoted, and no token is there" : "there, and to be demoted", Expected,
                    $"Its operator writes no token while its PostgreSQL does not run. When none was to be had for {patience.TotalSeconds:0} s, or longer where one may still come, the standby is promoted without one, since {word.Person} vouches for the site. It has to be built anew then.",
                    "Let its PostgreSQL run again first, where that is sooner done.")), false),
            };
        }
        catch (DalpException exception)
        {
            return (Told(Finding.Unknown(site, target, "can't be seen", Expected, exception.Message, exception.RecommendedAction)), false);
        }
    }

    private static IReadOnlyList<Precondition> Told(Finding finding) => [new Precondition(Name, finding)];
}
