using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Writing;

namespace DalpHa.Lab.Api;

/// <summary>What every new cluster has: its own namespaces, and the roles that discovery and self reviews rest on.</summary>
internal static class BootstrapObjects
{
    private const string AggregateTo = "rbac.authorization.k8s.io/aggregate-to-";

    private static readonly string[] ReadVerbs = ["get", "list", "watch"];
    private static readonly string[] WriteVerbs = ["create", "delete", "deletecollection", "patch", "update", "get", "list", "watch"];

    public static void Put(ObjectWriter writer)
    {
        foreach (var name in new[] { "default", "kube-system", "kube-public", "kube-node-lease" })
        {
            writer.Put(ResourceCatalog.Namespaces, null, name, []);
        }
        writer.Put(ResourceCatalog.Known("services"), "default", "kubernetes", new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["clusterIP"] = "10.0.0.1",
                ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 443, ["targetPort"] = 6443 }),
            },
        });
        Role(writer, "cluster-admin", "", Rule(["*"], ["*"], ["*"]), Paths(["*"], "*"));
        Role(writer, "view", "edit", Rule(ReadVerbs, ["", "apps", "batch", "networking.k8s.io", "policy"],
            ["pods", "pods/log", "services", "endpoints", "configmaps", "serviceaccounts", "persistentvolumeclaims", "resourcequotas", "events", "namespaces",
             "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs", "ingresses", "networkpolicies", "poddisruptionbudgets"]));
        foreach (var (name, part) in new[] { ("edit", "admin"), ("admin", "") })
        {
            Role(writer, name, part, Rule(WriteVerbs, ["", "apps", "batch", "networking.k8s.io", "policy", "coordination.k8s.io"],
                ["pods", "pods/portforward", "pods/eviction", "services", "endpoints", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "events",
                 "deployments", "deployments/scale", "statefulsets", "statefulsets/scale", "replicasets", "replicasets/scale", "daemonsets", "jobs", "cronjobs",
                 "ingresses", "networkpolicies", "poddisruptionbudgets", "leases"]), Rule(ReadVerbs, [""], ["namespaces", "resourcequotas", "pods/log"]));
        }
        string[] discovery = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"];
        Role(writer, "system:discovery", "", Paths(["get"], discovery));
        Role(writer, "system:basic-user", "", Rule(["create"], ["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
            Rule(["create"], ["authentication.k8s.io"], ["selfsubjectreviews"]));
        Role(writer, "system:public-info-viewer", "", Paths(["get"], "/healthz", "/livez", "/readyz", "/version", "/version/"));
        Bind(writer, "cluster-admin", "system:masters");
        Bind(writer, "system:discovery", "system:authenticated");
        Bind(writer, "system:basic-user", "system:authenticated");
        Bind(writer, "system:public-info-viewer", "system:authenticated", "system:unauthenticated");
    }

    /// <summary>A cluster role; view, edit and admin gather what others add to them by a label, and each is <paramref name="part"/> of the next.</summary>
    private static void Role(ObjectWriter writer, string name, string part, params JsonNode[] rules)
    {
        var role = Labelled(new JsonObject { ["rules"] = new JsonArray(rules) });
        if (part.Length > 0)
        {
            role["metadata"]!["labels"]![AggregateTo + part] = "true";
        }
        if (name is "view" or "edit" or "admin")
        {
            role["aggregationRule"] = new JsonObject
            {
                ["clusterRoleSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { [AggregateTo + name] = "true" } }),
            };
        }
        writer.Put(ResourceCatalog.Known("clusterroles"), null, name, role);
    }

    private static void Bind(ObjectWriter writer, string role, params string[] groups) =>
        writer.Put(ResourceCatalog.Known("clusterrolebindings"), null, role, Labelled(new JsonObject
        {
            ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = role },
            ["subjects"] = new JsonArray([.. groups.Select(group => new JsonObject { ["kind"] = "Group", ["name"] = group })]),
        }));

    private static JsonObject Labelled(JsonObject value)
    {
        value.Child("metadata")["labels"] = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" };
        return value;
    }

    private static JsonObject Rule(string[] verbs, string[] groups, string[] resources) =>
        new() { ["verbs"] = Texts(verbs), ["apiGroups"] = Texts(groups), ["resources"] = Texts(resources) };

    private static JsonObject Paths(string[] verbs, params string[] paths) => new() { ["verbs"] = Texts(verbs), ["nonResourceURLs"] = Texts(paths) };

    private static JsonArray Texts(string[] texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
