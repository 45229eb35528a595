using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>The one server of a site that takes writes.</summary>
/// <param name="Name">Its name; empty where there is not exactly one.</param>
/// <param name="Finding">Passes when there is exactly one, fails when there is none or there are several, and is Unknown when that can't be seen.</param>
internal sealed record SolePrimary(string Name, Finding Finding)
{
    private const string Expected = "one primary that takes writes";

    /// <summary>Looks for it.</summary>
    public static async Task<SolePrimary> MeasureAsync(FailoverSite site, CancellationToken cancellationToken)
    {
        var servers = await site.ReadServersAsync(cancellationToken).ConfigureAwait(false);
        var primaries = servers.Where(one => one.Now is { IsInRecovery: false, IsReadOnly: false }).Select(one => one.Server.Name).ToList();
        var unseen = servers.Select(one => one.Failure).FirstOrDefault(failure => failure is not null);
        return (primaries, unseen) switch
        {
            ({ Count: > 1 }, _) => None(Finding.Fail(
                site.Name, "database", $"{Wording.List(primaries)} take writes", Expected, "Two databases that take writes can't be merged again.", "Find out which of them the platform uses, and freeze the other.")),
            (_, { } failure) => None(Finding.Unknown(site.Name, "database", "can't be seen", Expected, failure.Message, failure.RecommendedAction)),
            ({ Count: 1 }, _) => new SolePrimary(primaries[0], Finding.Pass(site.Name, primaries[0], "takes writes", Expected)),
            _ when servers.Count > 0 => None(Finding.Fail(
                site.Name, "database", "takes no writes", Expected, "There is nothing to follow yet.", "Promote it first (Invoke-DalpPromotion, Invoke-DalpFailover); a frozen one takes writes again by Resume-DalpWrite.")),
            _ => None(site.NoServerNamed(Expected)),
        };
    }

    private static SolePrimary None(Finding finding) => new("", finding);
}
