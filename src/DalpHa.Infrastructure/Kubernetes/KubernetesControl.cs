using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>One cluster behind its Kubernetes API, as DalpHa changes it.</summary>
internal sealed class KubernetesControl(ApiClient client, ApiFaults faults, CronJobs cronJobs) : IClusterControl
{
    /// <summary>How often a patch is made anew when somebody else wrote the object meanwhile.</summary>
    public const int Rereads = 5;

    private const int LargeObjects = 50;

    /// <inheritdoc/>
    public async Task ScaleAsync(string @namespace, WorkloadKind kind, string name, int replicas, int? remember, CancellationToken cancellationToken)
    {
        var resource = kind switch
        {
            WorkloadKind.Deployment => "deployments",
            WorkloadKind.StatefulSet => "statefulsets",
            _ => throw new DalpException(
                "WorkloadNotScalable",
                FaultKind.InvalidInput,
                $"A {kind} has no count of replicas: '{name}' runs on every node that it fits on.",
                "Take it out of what is started and stopped, or keep it off the nodes by its own node selector.",
                name),
        };
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [WorkloadReading.RememberedReplicas] = remember?.ToString(CultureInfo.InvariantCulture) } },
            ["spec"] = new JsonObject { ["replicas"] = replicas },
        };
        await client.WriteAsync(ApiWrite<WireObject>.Merge("apps/v1", resource, @namespace, name, patch), WireJson.Default.WireObject, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task SetSuspendedAsync(string @namespace, string name, bool suspended, CancellationToken cancellationToken) => cronJobs.SetSuspendedAsync(@namespace, name, suspended, cancellationToken);

    /// <inheritdoc/>
    public Task SetRouteOpenAsync(string @namespace, string kind, string name, bool open, CancellationToken cancellationToken) => kind == "Route"
        ? SetOpenAsync(RouteWeights.ApiVersion, RouteWeights.Resource, @namespace, kind, name, WireJson.Default.WireRoute, found => open ? RouteWeights.Of(found).Opening() : RouteWeights.Of(found).Closing(), cancellationToken)
        : SetOpenAsync(IngressClasses.ApiVersion, IngressClasses.Resource, @namespace, kind, name, WireJson.Default.WireIngress, found => open ? IngressClasses.Of(found).Opening() : IngressClasses.Of(found).Closing(), cancellationToken);

    // A patch of the version that was read; null when there is nothing to change.
    private async Task SetOpenAsync<T>(
        string apiVersion, string resource, string @namespace, string kind, string name, JsonTypeInfo<T> type, Func<T, JsonObject?> patchOf, CancellationToken cancellationToken)
        where T : class
    {
        var get = ApiRequest.Get(apiVersion, resource, @namespace, name);
        for (var attempt = 1; ; attempt++)
        {
            var found = await client.FindAsync(get, type, cancellationToken).ConfigureAwait(false) ?? throw new DalpException(
                "RouteNotFound", FaultKind.NotFound, $"Namespace '{@namespace}' has no {kind} '{name}'.", "Correct the name.", name);
            if (patchOf(found) is not { } patch)
            {
                return;
            }
            try
            {
                await client.WriteAsync(ApiWrite<T>.Merge(apiVersion, resource, @namespace, name, patch), type, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (DalpException exception) when (exception.ErrorId == "ApiConflict" && attempt < Rereads)
            {
                // Its controller writes its status at any time: the patch is made again of what is there now.
            }
        }
    }

    /// <inheritdoc/>
    public async Task<ClusterNote?> FindNoteAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        await client.FindAsync(ApiRequest.Get("v1", "configmaps", @namespace, name), WireJson.Default.WireConfigMap, cancellationToken).ConfigureAwait(false) is { } found
            ? ControlReading.ToNote(found)
            : null;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ClusterNote>> ListNotesAsync(string @namespace, string label, CancellationToken cancellationToken)
    {
        var ours = ApiRequest.Selector("labelSelector", $"{ControlReading.ManagedBy}={ControlReading.Dalpha},{label}");
        var notes = await client.ListAsync(ApiRequest.List("v1", "configmaps", @namespace, ours), WireJson.Default.ConfigMaps, ControlReading.ToNote, cancellationToken, LargeObjects).ConfigureAwait(false);
        return [.. notes.OrderBy(note => note.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public async Task<ClusterNote> WriteNoteAsync(string @namespace, ClusterNote note, CancellationToken cancellationToken)
    {
        var content = ControlReading.ToWire(@namespace, note);
        var write = note.Version is null
            ? ApiWrite<WireConfigMap>.Create("v1", "configmaps", @namespace, note.Name, content, WireJson.Default.WireConfigMap, there => ControlReading.Holds(there, note))
            : ApiWrite<WireConfigMap>.Replace("v1", "configmaps", @namespace, note.Name, content, WireJson.Default.WireConfigMap, there => ControlReading.Holds(there, note));
        var written = await client.WriteAsync(write, WireJson.Default.WireConfigMap, cancellationToken).ConfigureAwait(false);
        return note with { Version = VersionOf(write.Request, written.Metadata) };
    }

    /// <inheritdoc/>
    public async Task<ClusterLease?> FindLeaseAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        var request = ApiRequest.Get("coordination.k8s.io/v1", "leases", @namespace, name);
        return await client.FindAsync(request, WireJson.Default.WireLease, cancellationToken).ConfigureAwait(false) is { } found ? ToLease(request, found) : null;
    }

    /// <inheritdoc/>
    public async Task<ClusterLease> WriteLeaseAsync(string @namespace, ClusterLease lease, CancellationToken cancellationToken)
    {
        var content = ControlReading.ToWire(@namespace, lease);
        var write = lease.Version is null
            ? ApiWrite<WireLease>.Create("coordination.k8s.io/v1", "leases", @namespace, lease.Name, content, WireJson.Default.WireLease, there => there.Spec == content.Spec)
            : ApiWrite<WireLease>.Replace("coordination.k8s.io/v1", "leases", @namespace, lease.Name, content, WireJson.Default.WireLease, there => there.Spec == content.Spec);
        return ToLease(write.Request, await client.WriteAsync(write, WireJson.Default.WireLease, cancellationToken).ConfigureAwait(false));
    }

    private ClusterLease ToLease(ApiRequest request, WireLease wire)
    {
        VersionOf(request, wire.Metadata);
        try
        {
            return ControlReading.ToLease(wire);
        }
        catch (FormatException exception)
        {
            throw faults.Invalid(request, "holds a time that is none", exception).Failure;
        }
    }

    // Without its version the next write would be for any version.
    private string VersionOf(ApiRequest request, WireMetadata metadata) =>
        metadata.ResourceVersion is { Length: > 0 } version ? version : throw faults.Invalid(request, "names no resourceVersion").Failure;
}
