using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>Whether a site's database is a primary.</summary>
internal static class SiteRoleOf
{
    /// <summary>Passes when one of its servers is out of recovery, fails when all are in it, and is Unknown when that can't be seen.</summary>
    public static async Task<Finding> MeasureAsync(FailoverSite site, CancellationToken cancellationToken)
    {
        const string Expected = "a primary";
        var servers = await site.ReadServersAsync(cancellationToken).ConfigureAwait(false);
        return (servers.FirstOrDefault(one => one.Now is { IsInRecovery: false }), servers.FirstOrDefault(one => one.Failure is not null)) switch
        {
            ({ } primary, _) => Finding.Pass(site.Name, primary.Server.Name, Expected, Expected),
            (_, { Failure: { } failure } unseen) => Finding.Unknown(site.Name, unseen.Server.Name, "can't be seen", Expected, failure.Message, failure.RecommendedAction),
            _ when servers.Count > 0 => Finding.Fail(
                site.Name, "database", "in recovery", Expected, "It follows another server, and takes no writes.", "Promote it first, if it is to take over: Invoke-DalpPromotion."),
            _ => site.NoServerNamed(Expected),
        };
    }
}
