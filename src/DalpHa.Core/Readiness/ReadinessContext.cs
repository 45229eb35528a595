using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness;

/// <summary>What the checks of one run share: the topology, both sites' views, and the clock.</summary>
/// <param name="Topology">The topology.</param>
/// <param name="Active">What can be seen of the active site.</param>
/// <param name="Standby">What can be seen of the standby.</param>
/// <param name="Replication">The database replication between them.</param>
/// <param name="Time">The clock.</param>
public sealed record ReadinessContext(DalpTopology Topology, SiteView Active, SiteView Standby, IReplicationView Replication, TimeProvider Time)
{
    /// <summary>Whose account looks.</summary>
    public DalpAccount Account { get; init; } = DalpAccount.Operator;

    /// <summary>Both views, the active's first.</summary>
    public IReadOnlyList<SiteView> Sites => [Active, Standby];

    /// <summary>The view of a site by its role.</summary>
    public SiteView this[SiteRole role] => role == SiteRole.Active ? Active : Standby;
}

/// <summary>The replication as one run sees it: measured once, whichever checks ask.</summary>
public interface IReplicationView
{
    /// <summary>One object per standby server; empty when the topology names none.</summary>
    Task<IReadOnlyList<Replication.DalpReplicationLag>> GetLagAsync();

    /// <summary>A sample of each server of a site that answered, and the failure of each that did not.</summary>
    Task<IReadOnlyList<Replication.ServerObservation>> GetServersAsync(SiteRole role);
}
