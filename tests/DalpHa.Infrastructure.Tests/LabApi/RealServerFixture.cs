using DalpHa.Infrastructure.Tests.Kubernetes;
using DalpHa.Infrastructure.Tests.RealApi;
using DalpHa.Lab.RealApi;

namespace DalpHa.Infrastructure.Tests.LabApi;

/// <summary>A real kube-apiserver with RBAC.</summary>
public sealed class RealServerFixture(RealClusters clusters) : IApiServerUnderTest, IAsyncLifetime
{
    private RealApiServer? _server;

    public Uri Address => _server!.Address;

    public string AuthorityPem => _server!.CertificateAuthorityPem;

    public string AdminToken => TestUsers.Admin.Token;

    public string LimitedToken => TestUsers.Nobody.Token;

    public string? SkipReason => clusters.SkipReason;

    public async ValueTask InitializeAsync() => _server = SkipReason is null ? await clusters.ForSuitesAsync() : null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
