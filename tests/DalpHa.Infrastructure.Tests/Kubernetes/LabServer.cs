using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;
using DalpHa.Infrastructure.Kubernetes;
using DalpHa.Lab.Api;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>The lab's own endpoint, in this process.</summary>
public sealed class LabServer : ApiServerFixture, IAsyncLifetime
{
    private readonly string kubeconfig = Path.Combine(Path.GetTempPath(), $"dalpha-lab-{Guid.NewGuid():n}");
    private ApiServer? server;

    public override string? SkipReason => null;

    protected override string KubeconfigPath => kubeconfig;

    protected override string Context => "admin";

    public override ICluster OpenAsNobody() => KubernetesCluster.Open(new ClusterAddress("nobody", kubeconfig), TimeSpan.FromSeconds(20), TimeProvider.System);

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        server = await ApiServer.StartAsync(
            new ApiServerOptions
            {
                Name = "contract",
                Users = new Dictionary<string, ApiUser>
                {
                    ["admin-token"] = new("admin", ["system:masters"]),
                    ["nobody-token"] = new("nobody", []),
                },
            },
            TestContext.Current.CancellationToken);
        var authority = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(server.CertificateAuthorityPem));
        await File.WriteAllTextAsync(kubeconfig, $$$"""
            apiVersion: v1
            kind: Config
            clusters: [{name: lab, cluster: {server: "{{{server.Address}}}", certificate-authority-data: "{{{authority}}}"}}]
            users: [{name: admin, user: {token: admin-token}}, {name: nobody, user: {token: nobody-token}}]
            contexts: [{name: admin, context: {cluster: lab, user: admin}}, {name: nobody, context: {cluster: lab, user: nobody}}]
            """);
        await InitializeAsync();
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        await server!.DisposeAsync();
        File.Delete(kubeconfig);
    }
}

/// <summary>The suite on the lab's endpoint.</summary>
public sealed class LabServerTests(LabServer server) : ClusterContract<LabServer>(server), IClassFixture<LabServer>;
