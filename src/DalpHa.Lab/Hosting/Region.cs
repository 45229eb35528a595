using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DalpHa.Lab.Api;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace DalpHa.Lab.Hosting;

/// <summary>One region: a Kubernetes API, the controllers that make its cluster come alive, and an administrator's client.</summary>
internal sealed class Region : IAsyncDisposable
{
    private static readonly TimeSpan RequestBound = TimeSpan.FromSeconds(10);
    private readonly string operatorToken;
    private readonly string adminToken;
    private ControllerLoop? controllers;

    private Region(LabSite site, ApiServer api, Kubernetes admin, string operatorToken, string adminToken)
    {
        Site = site;
        Api = api;
        Admin = admin;
        this.operatorToken = operatorToken;
        this.adminToken = adminToken;
    }

    public LabSite Site { get; }

    public ApiServer Api { get; }

    public IKubernetes Admin { get; }

    public KubeconfigText.Entry Kubeconfig => new(Site.Context, Api.Address, Api.CertificateAuthorityPem, operatorToken, adminToken);

    public static async Task<Region> StartAsync(LabSite site, int port, TimeProvider time, CancellationToken cancellationToken)
    {
        var (operatorToken, adminToken) = (NewToken(), NewToken());
        var options = new ApiServerOptions
        {
            Name = site.Context,
            Port = port,
            Time = time,
            Users = new Dictionary<string, ApiUser>
            {
                [operatorToken] = new($"{site.Context}-operator", [AccessManifests.OperatorGroup]),
                [adminToken] = new($"{site.Context}-admin", ["system:masters"]),
            },
        };
        var api = await ApiServer.StartAsync(options, cancellationToken);
        return new Region(site, api, ClientOf(api, adminToken), operatorToken, adminToken);
    }

    /// <summary>Puts the platform in, and starts what brings it up.</summary>
    public async Task SeedAsync(PlatformSecrets secrets, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        controllers = ControllerLoop.ForLab(Admin, time, log);
        await Seeder.SeedAsync(Admin, Site, secrets, cancellationToken);
    }

    /// <summary>Waits until the site has settled: every node is ready, every workload has all its replicas ready, and no pod is on its way out.</summary>
    public Task WaitUntilSettledAsync(CancellationToken cancellationToken) => Eventually.HoldsAsync(
        $"the workloads of {Site.Context} are ready",
        async token =>
        {
            var seen = await ClusterSnapshot.ReadAsync(Admin, token);
            return seen.Nodes.All(node => node.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true && Nodes.TakesPods(node))
                && seen.Deployments.All(one => one.Status?.ObservedGeneration == one.Metadata.Generation && (one.Status?.ReadyReplicas ?? 0) == one.Spec.Replicas && (one.Status?.UpdatedReplicas ?? 0) == one.Spec.Replicas)
                && seen.StatefulSets.All(one => one.Status?.ObservedGeneration == one.Metadata.Generation && (one.Status?.ReadyReplicas ?? 0) == one.Spec.Replicas)
                && seen.Pods.All(pod => pod.Metadata.DeletionTimestamp is null && pod.IsReady());
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (controllers is not null)
        {
            await controllers.DisposeAsync();
        }
        Admin.Dispose();
        await Api.DisposeAsync();
    }

    private static Kubernetes ClientOf(ApiServer api, string token) => new(new KubernetesClientConfiguration
    {
        Host = api.Address.AbsoluteUri,
        SslCaCerts = [X509Certificate2.CreateFromPem(api.CertificateAuthorityPem)],
        AccessToken = token,
        HttpClientTimeout = RequestBound,
        FirstMessageHandlerSetup = handler => handler.UseProxy = false,
    });

    private static string NewToken() => RandomNumberGenerator.GetHexString(48, lowercase: true);
}
