using DalpHa.Lab.Api;
using DalpHa.Lab.Api.Serving;
using DalpHa.Lab.Controllers;
using k8s;
using Microsoft.Extensions.Logging;

namespace DalpHa.Lab.Hosting;

/// <summary>What stands behind a region's Kubernetes API: the lab's own endpoint, or a real kube-apiserver.</summary>
internal interface IRegionApi : IAsyncDisposable
{
    Uri Address { get; }

    string CertificateAuthorityPem { get; }

    /// <summary>The programs that it consists of, beside this one.</summary>
    IReadOnlyList<int> ProcessIds { get; }

    /// <summary>Starts what a client of the API must do for the cluster to come alive.</summary>
    ControllerLoop StartControllers(IKubernetes client, PodReadiness pods, RunningWriters writers, TimeProvider time, ILogger log);

    /// <summary>Starts what the nodes are reached at, and returns its port; null when the API does by itself what is asked of nodes.</summary>
    Task<int?> StartKubeletAsync(IKubernetes client, IPodPrograms programs, CancellationToken cancellationToken);

    /// <summary>Lets CloudNativePG's webhook judge writes of Clusters.</summary>
    Task ServeWebhookAsync(IKubernetes client, CancellationToken cancellationToken);

    /// <summary>Lets it accept connections and never answer.</summary>
    Task HangAsync(CancellationToken cancellationToken);

    /// <summary>Lets it answer every request with an internal error.</summary>
    Task FailAsync(CancellationToken cancellationToken);

    /// <summary>Ends either, and returns when it answers.</summary>
    Task RecoverAsync(CancellationToken cancellationToken);
}

/// <summary>The lab's own endpoint, in this process.</summary>
internal sealed class LabRegionApi(ApiServer server) : IRegionApi
{
    public Uri Address => server.Address;

    public string CertificateAuthorityPem => server.CertificateAuthorityPem;

    public IReadOnlyList<int> ProcessIds => [];

    public ControllerLoop StartControllers(IKubernetes client, PodReadiness pods, RunningWriters writers, TimeProvider time, ILogger log) => ControllerLoop.ForLab(client, pods, writers, time, log);

    public Task<int?> StartKubeletAsync(IKubernetes client, IPodPrograms programs, CancellationToken cancellationToken) => Task.FromResult<int?>(null);

    /// <summary>It asks the webhook within its own process, from its start on.</summary>
    public Task ServeWebhookAsync(IKubernetes client, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task HangAsync(CancellationToken cancellationToken) => Set(ApiFault.Hang);

    public Task FailAsync(CancellationToken cancellationToken) => Set(new ApiFault.Fail());

    public Task RecoverAsync(CancellationToken cancellationToken) => Set(ApiFault.None);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private Task Set(ApiFault fault)
    {
        server.Fault = fault;
        return Task.CompletedTask;
    }
}
