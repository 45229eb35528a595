using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>A server that nobody else manages: <c>pg_promote</c>.</summary>
internal sealed class SelfRunPromotion(FailoverWorld world, TimeSpan timeout) : IPromotion
{
    private readonly SiteDatabase database = SiteDatabase.OfStandby(world, timeout);

    public bool StopsTheActive => false;

    public Task<bool> IsUnderWayAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    public Task<IReadOnlyList<Precondition>> MeasureAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Precondition>>([]);

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
