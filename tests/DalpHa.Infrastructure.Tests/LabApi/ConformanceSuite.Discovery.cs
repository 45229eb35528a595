using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    [Fact]
    public async Task The_version_is_told()
    {
        var version = (await _admin.Get("/version")).Expect(200);
        Assert.StartsWith($"v{version.Text("major")}.{version.Text("minor").TrimEnd('+')}.", version.Text("gitVersion"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/readyz/ping")]
    public async Task Health_is_told_in_one_word(string path) => Assert.Equal("ok", (await _admin.Get(path)).Expect(200).Body.ToString());

    [Fact]
    public async Task Groups_and_their_versions_are_listed()
    {
        Assert.Equal("v1", (await _admin.Get("/api")).Expect(200).Text("versions.0"));
        var groups = (await _admin.Get("/apis")).Expect(200);
        Assert.Equal("APIGroupList", groups.Text("kind"));
        var names = groups["groups"]!.AsArray().Select(group => group!["name"]!.ToString()).ToHashSet();
        Assert.Superset(new HashSet<string> { "apps", "batch", "rbac.authorization.k8s.io", "coordination.k8s.io", "apiextensions.k8s.io" }, names);
        Assert.Equal("apps/v1", (await _admin.Get("/apis/apps")).Expect(200).Text("preferredVersion.groupVersion"));
        (await _admin.Get("/apis/none.example.com")).Expect(404);
        (await _admin.Get("/apis/apps/v9")).Expect(404);
    }

    [Theory]
    [InlineData("/api/v1", "pods", "Pod", "po", true)]
    [InlineData("/api/v1", "namespaces", "Namespace", "ns", false)]
    [InlineData("/apis/apps/v1", "deployments", "Deployment", "deploy", true)]
    [InlineData("/apis/apps/v1", "statefulsets", "StatefulSet", "sts", true)]
    public async Task Resources_are_described_as_clients_need_them(string version, string plural, string kind, string shortName, bool namespaced)
    {
        var resource = Resource((await _admin.Get(version)).Expect(200), plural);
        Assert.Equal(kind, resource["kind"]!.ToString());
        Assert.Equal(namespaced, resource["namespaced"]!.GetValue<bool>());
        Assert.Contains(shortName, resource["shortNames"]!.AsArray().Select(name => name!.ToString()));
        var verbs = resource["verbs"]!.AsArray().Select(verb => verb!.ToString()).ToHashSet();
        Assert.Superset(new HashSet<string> { "create", "delete", "get", "list", "patch", "update", "watch" }, verbs);
    }

    [Fact]
    public async Task Subresources_are_described_with_the_kind_of_their_body()
    {
        var apps = (await _admin.Get("/apis/apps/v1")).Expect(200);
        Assert.Equal("Scale", Resource(apps, "deployments/scale")["kind"]!.ToString());
        Assert.Equal("autoscaling", Resource(apps, "deployments/scale")["group"]!.ToString());
        Assert.Equal("Deployment", Resource(apps, "deployments/status")["kind"]!.ToString());
        var core = (await _admin.Get("/api/v1")).Expect(200);
        Assert.Equal("Eviction", Resource(core, "pods/eviction")["kind"]!.ToString());
    }

    [Fact]
    public async Task There_is_an_openapi_document() => Assert.Equal("2.0", (await _admin.Get("/openapi/v2")).Expect(200).Text("swagger"));

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/api/v1/nothings")]
    [InlineData("/apis/apps/v1/nothings")]
    public async Task What_is_not_served_is_not_found(string path) => (await _admin.Get(path)).Expect(404);

    [Fact]
    public async Task A_method_that_a_path_does_not_have_is_not_allowed()
    {
        (await _admin.Post($"{Core}/configmaps/a", ConfigMap("a"))).Refused(405, "MethodNotAllowed");
        (await _admin.Put($"{Core}/configmaps", ConfigMap("a"))).Refused(405, "MethodNotAllowed");
        (await _admin.Get($"{Reviews}/selfsubjectaccessreviews")).Refused(405, "MethodNotAllowed");
    }

    private static JsonNode Resource(Answer list, string name) => list["resources"]!.AsArray().Single(resource => resource!["name"]!.ToString() == name)!;
}
