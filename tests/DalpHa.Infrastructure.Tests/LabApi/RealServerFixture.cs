namespace DalpHa.Infrastructure.Tests.LabApi;

/// <summary>A real kube-apiserver with RBAC: DALPHA_TEST_APISERVER is its address, DALPHA_TEST_APISERVER_CA the file of its authority, and
/// DALPHA_TEST_APISERVER_ADMIN and DALPHA_TEST_APISERVER_NOBODY the two tokens.</summary>
public sealed class RealServerFixture : IApiServerUnderTest
{
    private static readonly string? Given = Environment.GetEnvironmentVariable("DALPHA_TEST_APISERVER");

    public Uri Address => new(Given!);

    public string AuthorityPem => File.ReadAllText(Environment.GetEnvironmentVariable("DALPHA_TEST_APISERVER_CA")!);

    public string AdminToken => Environment.GetEnvironmentVariable("DALPHA_TEST_APISERVER_ADMIN")!;

    public string LimitedToken => Environment.GetEnvironmentVariable("DALPHA_TEST_APISERVER_NOBODY")!;

    public string? SkipReason => Given is null ? "DALPHA_TEST_APISERVER names no real kube-apiserver" : null;
}
