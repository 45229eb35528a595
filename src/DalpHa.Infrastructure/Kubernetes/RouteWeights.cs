using System.Globalization;
using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// How an OpenShift Route shares its requests among its services. A closed one gives none of them any, so that its router answers 503 (RouteSpec of
/// route.openshift.io/v1), and remembers their weights in an annotation.
/// </summary>
/// <param name="Version">The version that was read.</param>
/// <param name="To">Its first service.</param>
/// <param name="Alternates">The others.</param>
/// <param name="Former">The weights before it was closed, in the order of the services; null when it was not closed by DalpHa.</param>
internal sealed record RouteWeights(string? Version, WireRouteBackend To, IReadOnlyList<WireRouteBackend> Alternates, string? Former)
{
    public const string ApiVersion = "route.openshift.io/v1";
    public const string Resource = "routes";
    private const string FormerName = "dalpha.io/route-weights";
    private const string Unset = "unset";

    /// <summary>Whether none of its services gets a request. A weight that is not set is 100.</summary>
    public bool IsClosed => All.All(backend => backend.Weight == 0);

    private IEnumerable<WireRouteBackend> All => Alternates.Prepend(To);

    public static RouteWeights Of(WireRoute wire) => new(
        wire.Metadata.ResourceVersion, wire.Spec?.To ?? new WireRouteBackend(null, null, null), wire.Spec?.AlternateBackends ?? [], wire.Metadata.Annotations?.GetValueOrDefault(FormerName));

    /// <summary>The patch that closes it, of the version that was read; null when it is closed.</summary>
    public JsonObject? Closing() => IsClosed ? null : Patch(string.Join(',', All.Select(Write)), _ => 0);

    /// <summary>The patch that opens it, of the version that was read; null when DalpHa has not closed it.</summary>
    public JsonObject? Opening()
    {
        if (Former is null)
        {
            return null;
        }
        var former = Former.Split(',').Select(one => one.Split('=', 2)).Where(one => one.Length == 2).ToDictionary(one => one[0], one => one[1], StringComparer.Ordinal);
        // What somebody has set meanwhile is his, and so is a service that was not there.
        return Patch(null, backend => backend.Weight != 0 || !former.TryGetValue(backend.Name ?? "", out var weight) ? backend.Weight
            : int.TryParse(weight, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null);
    }

    private static string Write(WireRouteBackend backend) => string.Create(CultureInfo.InvariantCulture, $"{backend.Name}={(backend.Weight is { } weight ? weight : Unset)}");

    private JsonObject Patch(string? former, Func<WireRouteBackend, int?> weightOf)
    {
        // A merge patch replaces a list whole.
        var spec = new JsonObject { ["to"] = new JsonObject { ["weight"] = weightOf(To) } };
        if (Alternates.Count > 0)
        {
            spec["alternateBackends"] = new JsonArray([.. Alternates.Select(backend => WithWeight(backend, weightOf(backend)))]);
        }
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = Version, ["annotations"] = new JsonObject { [FormerName] = former } },
            ["spec"] = spec,
        };
    }

    private static JsonObject WithWeight(WireRouteBackend backend, int? weight)
    {
        var written = new JsonObject { ["kind"] = backend.Kind ?? "Service", ["name"] = backend.Name };
        if (weight is not null)
        {
            written["weight"] = weight;
        }
        return written;
    }
}
