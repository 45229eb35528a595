using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";
    private const string Reviews = "/apis/authorization.k8s.io/v1";

    private string Roles => $"{Rbac}/namespaces/{_namespace}/roles";

    private string Bindings => $"{Rbac}/namespaces/{_namespace}/rolebindings";

    [Fact]
    public async Task A_token_of_nobody_known_is_unauthorized()
    {
        using var stranger = new ApiClient(server, "no-such-token");
        (await stranger.Get("/version")).Refused(401, "Unauthorized");
        (await stranger.Get($"{Core}/pods")).Refused(401, "Unauthorized");
    }

    [Fact]
    public async Task Without_a_token_one_is_anonymous_and_sees_little()
    {
        using var anonymous = new ApiClient(server, null);
        (await anonymous.Get("/version")).Expect(200);
        (await anonymous.Get("/healthz")).Expect(200);
        var refused = (await anonymous.Get($"{Core}/pods")).Refused(403, "Forbidden");
        Assert.StartsWith("pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\"", refused.Text("message"), StringComparison.Ordinal);
        (await anonymous.Get("/apis")).Refused(403, "Forbidden");
    }

    [Fact]
    public async Task A_refusal_names_who_may_not_do_what_where()
    {
        using var nobody = Nobody();
        var list = (await nobody.Get($"{Core}/pods")).Refused(403, "Forbidden");
        Assert.Equal($"pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API group \"\" in the namespace \"{_namespace}\"", list.Text("message"));
        Assert.Equal("pods", list.Text("details.kind"));
        var scale = (await nobody.Patch($"{Apps}/deployments/d/scale", Merge, "{}")).Refused(403, "Forbidden");
        Assert.Equal($"deployments.apps \"d\" is forbidden: User \"nobody\" cannot patch resource \"deployments/scale\" in API group \"apps\" in the namespace \"{_namespace}\"", scale.Text("message"));
        var nodes = (await nobody.Get("/api/v1/nodes")).Refused(403, "Forbidden");
        Assert.Equal("nodes is forbidden: User \"nobody\" cannot list resource \"nodes\" in API group \"\" at the cluster scope", nodes.Text("message"));
        var path = (await nobody.Get("/metrics")).Refused(403, "Forbidden");
        Assert.Equal("forbidden: User \"nobody\" cannot get path \"/metrics\"", path.Text("message"));
    }

    [Fact]
    public async Task A_role_counts_in_its_namespace_and_for_its_verbs()
    {
        using var nobody = Nobody();
        await Allow(Rule("list,get", "", "pods"));
        await Until(async () => await May("list", "", "pods"));
        (await nobody.Get($"{Core}/pods")).Expect(200);
        (await nobody.Get($"{Core}/pods/none")).Refused(404, "NotFound");
        (await nobody.Get($"{Core}/pods?watch=1")).Refused(403, "Forbidden");
        (await nobody.Get("/api/v1/namespaces/default/pods")).Refused(403, "Forbidden");
        (await nobody.Get("/api/v1/pods")).Refused(403, "Forbidden");
        (await nobody.Get($"{Core}/pods/none/log")).Refused(403, "Forbidden");
        (await nobody.Post($"{Core}/pods", Pod("p"))).Refused(403, "Forbidden");
    }

    [Fact]
    public async Task A_rule_may_name_its_objects()
    {
        using var nobody = Nobody();
        await MakeLeases("mine", "other");
        await Allow(Rule("get,update,list,watch,create", "coordination.k8s.io", "leases", "mine"));
        await Until(async () => await May("get", "coordination.k8s.io", "leases", "mine"));
        (await nobody.Get($"{Leases}/mine")).Expect(200);
        (await nobody.Get($"{Leases}/other")).Refused(403, "Forbidden");
        (await nobody.Get(Leases)).Refused(403, "Forbidden");
        // A selection of one name is a list of that one.
        Assert.Equal(["mine"], Names((await nobody.Get($"{Leases}?fieldSelector=metadata.name=mine")).Expect(200)));
        (await nobody.Get($"{Leases}?fieldSelector=metadata.name=other")).Refused(403, "Forbidden");
        // Nobody knows the name of what is yet to be made.
        (await nobody.Post(Leases, Named("mine"))).Refused(403, "Forbidden");
    }

    [Fact]
    public async Task A_subresource_is_allowed_apart()
    {
        using var nobody = Nobody();
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        await Allow(Rule("get,patch", "apps", "deployments/scale"));
        await Until(async () => await May("patch", "apps", "deployments", subresource: "scale"));
        (await nobody.Patch($"{Apps}/deployments/d/scale", Merge, """{"spec":{"replicas":0}}""")).Expect(200);
        (await nobody.Get($"{Apps}/deployments/d")).Refused(403, "Forbidden");
        (await nobody.Patch($"{Apps}/deployments/d", Merge, """{"spec":{"replicas":0}}""")).Refused(403, "Forbidden");
    }

    [Fact]
    public async Task A_cluster_role_counts_where_it_is_bound()
    {
        using var nobody = Nobody();
        await WithClusterRole(Rule("list", "", "configmaps"), null, async role =>
        {
            await BindTo("ClusterRole", role);
            await Until(async () => await May("list", "", "configmaps"));
            (await nobody.Get($"{Core}/configmaps")).Expect(200);
            (await nobody.Get("/api/v1/configmaps")).Refused(403, "Forbidden");
        });
    }

    [Fact]
    public async Task A_cluster_role_may_gather_the_rules_of_others()
    {
        using var nobody = Nobody();
        await WithClusterRole(Rule("list", "", "endpoints"), null, async part => await WithClusterRole(null, part, async whole =>
        {
            await BindTo("ClusterRole", whole);
            await Until(async () => (int)(await nobody.Get($"{Core}/endpoints")).Code == 200);
        }));
    }

    [Fact]
    public async Task Reviews_agree_with_what_is_allowed()
    {
        await Allow(Rule("get", "", "secrets", "only"), Rule("list", "apps", "*"));
        await Until(async () => await May("get", "", "secrets", "only"));
        Assert.False(await May("get", "", "secrets"));
        Assert.False(await May("get", "", "secrets", "other"));
        Assert.True(await May("list", "apps", "deployments"));
        Assert.True(await May("list", "apps", "deployments", subresource: "scale"));
        Assert.False(await May("delete", "apps", "deployments"));
        Assert.False(await May("list", "batch", "jobs"));

        using var nobody = Nobody();
        var rules = (await nobody.Post($"{Reviews}/selfsubjectrulesreviews", new JsonObject { ["spec"] = new JsonObject { ["namespace"] = _namespace } })).Expect(201);
        Assert.Equal("False", rules.Text("status.incomplete"), ignoreCase: true);
        var stated = rules["status.resourceRules"]!.AsArray().Select(rule => rule!);
        Assert.Contains(stated, rule => rule["resources"]!.AsArray().Any(resource => resource!.ToString() == "secrets") && rule["resourceNames"]?[0]?.ToString() == "only");
        Assert.Contains(stated, rule => rule["apiGroups"]!.AsArray().Any(group => group!.ToString() == "apps") && rule["verbs"]![0]!.ToString() == "list");
        Assert.Contains(rules["status.nonResourceRules"]!.AsArray(), rule => rule!["nonResourceURLs"]!.AsArray().Any(url => url!.ToString() == "/version"));
    }

    [Fact]
    public async Task A_review_of_somebody_else_is_for_those_who_may()
    {
        using var nobody = Nobody();
        await Allow(Rule("get", "", "secrets"));
        await Until(async () => await May("get", "", "secrets"));
        var review = new JsonObject { ["spec"] = new JsonObject { ["user"] = "nobody", ["resourceAttributes"] = Attributes("get", "", "secrets") } };
        Assert.Equal("true", (await _admin.Post($"{Reviews}/subjectaccessreviews", review)).Expect(201).Text("status.allowed"));
        (await nobody.Post($"{Reviews}/subjectaccessreviews", review)).Refused(403, "Forbidden");
    }

    [Fact]
    public async Task Nobody_grants_what_he_does_not_have()
    {
        using var nobody = Nobody();
        await Allow(Rule("create,update,patch,get", "rbac.authorization.k8s.io", "roles,rolebindings"), Rule("get,list", "", "configmaps"));
        await Until(async () => await May("create", "rbac.authorization.k8s.io", "roles"));
        (await nobody.Post(Roles, Role("within", Rule("get", "", "configmaps")))).Expect(201);
        var refused = (await nobody.Post(Roles, Role("beyond", Rule("get,delete", "", "configmaps")))).Refused(403, "Forbidden");
        Assert.Contains("is attempting to grant RBAC permissions not currently held", refused.Text("message"), StringComparison.Ordinal);
        (await nobody.Post(Roles, Role("all", Rule("*", "*", "*")))).Refused(403, "Forbidden");
        (await nobody.Patch($"{Roles}/within", Merge, $$"""{"rules":[{{Rule("delete", "", "configmaps").ToJsonString()}}]}""")).Refused(403, "Forbidden");
        (await nobody.Post(Bindings, Binding("within", "Role", "within"))).Expect(201);
        (await nobody.Post(Bindings, Binding("beyond", "ClusterRole", "cluster-admin"))).Refused(403, "Forbidden");
        (await nobody.Post(Bindings, Binding("absent", "Role", "not-there"))).Refused(404, "NotFound");
    }

    [Fact]
    public async Task Who_may_escalate_and_bind_may_grant_more()
    {
        using var nobody = Nobody();
        await Allow(Rule("create,escalate,bind", "rbac.authorization.k8s.io", "roles"), Rule("create", "rbac.authorization.k8s.io", "rolebindings"));
        await Until(async () => await May("escalate", "rbac.authorization.k8s.io", "roles"));
        (await nobody.Post(Roles, Role("more", Rule("*", "*", "*")))).Expect(201);
        (await nobody.Post(Bindings, Binding("more", "Role", "more"))).Expect(201);
    }

    private ApiClient Nobody() => new(server, server.LimitedToken);

    private async Task Allow(params JsonObject[] rules)
    {
        (await _admin.Post(Roles, Role("given", rules))).Expect(201);
        await BindTo("Role", "given");
    }

    private async Task BindTo(string kind, string role) => (await _admin.Post(Bindings, Binding("given", kind, role))).Expect(201);

    private async Task<bool> May(string verb, string group, string resource, string name = "", string subresource = "")
    {
        using var nobody = Nobody();
        var review = new JsonObject { ["spec"] = new JsonObject { ["resourceAttributes"] = Attributes(verb, group, resource, name, subresource) } };
        return (await nobody.Post($"{Reviews}/selfsubjectaccessreviews", review)).Expect(201).Text("status.allowed") == "true";
    }

    private JsonObject Attributes(string verb, string group, string resource, string name = "", string subresource = "") => new()
    {
        ["namespace"] = _namespace, ["verb"] = verb, ["group"] = group, ["resource"] = resource, ["name"] = name, ["subresource"] = subresource,
    };

    private static JsonObject Rule(string verbs, string groups, string resources, string? names = null)
    {
        var rule = new JsonObject { ["verbs"] = Texts(verbs), ["apiGroups"] = Texts(groups), ["resources"] = Texts(resources) };
        if (names is not null)
        {
            rule["resourceNames"] = Texts(names);
        }
        return rule;
    }

    private static JsonObject Role(string name, params JsonObject[] rules)
    {
        var role = Named(name);
        role["rules"] = new JsonArray([.. rules]);
        return role;
    }

    private static JsonObject Binding(string name, string kind, string role)
    {
        var binding = Named(name);
        binding["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = role };
        binding["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "User", ["name"] = "nobody" });
        return binding;
    }

    /// <summary>A cluster role for the length of a step: with a rule, or gathering the roles that carry a label.</summary>
    private async Task WithClusterRole(JsonObject? rule, string? gathers, Func<string, Task> step)
    {
        var name = $"{_namespace}-{(gathers is null ? "part" : "whole")}";
        var role = rule is null ? Role(name) : Role(name, rule);
        role["metadata"]!["labels"] = new JsonObject { ["part"] = name };
        if (gathers is not null)
        {
            role["aggregationRule"] = new JsonObject
            {
                ["clusterRoleSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { ["part"] = gathers } }),
            };
        }
        (await _admin.Post($"{Rbac}/clusterroles", role)).Expect(201);
        try
        {
            await step(name);
        }
        finally
        {
            await _admin.Delete($"{Rbac}/clusterroles/{name}");
        }
    }

    private static JsonArray Texts(string list) => new([.. list.Split(',').Select(text => (JsonNode)text)]);
}
