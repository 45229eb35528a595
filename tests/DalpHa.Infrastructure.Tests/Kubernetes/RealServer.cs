using DalpHa.Infrastructure.Tests.RealApi;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>A real kube-apiserver.</summary>
public class RealServer(RealClusters clusters) : ApiServerFixture
{
    public override string? SkipReason => clusters.SkipReason;

    protected override async Task<(Uri Address, string AuthorityPem)> StartAsync()
    {
        var server = await clusters.ForSuitesAsync();
        return (server.Address, server.CertificateAuthorityPem);
    }
}

/// <summary>The suite on a real kube-apiserver.</summary>
public sealed class RealServerTests(RealServer server) : ClusterContract<RealServer>(server), IClassFixture<RealServer>;
