using System.Collections.Concurrent;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Simulation;

/// <summary>Reads CloudNativePG clusters, tells what they would be made, and shows that as done by the operator from then on.</summary>
/// <param name="inner">The real clusters; only read.</param>
/// <param name="context">The Kubernetes cluster's context, for what is told.</param>
/// <param name="tell">Is told each write.</param>
public sealed class TellingCloudNativePg(ICloudNativePg inner, string context, Action<ToldWrite> tell) : ICloudNativePg
{
    /// <summary>What a simulated demotion leaves as its token. It is none: only the real shutdown knows where it will stop.</summary>
    public const string TokenToCome = "(the demotion's token)";

    private readonly ConcurrentDictionary<(string Namespace, string Name), Func<PostgresCluster, PostgresCluster>> changes = new();

    /// <inheritdoc/>
    public async Task<PostgresCluster?> FindAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        var real = await inner.FindAsync(@namespace, name, cancellationToken).ConfigureAwait(false);
        return real is not null && changes.TryGetValue((@namespace, name), out var change) ? change(real) : real;
    }

    /// <inheritdoc/>
    public Task<PostgresCluster> DemoteAsync(PostgresCluster cluster, string primary, CancellationToken cancellationToken) => ChangeAsync(
        cluster,
        $"Demote it: '{primary}' becomes the primary of the topology.",
        now => now with { Primary = primary, PromotionToken = null, DemotionToken = TokenToCome },
        cancellationToken);

    /// <inheritdoc/>
    public Task<PostgresCluster> PromoteAsync(PostgresCluster cluster, string? token, CancellationToken cancellationToken) => ChangeAsync(
        cluster,
        token is null ? "Promote it without a token: the former primary must be rebuilt." : "Promote it with the demoted cluster's token.",
        now => Promoted(now) with { Primary = now.NameInTopology, PromotionToken = token, LastPromotionToken = token ?? now.LastPromotionToken, MinApplyDelay = token is null ? now.MinApplyDelay : null },
        cancellationToken);

    /// <inheritdoc/>
    public Task<PostgresCluster> DisableReplicaAsync(PostgresCluster cluster, CancellationToken cancellationToken) =>
        ChangeAsync(cluster, "Promote it: it replicates no more.", now => Promoted(now) with { ReplicaEnabled = false }, cancellationToken);

    /// <inheritdoc/>
    public Task<PostgresCluster> SetReadOnlyDefaultAsync(PostgresCluster cluster, string? value, string? before, CancellationToken cancellationToken) => ChangeAsync(
        cluster,
        value is null ? "Take default_transaction_read_only out of its parameters." : $"Set default_transaction_read_only to '{value}' in its parameters.",
        now => now with { ReadOnlyDefault = value, ReadOnlyBefore = before },
        cancellationToken);

    /// <inheritdoc/>
    public Task<PostgresCluster> SetFencedAsync(PostgresCluster cluster, bool isFenced, CancellationToken cancellationToken) => ChangeAsync(
        cluster,
        isFenced ? "Fence all of its instances." : "Let all of its instances run.",
        now => now with { FencedInstances = isFenced ? ["*"] : [] },
        cancellationToken);

    private async Task<PostgresCluster> ChangeAsync(PostgresCluster cluster, string statement, Func<PostgresCluster, PostgresCluster> change, CancellationToken cancellationToken)
    {
        var target = $"Cluster/{cluster.Name}";
        changes.AddOrUpdate((cluster.Namespace, cluster.Name), change, (_, before) => now => change(before(now)));
        tell(new ToldWrite(context, target, statement));
        return await FindAsync(cluster.Namespace, cluster.Name, cancellationToken).ConfigureAwait(false)
            ?? throw new DalpException("ApiNotFound", FaultKind.NotFound, $"Namespace '{cluster.Namespace}' (context '{context}') has no {target}.", "Check the name and the namespace.", target);
    }

    private static PostgresCluster Promoted(PostgresCluster now) => now with { Timeline = now.Timeline + (now.IsReplica ? 1 : 0), Phase = PostgresCluster.HealthyPhase, IsReady = true };
}
