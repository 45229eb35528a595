using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>A step on a site whose cluster can't be seen: it may not begin.</summary>
internal static class SiteUnseen
{
    public static FailoverStep Step(string name, FailoverSite site, DalpException exception) => new()
    {
        Name = name,
        Measured = $"{site.Name} can't be seen: {exception.Message}",
        Preconditions = [new Precondition("SiteReachable", Finding.Unknown(site.Name, "cluster", "can't be seen", "reachable", exception.Message, exception.RecommendedAction))],
    };
}
