using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>Whether a site's database is a primary.</summary>
internal static class SiteRoleOf
{
    /// <summary>Passes when one of its servers is out of recovery, fails when all are in it, and is Unknown when that can't be seen.</summary>
    public static async Task<Finding> MeasureAsync(FailoverSite site, CancellationToken cancellationToken)
    {
        const string Expected = "a primary";
        Finding? unseen = null;
        foreach (var server in site.Site.Database?.Servers ?? [])
        {
            try
            {
                var control = await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
                if (!(await control.ReadActivityAsync(cancellationToken).ConfigureAwait(false)).IsInRecovery)
                {
                    return Finding.Pass(site.Name, server.Name, Expected, Expected);
                }
            }
            catch (DalpException exception)
            {
                unseen = Finding.Unknown(site.Name, server.Name, "can't be seen", Expected, exception.Message, exception.RecommendedAction);
            }
        }
        return unseen ?? (site.Site.Database is { Servers.Count: > 0 }
            ? Finding.Fail(site.Name, "database", "in recovery", Expected, "It follows another server, and takes no writes.", "Promote it first, if it is to take over: Invoke-DalpPromotion.")
            : Finding.Unknown(site.Name, "database", "not named", Expected, "The topology names no database server of the site.", "Name it in the topology: database.servers."));
    }
}
