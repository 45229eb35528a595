using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>A server that nobody else manages: <c>pg_promote</c>.</summary>
internal sealed class SelfRunPromotion(FailoverWorld world, TimeSpan timeout) : IPromotion
{
    private readonly SiteDatabase database = SiteDatabase.OfStandby(world, timeout);

    public IReadOnlyList<IReadOnlyList<FailoverAction>> Stages(DatabaseServerSettings server) =>
    [
        [
            database.BecomePrimary(
                server,
                Promotions.MarkOf(world),
                async cancellationToken => await (await world.Standby.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false)).PromoteAsync(cancellationToken).ConfigureAwait(false)),
        ],
    ];
}
