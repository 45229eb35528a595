using System.Net.WebSockets;
using System.Text.Json;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Finds the pod behind a target and opens tunnels to it.</summary>
internal sealed class PortForwarding(ApiClient client, ApiFaults faults)
{
    // Channel 0 carries data and channel 1 errors, each message with its channel in the first byte. Every kubelet speaks it.
    private static readonly string[] SubProtocols = ["v4.channel.k8s.io"];

    /// <summary>Opens the tunnel and its first connection, so that what is missing or forbidden is told now.</summary>
    /// <exception cref="DalpException">There is no such pod or service, no pod of the service is ready, or the user may not forward.</exception>
    public async Task<IPortForward> OpenAsync(ForwardTarget target, CancellationToken cancellationToken)
    {
        var first = await ConnectAsync(target, cancellationToken).ConfigureAwait(false);
        return new PortForward(first, token => ConnectAsync(target, token));
    }

    private async Task<ForwardConnection> ConnectAsync(ForwardTarget target, CancellationToken cancellationToken)
    {
        var (pod, port) = target.Service is { } service
            ? await ResolveAsync(target.Namespace, service, target.Port, cancellationToken).ConfigureAwait(false)
            : (target.Pod!, target.Port);
        var path = $"api/v1/namespaces/{Uri.EscapeDataString(target.Namespace)}/pods/{Uri.EscapeDataString(pod)}/portforward?ports={port}";
        // A WebSocket starts with GET, for which a server asks the right to 'get'; newer ones ask for 'create' too, as kubectl's POST needs.
        var request = new ApiRequest("get", "pods/portforward", target.Namespace, path);
        try
        {
            return new ForwardConnection(await client.ConnectAsync(request, SubProtocols, cancellationToken).ConfigureAwait(false), $"{pod}:{port}");
        }
        catch (DalpException exception) when (exception.ErrorId == "ApiNotFound")
        {
            throw NotFound($"Namespace '{target.Namespace}' has no pod '{pod}' to forward to.", target, exception);
        }
    }

    private async Task<(string Pod, int Port)> ResolveAsync(string @namespace, string name, int port, CancellationToken cancellationToken)
    {
        var target = $"service '{name}' in namespace '{@namespace}'";
        var service = await client.FindAsync(ApiRequest.Get("v1", "services", @namespace, name), WireJson.Default.WireService, cancellationToken).ConfigureAwait(false)
            ?? throw NotFound($"There is no {target}.", name);
        var ports = service.Spec?.Ports ?? [];
        var served = ports.Find(p => p.Port == port)
            ?? throw NotFound($"The {target} has no port {port}; it has {string.Join(", ", ports.Select(p => p.Port))}.", name);
        if (service.Spec?.Selector is not { Count: > 0 } selector)
        {
            throw NotFound($"The {target} selects no pods, so there is none to forward to.", name);
        }
        var query = ApiRequest.Selector("labelSelector", string.Join(',', selector.Select(s => $"{s.Key}={s.Value}")));
        var pods = await client.ListAsync(ApiRequest.List("v1", "pods", @namespace, query), WireJson.Default.Pods, p => p, cancellationToken).ConfigureAwait(false);
        var ready = pods.Where(p => WorkloadReading.ToPod(p) is { IsReady: true, IsDeleting: false }).MinBy(p => p.Metadata.Name, StringComparer.Ordinal)
            ?? throw NotFound($"None of the {pods.Count} pods of the {target} is ready.", name);
        return (ready.Metadata.Name, TargetPort(served, ready) ?? throw faults.Invalid(
            new ApiRequest("get", "services", @namespace, ""), $"names a target port '{served.TargetPort}' that pod '{ready.Metadata.Name}' does not have").Failure);
    }

    private static int? TargetPort(WireServicePort served, WirePod pod) => served.TargetPort.ValueKind switch
    {
        JsonValueKind.Number => served.TargetPort.GetInt32(),
        JsonValueKind.String => (pod.Spec?.Containers ?? []).SelectMany(c => c.Ports ?? []).FirstOrDefault(p => p.Name == served.TargetPort.GetString())?.ContainerPort,
        _ => served.Port,
    };

    private static DalpException NotFound(string message, object target, Exception? inner = null) => new(
        "ForwardTargetNotFound",
        FaultKind.NotFound,
        message,
        "Correct the server's 'forward' in the topology, or look why the pod is not there ('kubectl get pods').",
        target,
        inner);
}
