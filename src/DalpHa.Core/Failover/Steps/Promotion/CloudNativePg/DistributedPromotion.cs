using DalpHa.Core.Errors;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// CloudNativePG in a distributed topology: the active Cluster is demoted first, and the token that it leaves promotes the standby without loss. Where it leaves none, or
/// can't be had at all, and somebody vouches for the site, the standby is promoted without one, and the former Cluster must be rebuilt.
/// </summary>
internal sealed class DistributedPromotion(FailoverWorld world, TimeSpan timeout) : IPromotion
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private readonly StandbyCluster cluster = new(world, timeout, isDistributed: true);
    private bool isFormerLeft;

    /// <inheritdoc/>
    public bool StopsTheActive => true;

    /// <inheritdoc/>
    public async Task<bool> IsUnderWayAsync(CancellationToken cancellationToken) =>
        await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false) is { Active.IsReplica: true, Standby.IsReplica: true };

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Precondition>> MeasureAsync(CancellationToken cancellationToken)
    {
        var standby = cluster.MeasureAsync(cancellationToken);
        (var former, isFormerLeft) = await FormerCluster.MeasureAsync(world, ClusterDemotion.PatienceOf(timeout), cancellationToken).ConfigureAwait(false);
        return [.. await standby.ConfigureAwait(false), .. former];
    }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<FailoverAction>> Stages(DatabaseServerSettings server)
    {
        var demotion = new ClusterDemotion(world, server, timeout);
        return
        [
            .. isFormerLeft ? (IReadOnlyList<FailoverAction>[])[] : [[demotion.Action()]],
            [cluster.BecomePrimary(server, token => isFormerLeft || demotion.WithoutToken is not null ? PromoteWithoutTokenAsync(server, token) : PromoteAsync(server, token))],
            [cluster.Settle()],
        ];
    }

    // A site that has come back since it was measured is no longer what the word was for, and may hold a token.
    private async Task PromoteWithoutTokenAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        if (await cluster.FindAsync(cancellationToken).ConfigureAwait(false) is not { IsReplica: true } alone)
        {
            return;
        }
        if (await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false) is { Active: var back } pair)
        {
            if (isFormerLeft || !back.IsReplica)
            {
                throw Changed($"Cluster/{back.Name} of {world.Active.Name} answers{(back.IsReplica ? "" : ", and is a primary")}");
            }
            // A rehearsal's is none that could be used.
            if (pair.Token is not (null or TellingCloudNativePg.TokenToCome) && pair.Check(await ClusterPair.ReplayedAsync(world, server, cancellationToken).ConfigureAwait(false)).Verdict != TokenVerdict.Wait)
            {
                throw Changed($"Cluster/{back.Name} of {world.Active.Name} has left a token by now");
            }
        }
        await world.Standby.CloudNativePg.PromoteAsync(alone, null, cancellationToken).ConfigureAwait(false);
    }

    private async Task PromoteAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        var asked = world.Time.GetTimestamp();
        while (await TokenOfAsync(server, isLast: world.Time.GetElapsedTime(asked) > timeout * 0.75, cancellationToken).ConfigureAwait(false) is (var pair, var token))
        {
            if (token is not null)
            {
                await world.Standby.CloudNativePg.PromoteAsync(pair.Standby, token, cancellationToken).ConfigureAwait(false);
                return;
            }
            await Task.Delay(LookEvery, world.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    // The operator takes a token that the standby has passed as a failure for good. One that it has not come up to may have been usable a moment ago: with its primary gone a
    // standby tells the timeline of its last restart point, until the next one.
    private async Task<(ClusterPair Pair, string? Token)?> TokenOfAsync(DatabaseServerSettings server, bool isLast, CancellationToken cancellationToken)
    {
        var pair = await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false);
        if ((pair?.Standby ?? await cluster.FindAsync(cancellationToken).ConfigureAwait(false)) is not { IsReplica: true })
        {
            // It was told before, and is on its way.
            return null;
        }
        if (pair is null)
        {
            throw Changed($"Cluster/{world.Runbook.Promotion.ActiveCluster} was demoted, and {world.Active.Name} does not show it any more");
        }
        var check = pair.Check(await ClusterPair.ReplayedAsync(world, server, cancellationToken).ConfigureAwait(false));
        return check.Verdict switch
        {
            TokenVerdict.Usable => (pair, pair.Token),
            TokenVerdict.Wait when !isLast => (pair, null),
            TokenVerdict.Wait => throw new DalpException(
                "DemotionTokenNotYet",
                FaultKind.Conflict,
                $"The token of Cluster/{pair.Active.Name} does not promote Cluster/{pair.Standby.Name} yet: {check.Reason}",
                "See that the standby goes on replaying, then resume: Get-DalpReplicationLag.",
                pair.Standby.Name),
            _ => throw new DalpException(
                "DemotionTokenRefused",
                FaultKind.Conflict,
                $"The token of Cluster/{pair.Active.Name} can't promote Cluster/{pair.Standby.Name}: {check.Reason}",
                $"Make Cluster/{pair.Active.Name} the primary again (spec.replica.primary), and find out what the standby followed.",
                pair.Standby.Name),
        };
    }

    private DalpException Changed(string how) => new(
        "FormerClusterChanged",
        FaultKind.Conflict,
        $"{how}: that is not what the promotion was to rest on. Nothing was promoted.",
        "Go on anew, and it is done by what is seen then: Resume-DalpFailover, or Invoke-DalpPromotion once more.",
        world.Runbook.Promotion.ActiveCluster);
}
