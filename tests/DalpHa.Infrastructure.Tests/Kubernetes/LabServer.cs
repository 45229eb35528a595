using DalpHa.Lab.Api;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>The lab's own endpoint, in this process.</summary>
public class LabServer : ApiServerFixture
{
    private ApiServer? server;

    protected override async Task<(Uri Address, string AuthorityPem)> StartAsync()
    {
        server = await ApiServer.StartAsync(new ApiServerOptions { Name = "contract", Users = TestUsers.ByToken }, TestContext.Current.CancellationToken);
        return (server.Address, server.CertificateAuthorityPem);
    }

    protected override ValueTask StopAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>The suite on the lab's endpoint.</summary>
public sealed class LabServerTests(LabServer server) : ClusterContract<LabServer>(server), IClassFixture<LabServer>;
