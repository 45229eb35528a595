using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>The standby answers for every host name that the active answers for.</summary>
public sealed class IngressParityCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "IngressParity";

    /// <inheritdoc/>
    public string Description => "The Ingresses and Routes of both sites answer for the same hosts, by the same classes.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (activeRead, standbyRead) = (context.Active.IngressRoutes, context.Standby.IngressRoutes);
        var standby = Hosts(await standbyRead.WaitAsync(cancellationToken).ConfigureAwait(false));
        var active = Hosts(await activeRead.WaitAsync(cancellationToken).ConfigureAwait(false));
        var site = context.Standby.Name;
        var problems = 0;
        foreach (var (host, route) in active)
        {
            if (!standby.TryGetValue(host, out var other))
            {
                problems++;
                yield return Finding.Fail(
                    site, host, "no route", $"{route.Kind}/{route.Name}", "After the switch users who come by this name get the ingress's default answer.",
                    $"Deploy {route.Kind} '{route.Name}' on the standby.");
            }
            else if (other.Kind == route.Kind && other.ClassName != route.ClassName)
            {
                problems++;
                yield return Finding.Warn(
                    site, host, $"class {other.ClassName ?? "(default)"}", $"class {route.ClassName ?? "(default)"}",
                    "Another ingress controller serves the name on the standby.", "Make sure that it treats the platform's annotations alike, or use the same class.");
            }
        }
        foreach (var (host, route) in standby.Where(pair => !active.ContainsKey(pair.Key)))
        {
            problems++;
            yield return Finding.Warn(
                site, host, $"{route.Kind}/{route.Name}", "on both sites", "Only the standby answers for this name.", "Remove the host from the standby, or deploy it on the active.");
        }
        var declared = context.Topology.Standby.Routes.Select(route => route.Url.Host).Distinct(StringComparer.OrdinalIgnoreCase);
        foreach (var host in declared.Where(host => !active.ContainsKey(host) && !standby.Keys.Any(served => Serves(served, host))))
        {
            problems++;
            yield return Finding.Unknown(
                site, host, "no Ingress or Route", "a route", "The topology declares the route, and no Ingress or Route of the standby serves it.",
                "Look at what serves it by hand (Gateway API, a load balancer in front): DalpHa does not see it.");
        }
        if (problems > 0)
        {
            yield break;
        }
        yield return active.Count > 0
            ? Finding.Pass(site, "routes", $"{Wording.Count(active.Count, "host")} on both", "same hosts")
            : Finding.Unknown(
                site, "routes", "no Ingress or Route", "same hosts", "Neither site has an Ingress or Route, so nobody can say whether the standby answers for the same hosts.",
                "Look at what serves users by hand (Gateway API, a load balancer in front): DalpHa does not see it.");
    }

    // The ingress's wildcard stands for one label; "*" is a rule without a host, and answers for all.
    private static bool Serves(string served, string host) => served == "*" || HostPattern.StandsFor(served, host);

    private static Dictionary<string, IngressRoute> Hosts(IReadOnlyList<IngressRoute> routes) => routes
        .SelectMany(route => route.Hosts.Select(host => (Host: host, Route: route)))
        .DistinctBy(pair => pair.Host, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(pair => pair.Host, pair => pair.Route, StringComparer.OrdinalIgnoreCase);
}
