using DalpHa.Lab.CloudNativePg;
using DalpHa.Lab.Api.Serving;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.RealApi;
using k8s;
using Microsoft.Extensions.Logging;

namespace DalpHa.Lab.Hosting;

/// <summary>A real kube-apiserver with its etcd and kube-controller-manager, and a stand-in for its nodes' kubelets.</summary>
internal sealed class RealRegionApi(RealApiServer server) : IRegionApi
{
    private KubeletEndpoint? kubelet;
    private TlsEndpoint? webhook;
    private bool isFrozen;

    public Uri Address => server.Address;

    public string CertificateAuthorityPem => server.CertificateAuthorityPem;

    public IReadOnlyList<int> ProcessIds => server.ProcessIds;

    public ControllerLoop StartControllers(IKubernetes client, PodReadiness pods, RunningWriters writers, TimeProvider time, ILogger log) => ControllerLoop.ForRealApi(client, pods, writers, time, log);

    public async Task<int?> StartKubeletAsync(IKubernetes client, IPodPrograms programs, CancellationToken cancellationToken)
    {
        kubelet = await KubeletEndpoint.StartAsync(server.Keys, client, programs, cancellationToken);
        return kubelet.Port;
    }

    public async Task ServeWebhookAsync(IKubernetes client, CancellationToken cancellationToken) =>
        webhook = await ClusterWebhook.ServeAsync(ClusterAdmission.Hook, server.Keys, client, cancellationToken);

    public Task HangAsync(CancellationToken cancellationToken)
    {
        server.Freeze();
        isFrozen = true;
        return Task.CompletedTask;
    }

    public Task FailAsync(CancellationToken cancellationToken) => server.FailAsync(cancellationToken);

    public Task RecoverAsync(CancellationToken cancellationToken)
    {
        if (!isFrozen)
        {
            return server.RecoverAsync(cancellationToken);
        }
        server.Thaw();
        isFrozen = false;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (webhook is not null)
        {
            await webhook.DisposeAsync();
        }
        if (kubelet is not null)
        {
            await kubelet.DisposeAsync();
        }
        await server.DisposeAsync();
    }
}
