using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;
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

/// <summary>One set of objects for all suites that only read them.</summary>
[CollectionDefinition(nameof(RealServerCollection))]
public sealed class RealServerCollection : ICollectionFixture<RealServer>;

/// <summary>The suite on a real kube-apiserver.</summary>
[Collection(nameof(RealServerCollection))]
public sealed class RealServerTests(RealServer server) : ClusterContract<RealServer>(server, TestUsers.Admin);

/// <summary>The suite with what ships for readers.</summary>
[Collection(nameof(RealServerCollection))]
public sealed class RealServerReaderTests(RealServer server) : ClusterContract<RealServer>(server, TestUsers.Reader);

/// <summary>The suite with what ships for operators.</summary>
[Collection(nameof(RealServerCollection))]
public sealed class RealServerOperatorTests(RealServer server) : ClusterContract<RealServer>(server, TestUsers.Operator);

/// <summary>What readers and operators may do on a real kube-apiserver, which can also be asked for all that it would allow them.</summary>
[Collection(nameof(RealServerCollection))]
public sealed class RealLeastPrivilegeTests(RealServer server) : LeastPrivilegeSuite<RealServer>(server)
{
    private readonly RealServer server = server;

    [Fact]
    public async Task A_reader_is_granted_what_is_listed_and_nothing_else() =>
        await AssertRulesAsync(TestUsers.Reader, [.. ReaderRights(Namespace)]);

    [Fact]
    public async Task An_operator_is_granted_what_is_listed_and_nothing_else() =>
        await AssertRulesAsync(TestUsers.Operator, [.. ReaderRights(Namespace), .. RequiredPermissions.ForFailover(Namespace), .. RequiredPermissions.ForOpenShiftFailover(Namespace)]);

    private async Task AssertRulesAsync(TestUser user, IReadOnlyList<AccessRequest> listed)
    {
        var inNamespace = listed.Select(request => request.ToString()).ToHashSet();
        var elsewhere = listed.Where(request => request.Namespace is null).Select(request => request.ToString()).ToHashSet();
        Assert.Equal(inNamespace.Order(), await RightsAsync(user, Namespace));
        Assert.Equal(elsewhere.Order(), await RightsAsync(user, "kube-system"));
    }

    // All rights in a namespace but those that everybody has.
    private async Task<IEnumerable<string>> RightsAsync(TestUser user, string ns)
    {
        var answer = await server.PostAsync(user, "apis/authorization.k8s.io/v1/selfsubjectrulesreviews", $$$"""{"spec":{"namespace":"{{{ns}}}"}}""");
        Assert.False((bool?)answer["status"]!["incomplete"] ?? false);
        return answer["status"]!["resourceRules"]!.AsArray()
            .Where(rule => !rule!["apiGroups"]!.AsArray().Any(group => (string?)group is "authorization.k8s.io" or "authentication.k8s.io"))
            .SelectMany(rule => from verb in rule!["verbs"]!.AsArray()
                                from apiGroup in rule["apiGroups"]!.AsArray()
                                from resource in rule["resources"]!.AsArray()
                                select new AccessRequest((string)verb!, (string)apiGroup!, (string)resource!, null, null, "").ToString())
            .Distinct()
            .Order();
    }
}
