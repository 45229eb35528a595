namespace DalpHa.Lab.Api.Serving;

/// <summary>What a request's path and method name: a resource, or a path outside the resources.</summary>
/// <param name="Path">The whole path.</param>
/// <param name="Verb">The verb in RBAC's terms: get, list, watch, create, update, patch, delete, deletecollection; or the lower-case method.</param>
internal sealed record RequestTarget(string Path, string Verb)
{
    public bool IsResource { get; private init; }

    public string Group { get; private init; } = "";

    public string Version { get; private init; } = "";

    public string? Namespace { get; private init; }

    public string Resource { get; private init; } = "";

    public string Name { get; private init; } = "";

    public string Subresource { get; private init; } = "";

    public static RequestTarget Parse(string method, string path, bool watch)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        var group = "";
        string[] rest;
        if (parts is ["api", _, _, ..])
        {
            rest = parts[2..];
        }
        else if (parts is ["apis", _, _, _, ..])
        {
            group = parts[1];
            rest = parts[3..];
        }
        else
        {
            return new RequestTarget(path, method.ToLowerInvariant());
        }
        var version = parts[group.Length == 0 ? 1 : 2];

        string? @namespace = null;
        if (rest is ["namespaces", _, not ("status" or "finalize"), ..])
        {
            @namespace = rest[1];
            rest = rest[2..];
        }
        var name = rest.Length > 1 ? rest[1] : "";
        var ofNamespace = group.Length == 0 && rest[0] == "namespaces" && name.Length > 0;
        return new RequestTarget(path, VerbOf(method, name, watch))
        {
            IsResource = true,
            Group = group,
            Version = version,
            // A namespace is inside itself for RBAC, so that a role in it may allow reading it.
            Namespace = ofNamespace ? name : @namespace,
            Resource = rest[0],
            Name = name,
            Subresource = string.Join('/', rest.Skip(2)),
        };
    }

    private static string VerbOf(string method, string name, bool watch) => method switch
    {
        "GET" or "HEAD" when name.Length > 0 => "get",
        "GET" or "HEAD" => watch ? "watch" : "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => name.Length > 0 ? "delete" : "deletecollection",
        _ => method.ToLowerInvariant(),
    };
}
