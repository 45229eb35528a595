using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The active Cluster gives its role up: its operator stops it with all that it wrote sent, and leaves a token of where it stopped.</summary>
/// <param name="world">Both sites.</param>
/// <param name="standby">The server that is to take over.</param>
/// <param name="timeout">How long it may take.</param>
internal sealed class ClusterDemotion(FailoverWorld world, DatabaseServerSettings standby, TimeSpan timeout)
{
    private const string DemotionOf = "Demote Cluster/";
    private readonly string active = world.Runbook.Promotion.ActiveCluster!;

    /// <summary>Whether an action is the demotion of a Cluster.</summary>
    public static bool IsDemotion(string action) => action.StartsWith(DemotionOf, StringComparison.Ordinal);

    /// <summary>The action. A token that can't be used ends it too: the promotion then says why it is refused, and asks for nothing.</summary>
    public FailoverAction Action() => new()
    {
        Name = DemotionOf + active,
        Site = world.Active.Name,
        Outcome = $"Cluster/{active} has stopped as primary and left its token, and Cluster/{world.Runbook.Promotion.StandbyCluster} has all that it wrote",
        LookAsync = LookAsync,
        ActAsync = async cancellationToken =>
        {
            await ClusterChange.OnNewestAsync(DemoteAsync, world.Time, cancellationToken).ConfigureAwait(false);
            await ShowAsync(cancellationToken).ConfigureAwait(false);
        },
        Timeout = timeout,
        LookEvery = TimeSpan.FromMilliseconds(100),
    };

    private async Task<Sighting> LookAsync(CancellationToken cancellationToken)
    {
        var pair = await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false);
        if (pair is not { Active: { IsReplica: true, IsSwitching: false }, Token: not null })
        {
            return Sighting.NotYet(pair.Active.IsReplica ? $"It is being demoted: {pair.Active.Phase}." : "It is primary.");
        }
        // What was promoted has used its token, and stands where it wants since.
        if (!pair.Standby.IsReplica)
        {
            return Sighting.Yes("It follows, and its token is there.");
        }
        var check = pair.Check(await ClusterPair.ReplayedAsync(world, standby, cancellationToken).ConfigureAwait(false));
        return check.Verdict == TokenVerdict.Wait ? Sighting.NotYet(check.Reason) : Sighting.Yes($"It follows, and its token is there. {check.Reason}".TrimEnd());
    }

    private async Task DemoteAsync(CancellationToken cancellationToken)
    {
        var pair = await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false);
        if (!pair.Active.IsReplica)
        {
            await world.Active.CloudNativePg.DemoteAsync(pair.Active, pair.Standby.NameInTopology, cancellationToken).ConfigureAwait(false);
        }
    }

    // In a rehearsal no server follows what an operator was only told.
    private async Task ShowAsync(CancellationToken cancellationToken)
    {
        foreach (var server in world.Active.CloudNativePg is TellingCloudNativePg ? world.Active.Site.Database?.Servers ?? [] : [])
        {
            (await world.Active.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false) as TellingDatabaseControl)?.ShowDemoted();
        }
    }
}
