using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The gate before a site writes, signs or serves again: the other site does not. The site that is acted on is the world's active one.</summary>
internal static class OtherFence
{
    /// <summary>The gate's name among the preconditions.</summary>
    public const string Name = "OtherFenced";

    /// <summary>No database of the other site takes writes.</summary>
    public static async Task<IReadOnlyList<Precondition>> DatabasesAsync(FailoverWorld world, CancellationToken cancellationToken) =>
        [.. (await Of(world).DatabasesAsync(cancellationToken).ConfigureAwait(false)).Select(finding => new Precondition(Name, finding))];

    /// <summary>Nothing runs there that must not run twice, of the roles that are to start here.</summary>
    public static async Task<IReadOnlyList<Precondition>> SignersAsync(FailoverWorld world, IEnumerable<WorkloadRule> starting, CancellationToken cancellationToken)
    {
        var roles = starting.Where(rule => rule.MustRunOnce()).Select(rule => rule.Role).Distinct();
        var findings = await Task.WhenAll(roles.Select(role => Of(world).SignersAsync(role, cancellationToken))).ConfigureAwait(false);
        return [.. findings.Select(finding => new Precondition(Name, finding))];
    }

    private static SiteFence Of(FailoverWorld world) =>
        new(world.Standby, world.Topology, world.OtherIsFenced, "-OtherIsFenced", world.Runbook.Promotion is { UsesCloudNativePg: true, StandbyCluster: var name } ? name : null, world.Time)
        {
            IsStandby = world.Standby.Site.Role == SiteRole.Standby,
        };
}
