using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>One procedure by which a standby database becomes the primary.</summary>
internal interface IPromotion
{
    /// <summary>Whether its stages stop the active primary themselves, in order, with all that it wrote sent.</summary>
    bool StopsTheActive => false;

    /// <summary>Whether the active site has given its role up by this procedure already, and the standby has not taken it yet.</summary>
    Task<bool> IsUnderWayAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>What must hold beside what holds for every promotion. Comes before <see cref="Stages"/>.</summary>
    Task<IReadOnlyList<Precondition>> MeasureAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Precondition>>([]);

    /// <summary>What is done in a world as it was measured, stage after stage; the last outcome is a committed write on the server.</summary>
    IReadOnlyList<IReadOnlyList<FailoverAction>> Stages(DatabaseServerSettings server);
}

/// <summary>The procedure that a runbook names.</summary>
internal static class Promotions
{
    public static IPromotion For(FailoverWorld world, TimeSpan timeout) => world.Runbook.Promotion.Method switch
    {
        PromotionMethod.SelfRun => new SelfRunPromotion(world, timeout),
        PromotionMethod.CloudNativePgDistributed => new DistributedPromotion(world, timeout),
        PromotionMethod.CloudNativePgReplica => new ReplicaPromotion(world, timeout),
        PromotionMethod.Hook => new HookPromotion(world, timeout),
        var method => throw new InvalidOperationException($"{method} is no procedure."),
    };

    /// <summary>What the proof of a write leaves in the log.</summary>
    public static string MarkOf(FailoverWorld world) => $"dalpha {world.Kind} of {world.Topology.Name}";
}
