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

/// <summary>One server and its objects for all suites that only read them.</summary>
[CollectionDefinition(nameof(LabServerCollection))]
public sealed class LabServerCollection : ICollectionFixture<LabServer>;

/// <summary>The suite on the lab's endpoint.</summary>
[Collection(nameof(LabServerCollection))]
public sealed class LabServerTests(LabServer server) : ClusterContract<LabServer>(server, TestUsers.Admin);

/// <summary>The suite with what ships for readers.</summary>
[Collection(nameof(LabServerCollection))]
public sealed class LabServerReaderTests(LabServer server) : ClusterContract<LabServer>(server, TestUsers.Reader);

/// <summary>The suite with what ships for operators.</summary>
[Collection(nameof(LabServerCollection))]
public sealed class LabServerOperatorTests(LabServer server) : ClusterContract<LabServer>(server, TestUsers.Operator);

/// <summary>What readers and operators may do on the lab's endpoint.</summary>
[Collection(nameof(LabServerCollection))]
public sealed class LabLeastPrivilegeTests(LabServer server) : LeastPrivilegeSuite<LabServer>(server);
