namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>One request to the API server, with the words in which its failure is told.</summary>
/// <param name="Verb">The verb as RBAC names it: <c>get</c>, <c>list</c>, <c>create</c>.</param>
/// <param name="Resource">The plural resource, with its group where it has one, as <c>deployments.apps</c>.</param>
/// <param name="Namespace">The namespace, or null for the whole cluster.</param>
/// <param name="Path">The path below the server's address, without the leading slash.</param>
internal sealed record ApiRequest(string Verb, string Resource, string? Namespace, string Path)
{
    // Under this name the API server keeps who set which field.
    private const string Writer = "fieldManager=dalpha";

    /// <summary>A list of a resource.</summary>
    /// <param name="apiVersion">As <c>v1</c> or <c>apps/v1</c>.</param>
    /// <param name="resource">The plural resource, as <c>pods</c>.</param>
    /// <param name="namespace">The namespace, or null for all of them, or for a resource that is in none.</param>
    /// <param name="query">Selectors, as <c>fieldSelector=…</c>, each value escaped; null for none.</param>
    public static ApiRequest List(string apiVersion, string resource, string? @namespace, string? query = null) =>
        new("list", Qualify(apiVersion, resource), @namespace, $"{Root(apiVersion, @namespace)}/{resource}" + (query is null ? "" : "?" + query));

    /// <summary>One object by name.</summary>
    public static ApiRequest Get(string apiVersion, string resource, string? @namespace, string name) =>
        new("get", Qualify(apiVersion, resource), @namespace, $"{Root(apiVersion, @namespace)}/{resource}/{Uri.EscapeDataString(name)}");

    /// <summary>A new object.</summary>
    public static ApiRequest Create(string apiVersion, string resource, string? @namespace) =>
        new("create", Qualify(apiVersion, resource), @namespace, $"{Root(apiVersion, @namespace)}/{resource}?{Writer}");

    /// <summary>The replacement of an object.</summary>
    public static ApiRequest Update(string apiVersion, string resource, string? @namespace, string name) =>
        Get(apiVersion, resource, @namespace, name).Writing("update");

    /// <summary>A change of some of an object's fields.</summary>
    public static ApiRequest Patch(string apiVersion, string resource, string? @namespace, string name) =>
        Get(apiVersion, resource, @namespace, name).Writing("patch");

    /// <summary>A selector as a query.</summary>
    public static string Selector(string kind, string selector) => $"{kind}={Uri.EscapeDataString(selector)}";

    /// <summary>The same request for one page of a list.</summary>
    public ApiRequest Page(int limit, string? continueToken)
    {
        var query = continueToken is null ? $"limit={limit}" : $"limit={limit}&continue={Uri.EscapeDataString(continueToken)}";
        return this with { Path = Path + (Path.Contains('?') ? '&' : '?') + query };
    }

    /// <summary>The request in the operator's words: <c>list deployments.apps in namespace dalp</c>.</summary>
    public override string ToString() => Namespace is null ? $"{Verb} {Resource}" : $"{Verb} {Resource} in namespace '{Namespace}'";

    private ApiRequest Writing(string verb) => this with { Verb = verb, Path = $"{Path}?{Writer}" };

    private static string Root(string apiVersion, string? @namespace) =>
        (apiVersion.Contains('/') ? "apis/" : "api/") + apiVersion + (@namespace is null ? "" : $"/namespaces/{Uri.EscapeDataString(@namespace)}");

    private static string Qualify(string apiVersion, string resource) =>
        apiVersion.IndexOf('/') is > 0 and var slash ? $"{resource}.{apiVersion[..slash]}" : resource;
}
