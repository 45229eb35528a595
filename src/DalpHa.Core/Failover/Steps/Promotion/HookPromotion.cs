using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>A managed service, promoted by a script of the runbook's. What the script says of its success is not taken: the server itself shows it.</summary>
internal sealed class HookPromotion(FailoverWorld world, TimeSpan timeout) : IPromotion
{
    public IReadOnlyList<IReadOnlyList<FailoverAction>> Stages(DatabaseServerSettings server) =>
    [
        [
            SiteDatabase.OfStandby(world, timeout).BecomePrimary(
                server,
                Promotions.MarkOf(world),
                cancellationToken => world.RunHookAsync(new HookCall(world.Runbook.Promotion.Hook!, "promote"), cancellationToken)),
        ],
    ];
}
