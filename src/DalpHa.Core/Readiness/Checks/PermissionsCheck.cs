using System.Runtime.CompilerServices;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>Whoever runs this may do on the site what a failover needs.</summary>
public sealed class PermissionsCheck : SiteCheck
{
    /// <inheritdoc/>
    public override string Name => "Permissions";

    /// <inheritdoc/>
    public override string Description => "The caller may do on the site what the checks and a failover need.";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Finding> RunAsync(
        SiteView site, ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var @namespace = site.Site.Namespace;
        var tunnels = site.Site.Database?.Servers.Any(server => server.Forward is not null) == true;
        var needs = RequiredPermissions.ForReading(@namespace)
            .Concat(tunnels ? RequiredPermissions.ForTunnels(@namespace) : [])
            .Concat(RequiredPermissions.ForFailover(@namespace))
            .ToList();
        var decisions = await site.ReviewAccessAsync(needs).WaitAsync(cancellationToken).ConfigureAwait(false);
        var denied = decisions.Where(decision => !decision.IsAllowed).ToList();
        foreach (var decision in denied)
        {
            var request = decision.Request;
            var scope = request.Namespace is null ? "in the whole cluster" : $"in namespace '{request.Namespace}'";
            var why = string.IsNullOrEmpty(decision.Reason) ? "" : $" The server says: {decision.Reason}.";
            yield return Finding.Fail(
                site.Name,
                request.ToString(),
                "denied",
                "allowed",
                $"DalpHa needs it {scope} to {request.Purpose}.{why}",
                $"Grant it by a Role or ClusterRole, and check with: kubectl auth can-i {request}{(request.Namespace is null ? "" : " -n " + request.Namespace)}");
        }
        if (denied.Count == 0)
        {
            yield return Finding.Pass(site.Name, "access", $"{decisions.Count} of {decisions.Count} allowed", "all allowed");
        }
    }
}
