using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Admission;

namespace DalpHa.Lab.Api.Rbac;

/// <summary>Decides by the stored Roles, ClusterRoles and bindings (rbac.authorization.k8s.io/v1). Nothing is denied: what no rule allows is refused.</summary>
internal sealed class RbacAuthorizer(ObjectStore store)
{
    public const string Group = "rbac.authorization.k8s.io";

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

    /// <summary>The rules of a role, those that it gathers from others included; null when there is no such role.</summary>
    public IEnumerable<JsonObject>? RulesBehind(string? @namespace, string plural, string name) =>
        (plural == Roles.Plural ? store.Find(Roles, @namespace, name) : store.Find(ClusterRoles, null, name)) is { } role ? Rules(role, []) : null;

    private IEnumerable<JsonObject> RulesBehind(StoredObject binding) => RulesBehind(binding.Namespace,
        binding.Value.Text("roleRef.kind") == "Role" ? Roles.Plural : ClusterRoles.Plural, binding.Value.Text("roleRef.name") ?? "") ?? [];

    private IEnumerable<JsonObject> Rules(StoredObject role, HashSet<string> seen)
    {
        if (!seen.Add(role.Uid))
        {
            return [];
        }
        // A real cluster's controller writes the gathered rules into the role; here they are looked up when they count.
        var selectors = (role.Value.At("aggregationRule.clusterRoleSelectors") as JsonArray ?? []).OfType<JsonObject>().ToList();
        var gathered = selectors.Count == 0 ? [] : store.Read(ClusterRoles).Objects.Values
            .Where(other => selectors.Exists(selector => WorkloadSelector.Matches(selector, other.Metadata["labels"] as JsonObject)));
        return role.Value.Items("rules").Concat(gathered.SelectMany(other => Rules(other, seen)));
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
