using System.Net;
using DalpHa.Core.Documents.Shapes;

namespace DalpHa.Core.Topology;

/// <summary>What a valid topology still leaves open.</summary>
internal static class TopologyAdvice
{
    /// <summary>The advice, each with the key that it is about.</summary>
    public static IEnumerable<(string Subject, Problem Problem)> For(DalpTopology topology)
    {
        var unowned = FailoverSteps.All.Select(s => s.Name).Where(step => !topology.Owners.ContainsKey(step)).ToList();
        if (unowned.Count > 0)
        {
            yield return ("owners", new Problem("MissingOwners", $"Nobody owns {string.Join(", ", unowned)}.", "a named owner for each step of a failover"));
        }
        foreach (var site in topology.Sites)
        {
            var key = site.Role == SiteRole.Active ? "sites.active" : "sites.standby";
            foreach (var (subject, problem) in ForSite(site, key))
            {
                yield return (subject, problem);
            }
        }
        var standbyHosts = topology.Standby.Routes.Select(r => r.Url.Host).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var unserved = topology.Active.Routes.Select(r => r.Url.Host).Where(host => !standbyHosts.Contains(host)).Distinct().ToList();
        if (unserved.Count > 0)
        {
            yield return ("sites.standby.routes", new Problem("RouteNotOnStandby", $"The standby has no route for {string.Join(", ", unserved)}.", "the active site's hosts on the standby too"));
        }
    }

    private static IEnumerable<(string, Problem)> ForSite(DalpSite site, string key)
    {
        if (site.Database is null)
        {
            yield return ($"{key}.database", new Problem("NoDatabase", $"Site '{site.Name}' names no database: replication can't be seen.", "database.servers"));
        }
        else if (site.Database.SslMode is not ("require" or "verify-ca" or "verify-full") && site.Database.Servers.Any(IsRemote))
        {
            yield return ($"{key}.database.sslMode", new Problem("WeakSslMode", $"The login to the database of site '{site.Name}' may travel unencrypted.", "sslMode: verify-full, or at least require"));
        }
        if (site.Validators is null)
        {
            yield return ($"{key}.validators", new Problem("NoValidators", $"Site '{site.Name}' names no validators: whether they sign can't be seen.", "validators, or an empty list when there are none"));
        }
    }

    private static bool IsRemote(DatabaseServerSettings server) => server.Host is { } host
        && !host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        && !(IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
