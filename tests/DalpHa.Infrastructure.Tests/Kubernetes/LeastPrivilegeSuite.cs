using System.Net;
using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>The roles that ship (<c>module/rbac</c>) give what DalpHa asks for, and not what it has no business with.</summary>
public abstract class LeastPrivilegeSuite<TServer>(TServer server)
    where TServer : ApiServerFixture
{
    protected string Namespace
    {
        get
        {
            Assert.SkipWhen(server.SkipReason is not null, server.SkipReason ?? "");
            return server.Namespace;
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What the roles for readers are to give.</summary>
    protected static IEnumerable<AccessRequest> ReaderRights(string ns) =>
        [.. RequiredPermissions.ForReading(ns), .. RequiredPermissions.ForTunnels(ns), .. RequiredPermissions.ForOpenShift(ns), .. RequiredPermissions.ForRecoveryPoints(ns)];

    [Fact]
    public async Task A_reader_may_read_and_not_fail_over()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Reader);
        Assert.All(await cluster.ReviewAccessAsync([.. ReaderRights(ns)], Token), decision => Assert.True(decision.IsAllowed, decision.ToString()));
        Assert.All(await cluster.ReviewAccessAsync(RequiredPermissions.ForFailover(ns), Token), decision => Assert.False(decision.IsAllowed, decision.ToString()));
    }

    [Fact]
    public async Task An_operator_may_also_fail_over()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Operator);
        Assert.All(
            await cluster.ReviewAccessAsync([.. ReaderRights(ns), .. RequiredPermissions.ForFailover(ns)], Token), decision => Assert.True(decision.IsAllowed, decision.ToString()));
    }

    [Fact]
    public async Task A_reader_changes_nothing()
    {
        var ns = Namespace;
        Assert.Equal(HttpStatusCode.Forbidden, await server.AskAsync(TestUsers.Reader, HttpMethod.Patch, $"apis/apps/v1/namespaces/{ns}/deployments/dapp", """{"spec":{"replicas":1}}"""));
        Assert.Equal(HttpStatusCode.Forbidden, await server.AskAsync(TestUsers.Reader, HttpMethod.Patch, $"apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/dapp", """{"metadata":{"labels":{"a":"b"}}}"""));
        Assert.Equal(HttpStatusCode.Forbidden, await server.AskAsync(TestUsers.Reader, HttpMethod.Post, $"api/v1/namespaces/{ns}/configmaps", """{"metadata":{"name":"journal"}}"""));
    }

    [Fact]
    public async Task An_operator_scales_and_keeps_a_lease()
    {
        var ns = Namespace;
        Assert.Equal(HttpStatusCode.OK, await server.AskAsync(TestUsers.Operator, HttpMethod.Patch, $"apis/apps/v1/namespaces/{ns}/deployments/dapp", """{"metadata":{"annotations":{"dalpha.io/replicas":"1"}},"spec":{"replicas":0}}"""));
        Assert.Equal(HttpStatusCode.Created, await server.AskAsync(TestUsers.Operator, HttpMethod.Post, $"apis/coordination.k8s.io/v1/namespaces/{ns}/leases?dryRun=All", """{"metadata":{"name":"failover"},"spec":{"holderIdentity":"one"}}"""));
    }

    [Theory]
    [InlineData("GET", "api/v1/namespaces/kube-system/secrets")]
    [InlineData("GET", "api/v1/namespaces/default/secrets/any")]
    [InlineData("GET", "api/v1/secrets")]
    [InlineData("GET", "api/v1/namespaces/default/configmaps")]
    [InlineData("POST", "api/v1/namespaces/{0}/pods/crashing/exec?command=id&stdout=true")]
    [InlineData("DELETE", "api/v1/namespaces/{0}/pods/crashing")]
    [InlineData("DELETE", "apis/apps/v1/namespaces/{0}/deployments/dapp")]
    [InlineData("PATCH", "apis/apps/v1/namespaces/{0}/daemonsets/agent")]
    [InlineData("POST", "apis/apps/v1/namespaces/{0}/deployments")]
    [InlineData("PATCH", "api/v1/namespaces/{0}/secrets/login")]
    [InlineData("POST", "apis/rbac.authorization.k8s.io/v1/namespaces/{0}/rolebindings")]
    public async Task Neither_may_what_DalpHa_has_no_business_with(string method, string path)
    {
        var target = string.Format(null, path, Namespace);
        foreach (var user in new[] { TestUsers.Reader, TestUsers.Operator })
        {
            Assert.Equal(HttpStatusCode.Forbidden, await server.AskAsync(user, HttpMethod.Parse(method), target, method is "GET" or "DELETE" ? null : "{}"));
        }
    }
}
