using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Rbac;

/// <summary>Decides by the stored Roles, ClusterRoles and bindings (rbac.authorization.k8s.io/v1). Nothing is denied: what no rule allows is refused.</summary>
internal sealed class RbacAuthorizer(ObjectStore store)
{
    private static readonly ResourceKind Roles = ResourceCatalog.Known("roles");
    private static readonly ResourceKind ClusterRoles = ResourceCatalog.Known("clusterroles");
    private static readonly ResourceKind RoleBindings = ResourceCatalog.Known("rolebindings");
    private static readonly ResourceKind ClusterRoleBindings = ResourceCatalog.Known("clusterrolebindings");

    public bool Allows(ApiUser user, AccessRequest request) =>
        user.Groups.Contains("system:masters") || RulesOf(user, request.Path is null ? request.Namespace : null).Any(rule => Allows(rule, request));

    /// <summary>Every rule that holds for a user in the cluster, and in one namespace when it is named.</summary>
    public IEnumerable<JsonObject> RulesOf(ApiUser user, string? @namespace)
    {
        foreach (var binding in store.Read(ClusterRoleBindings).Objects.Values.Where(binding => Binds(binding, user)))
        {
            foreach (var rule in RulesBehind(binding))
            {
                yield return rule;
            }
        }
        if (string.IsNullOrEmpty(@namespace))
        {
            yield break;
        }
        foreach (var binding in store.Read(RoleBindings).Objects.Values.Where(binding => binding.Namespace == @namespace && Binds(binding, user)))
        {
            foreach (var rule in RulesBehind(binding))
            {
                yield return rule;
            }
        }
    }

    private IEnumerable<JsonObject> RulesBehind(StoredObject binding)
    {
        var name = binding.Value.Text("roleRef.name") ?? "";
        var role = binding.Value.Text("roleRef.kind") == "Role" ? store.Find(Roles, binding.Namespace, name) : store.Find(ClusterRoles, null, name);
        return role?.Value.Items("rules") ?? [];
    }

    private static bool Binds(StoredObject binding, ApiUser user) => binding.Value.Items("subjects").Any(subject => subject.Text("kind") switch
    {
        "User" => subject.Text("name") is var name && (name == user.Name || name == "*"),
        "Group" => subject.Text("name") is { } group && user.Groups.Contains(group),
        "ServiceAccount" => user.Name == $"system:serviceaccount:{subject.Text("namespace") ?? binding.Namespace}:{subject.Text("name")}",
        _ => false,
    });

    private static bool Allows(JsonObject rule, AccessRequest request)
    {
        if (!Has(rule, "verbs", request.Verb))
        {
            return false;
        }
        if (request.Path is { } path)
        {
            return rule.Strings("nonResourceURLs").Any(url => url == "*" || url == path || (url.EndsWith('*') && path.StartsWith(url[..^1], StringComparison.Ordinal)));
        }
        var names = rule.Strings("resourceNames").ToList();
        return Has(rule, "apiGroups", request.Group)
            && rule.Strings("resources").Any(resource => resource == "*" || resource == request.Full
                || (request.Subresource.Length > 0 && resource == $"*/{request.Subresource}"))
            && (names.Count == 0 || (request.Name.Length > 0 && names.Contains(request.Name)));
    }

    private static bool Has(JsonObject rule, string field, string wanted) => rule.Strings(field).Any(value => value == "*" || value == wanted);
}
