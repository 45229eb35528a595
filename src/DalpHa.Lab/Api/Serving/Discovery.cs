using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>Answers what is there: version, health, groups, resources, and as much OpenAPI as kubectl insists on.</summary>
internal sealed class Discovery(ResourceCatalog catalog, ApiServerOptions options)
{
    private static readonly string[] ObjectVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    public async Task AnswerAsync(HttpContext context, CancellationToken cancellation)
    {
        var path = context.Request.Path.Value!.Trim('/');
        if (path.Split('/')[0] is "healthz" or "livez" or "readyz")
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync("ok", cancellation);
            return;
        }
        if (path == "openapi/v2")
        {
            await OpenApi.WriteAsync(context, options.Version, cancellation);
            return;
        }
        var answer = path.Split('/') switch
        {
            [""] => new JsonObject { ["paths"] = new JsonArray("/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version") },
            ["version"] => Version(),
            ["api"] => CoreVersions(context),
            ["apis"] => new JsonObject
            {
                ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. Groups().Select(group => (JsonNode)Group(group, false))]),
            },
            ["apis", var group] when Groups().Any(known => known.Key == group) => Group(Groups().First(known => known.Key == group), true),
            ["api", var version] when Served("", version) => Resources("", version),
            ["apis", var group, var version] when Served(group, version) => Resources(group, version),
            ["openapi", "v3"] => new JsonObject { ["paths"] = new JsonObject() },
            _ => throw ApiException.NoSuchPath(),
        };
        await JsonAnswer.WriteAsync(context, 200, answer, cancellation);
    }

    private JsonObject Version()
    {
        var parts = options.Version.Split('.');
        return new JsonObject
        {
            ["major"] = parts[0], ["minor"] = parts[1], ["gitVersion"] = $"v{options.Version}", ["gitCommit"] = "", ["gitTreeState"] = "clean",
            ["buildDate"] = "1970-01-01T00:00:00Z", ["goVersion"] = "", ["compiler"] = "", ["platform"] = "dalpha/lab",
        };
    }

    private static JsonObject CoreVersions(HttpContext context) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = context.Request.Host.Value }),
    };

    private IEnumerable<IGrouping<string, ResourceKind>> Groups() =>
        catalog.All.Where(kind => kind.Group.Length > 0).GroupBy(kind => kind.Group);

    private bool Served(string group, string version) => catalog.All.Any(kind => kind.Group == group && kind.Version == version);

    private static JsonObject Group(IGrouping<string, ResourceKind> group, bool alone)
    {
        var versions = group.Select(kind => kind.Version).Distinct().Order(KubernetesVersionOrder.Instance)
            .Select(version => new JsonObject { ["groupVersion"] = $"{group.Key}/{version}", ["version"] = version }).ToList();
        var answer = alone ? new JsonObject { ["kind"] = "APIGroup", ["apiVersion"] = "v1" } : [];
        answer["name"] = group.Key;
        answer["versions"] = new JsonArray([.. versions]);
        answer["preferredVersion"] = versions[0].DeepClone();
        return answer;
    }

    private JsonObject Resources(string group, string version) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
        ["resources"] = new JsonArray([.. catalog.All.Where(kind => kind.Group == group && kind.Version == version)
            .OrderBy(kind => kind.Plural, StringComparer.Ordinal).SelectMany(Describe)]),
    };

    private static IEnumerable<JsonNode> Describe(ResourceKind kind)
    {
        var resource = Entry(kind.Plural, kind, kind.Kind, kind.Virtual ? ["create"] : ObjectVerbs);
        resource["singularName"] = kind.Singular;
        if (kind.ShortNames.Count > 0)
        {
            resource["shortNames"] = Texts(kind.ShortNames);
        }
        if (kind.InAll)
        {
            resource["categories"] = new JsonArray("all");
        }
        yield return resource;
        foreach (var sub in kind.Subresources)
        {
            var entry = Entry($"{kind.Plural}/{sub.Name}", kind, sub.Kind, sub.Verbs);
            if (sub.Group != kind.Group)
            {
                entry["group"] = sub.Group;
                entry["version"] = sub.Version;
            }
            yield return entry;
        }
        if (kind.Scale is not null)
        {
            var entry = Entry($"{kind.Plural}/scale", kind, "Scale", ["get", "patch", "update"]);
            entry["group"] = "autoscaling";
            entry["version"] = "v1";
            yield return entry;
        }
        if (kind.HasStatus)
        {
            yield return Entry($"{kind.Plural}/status", kind, kind.Kind, ["get", "patch", "update"]);
        }
    }

    private static JsonObject Entry(string name, ResourceKind kind, string body, IReadOnlyList<string> verbs) => new()
    {
        ["name"] = name, ["singularName"] = "", ["namespaced"] = kind.Namespaced, ["kind"] = body, ["verbs"] = Texts(verbs),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
