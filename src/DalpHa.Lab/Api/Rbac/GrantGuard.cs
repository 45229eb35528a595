using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Rbac;

/// <summary>Keeps users from giving, by a role or a binding, what they do not hold themselves, unless they may escalate or bind.</summary>
internal sealed class GrantGuard(RbacAuthorizer authorizer)
{
    public void Check(ApiRequest request, JsonObject value, JsonObject? before)
    {
        var kind = request.Kind;
        if (kind.Group != RbacAuthorizer.Group)
        {
            return;
        }
        var name = value.Text("metadata.name") ?? "";
        if (kind.Kind is "Role" or "ClusterRole")
        {
            if ((before is null || !JsonNode.DeepEquals(before["rules"], value["rules"]))
                && !authorizer.Allows(request.User, new AccessRequest("escalate", request.Namespace, kind.Group, kind.Plural, Name: name)))
            {
                RequireHeld(request, name, value.Items("rules"));
            }
            return;
        }
        if (before is not null && JsonNode.DeepEquals(before["subjects"], value["subjects"]))
        {
            return;
        }
        var role = value.Text("roleRef.name") ?? "";
        var plural = value.Text("roleRef.kind") == "Role" ? "roles" : "clusterroles";
        if (!authorizer.Allows(request.User, new AccessRequest("bind", request.Namespace, kind.Group, plural, Name: role)))
        {
            RequireHeld(request, name, authorizer.RulesBehind(request.Namespace, plural, role) ?? throw ApiException.NotFound(kind.Group, plural, role));
        }
    }

    private void RequireHeld(ApiRequest request, string name, IEnumerable<JsonObject> rules)
    {
        var missing = rules.SelectMany(rule => Grants(rule, request.Namespace)).Where(grant => !authorizer.Allows(request.User, grant)).ToList();
        if (missing.Count > 0)
        {
            var groups = string.Join(' ', request.User.Groups.Select(group => $"\"{group}\""));
            throw ApiException.Forbidden(request.Kind.Group, request.Kind.Plural, name, $"user \"{request.User.Name}\" (groups=[{groups}]) is attempting to grant "
                + $"RBAC permissions not currently held:\n{string.Join('\n', missing.Select(ToText))}");
        }
    }

    /// <summary>A rule in its smallest parts. A wildcard is one part, which only a wildcard allows.</summary>
    private static IEnumerable<AccessRequest> Grants(JsonObject rule, string? @namespace) => rule.Strings("verbs").SelectMany(verb => rule.Strings("nonResourceURLs")
        .Select(path => new AccessRequest(verb, Path: path))
        .Concat(from @group in rule.Strings("apiGroups")
                from resource in rule.Strings("resources")
                from name in rule.Strings("resourceNames").DefaultIfEmpty("")
                let parts = resource.Split('/', 2)
                select new AccessRequest(verb, @namespace, @group, parts[0], parts.Length > 1 ? parts[1] : "", name)));

    private static string ToText(AccessRequest grant) => grant.Path is { } path
        ? $"{{NonResourceURLs:[\"{path}\"], Verbs:[\"{grant.Verb}\"]}}"
        : $"{{APIGroups:[\"{grant.Group}\"], Resources:[\"{grant.Full}\"], {(grant.Name.Length > 0 ? $"ResourceNames:[\"{grant.Name}\"], " : "")}Verbs:[\"{grant.Verb}\"]}}";
}
