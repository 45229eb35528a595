using DalpHa.Core.Clusters;

namespace DalpHa.Core.Failover;

/// <summary>One route of a site, and the actions that close and open it.</summary>
internal sealed class SiteRoute(FailoverSite site, IngressRoute route, TimeSpan timeout)
{
    private readonly string target = $"{route.Kind}/{route.Name}";

    /// <summary>Closes it: an Ingress is served by no controller, an OpenShift Route sends nothing to its services.</summary>
    public FailoverAction Close() => new()
    {
        Name = $"Close {target}",
        Site = site.Name,
        Outcome = $"{target} is closed",
        LookAsync = async cancellationToken => await FindAsync(cancellationToken).ConfigureAwait(false) switch
        {
            null => Sighting.Yes("It is not there."),
            { IsClosed: true } => Sighting.Yes("Closed."),
            var now => Sighting.NotYet(now.ClassName is { } name ? $"Open, of class '{name}'." : "Open."),
        },
        ActAsync = cancellationToken => site.Control.SetRouteOpenAsync(site.Namespace, route.Kind, route.Name, false, cancellationToken),
        Timeout = timeout,
    };

    /// <summary>Opens it as it was before it was closed.</summary>
    public FailoverAction Open() => new()
    {
        Name = $"Open {target}",
        Site = site.Name,
        Outcome = $"{target} is open",
        LookAsync = async cancellationToken => await FindAsync(cancellationToken).ConfigureAwait(false) switch
        {
            null => Sighting.NotYet("It is not there."),
            { IsClosed: true } => Sighting.NotYet("Closed."),
            _ => Sighting.Yes("Open."),
        },
        ActAsync = cancellationToken => site.Control.SetRouteOpenAsync(site.Namespace, route.Kind, route.Name, true, cancellationToken),
        Timeout = timeout,
    };

    private async Task<IngressRoute?> FindAsync(CancellationToken cancellationToken) =>
        (await site.Cluster.ListIngressRoutesAsync(site.Namespace, cancellationToken).ConfigureAwait(false)).FirstOrDefault(one => one.Kind == route.Kind && one.Name == route.Name);
}
