using System.Net;
using DalpHa.Lab.Api.Serving;
using k8s;
using k8s.Autorest;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.RealApi;

/// <summary>
/// Stands in for the kubelets of all nodes where kube-apiserver calls them: it forwards ports, to where the pod's annotation says, runs the
/// programs that there are, and does nothing else. kube-apiserver checks who may do it, and passes the client's web socket through.
/// </summary>
internal sealed class KubeletEndpoint : IAsyncDisposable
{
    private readonly TlsEndpoint endpoint;

    private KubeletEndpoint(TlsEndpoint endpoint)
    {
        this.endpoint = endpoint;
    }

    public int Port => endpoint.Port;

    public static async Task<KubeletEndpoint> StartAsync(ClusterKeys keys, IKubernetes client, IPodPrograms programs, CancellationToken cancellationToken) =>
        new(await TlsEndpoint.StartAsync(0, keys, onlyFromWithin: true, context => ServeAsync(context, client, programs), cancellationToken));

    public ValueTask DisposeAsync() => endpoint.DisposeAsync();

    // /portForward/NAMESPACE/POD?port=5432 and /exec/NAMESPACE/POD/CONTAINER?command=…, as kube-apiserver asks of a kubelet.
    private static async Task ServeAsync(HttpContext context, IKubernetes client, IPodPrograms programs)
    {
        try
        {
            if (context.Request.Path.Value?.Split('/') is ["", "exec", _, var instance, _])
            {
                await PodExec.ServeKubeletAsync(context, instance, programs, context.RequestAborted);
                return;
            }
            if (context.Request.Path.Value?.Split('/') is not ["", "portForward", var ns, var name])
            {
                throw ApiException.BadRequest("the lab's kubelets forward ports, run programs, and do nothing else");
            }
            var pod = await client.CoreV1.ReadNamespacedPodAsync(name, ns, cancellationToken: context.RequestAborted);
            await PortForward.ServeAsync(context, "port", port => pod.Metadata.Annotations?.TryGetValue(LabMarks.ForwardOf(port), out var target) == true ? target : null, context.RequestAborted);
        }
        catch (ApiException error)
        {
            await ApiStatus.WriteAsync(context, error, context.RequestAborted);
        }
        catch (HttpOperationException error)
        {
            context.Response.StatusCode = (int)error.Response.StatusCode;
        }
    }
}
