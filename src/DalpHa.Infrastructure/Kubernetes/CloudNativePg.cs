using System.Text.Json.Nodes;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>CloudNativePG's clusters behind a Kubernetes API.</summary>
internal sealed class CloudNativePg(ApiClient client) : ICloudNativePg
{
    private const string ApiVersion = "postgresql.cnpg.io/v1";
    private const string Resource = "clusters";

    /// <inheritdoc/>
    public async Task<PostgresCluster?> FindAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        await client.FindAsync(ApiRequest.Get(ApiVersion, Resource, @namespace, name), WireJson.Default.WirePostgresCluster, cancellationToken).ConfigureAwait(false) is { } found
            ? ControlReading.ToPostgresCluster(found)
            : null;

    /// <inheritdoc/>
    public Task<PostgresCluster> DemoteAsync(PostgresCluster cluster, string primary, CancellationToken cancellationToken) => SetReplicaAsync(
        cluster,
        new JsonObject { ["primary"] = primary, ["promotionToken"] = null },
        there => there.Primary == primary && there.PromotionToken is null,
        cancellationToken);

    /// <inheritdoc/>
    public Task<PostgresCluster> PromoteAsync(PostgresCluster cluster, string? token, CancellationToken cancellationToken)
    {
        var replica = new JsonObject { ["primary"] = cluster.NameInTopology, ["promotionToken"] = token };
        if (token is not null && cluster.MinApplyDelay is not null)
        {
            replica["minApplyDelay"] = null;
        }
        return SetReplicaAsync(cluster, replica, there => there.Primary == cluster.NameInTopology && there.PromotionToken == token, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<PostgresCluster> DisableReplicaAsync(PostgresCluster cluster, CancellationToken cancellationToken) =>
        SetReplicaAsync(cluster, new JsonObject { ["enabled"] = false }, there => there.ReplicaEnabled == false, cancellationToken);

    /// <inheritdoc/>
    public Task<PostgresCluster> SetReadOnlyDefaultAsync(PostgresCluster cluster, string? value, string? before, CancellationToken cancellationToken) => PatchAsync(
        cluster,
        new JsonObject { ["annotations"] = new JsonObject { [ControlReading.ReadOnlyBefore] = before } },
        new JsonObject { ["postgresql"] = new JsonObject { ["parameters"] = new JsonObject { [ControlReading.ReadOnlyDefault] = value } } },
        there => there.ReadOnlyDefault == value && there.ReadOnlyBefore == before,
        cancellationToken);

    /// <inheritdoc/>
    public Task<PostgresCluster> SetFencedAsync(PostgresCluster cluster, bool isFenced, CancellationToken cancellationToken)
    {
        var metadata = new JsonObject { ["annotations"] = new JsonObject { ["cnpg.io/fencedInstances"] = isFenced ? """["*"]""" : null } };
        return PatchAsync(cluster, metadata, spec: null, there => there.IsFenced == isFenced, cancellationToken);
    }

    private Task<PostgresCluster> SetReplicaAsync(PostgresCluster cluster, JsonObject replica, Func<PostgresCluster, bool> isOurs, CancellationToken cancellationToken) =>
        PatchAsync(cluster, [], new JsonObject { ["replica"] = replica }, isOurs, cancellationToken);

    private async Task<PostgresCluster> PatchAsync(PostgresCluster cluster, JsonObject metadata, JsonObject? spec, Func<PostgresCluster, bool> isOurs, CancellationToken cancellationToken)
    {
        metadata["resourceVersion"] = cluster.Version;
        var patch = new JsonObject { ["metadata"] = metadata };
        if (spec is not null)
        {
            patch["spec"] = spec;
        }
        var write = ApiWrite<WirePostgresCluster>.Merge(ApiVersion, Resource, cluster.Namespace, cluster.Name, patch) with
        {
            IsOurs = there => isOurs(ControlReading.ToPostgresCluster(there)),
        };
        return ControlReading.ToPostgresCluster(await client.WriteAsync(write, WireJson.Default.WirePostgresCluster, cancellationToken).ConfigureAwait(false));
    }
}
