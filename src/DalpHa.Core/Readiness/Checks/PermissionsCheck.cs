using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// Whoever runs this may do on the site what the checks need and, unless the run says that its account only reads, what a failover needs.
/// What may not be read makes the verdict blind, and is Unknown; what a failover may not do makes it fail.
/// </summary>
public sealed class PermissionsCheck : SiteCheck
{
    /// <inheritdoc/>
    public override string Name => "Permissions";

    /// <inheritdoc/>
    public override string Description => "The caller may do on the site what the checks need and, unless -Account is Reader, what a failover needs.";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Finding> RunAsync(
        SiteView site, ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = RequiredPermissions.ForReading(site.Site);
        var failover = context.Account == DalpAccount.Reader ? [] : RequiredPermissions.ForFailover(site.Site.Namespace);
        var decisions = await site.ReviewAccessAsync([.. reading, .. failover]).WaitAsync(cancellationToken).ConfigureAwait(false);
        var denied = decisions.Where(decision => !decision.IsAllowed).ToList();
        foreach (var decision in denied)
        {
            yield return Denied(site, decision, failover.Contains(decision.Request));
        }
        if (denied.Count == 0)
        {
            yield return Finding.Pass(site.Name, "access", $"{decisions.Count} of {decisions.Count} allowed", "all allowed");
        }
        if (context.Account == DalpAccount.Reader)
        {
            yield return Finding.Pass(
                site.Name, "failover access", "not asked (Reader)", "asked of the operator",
                "The run's account only reads, so nobody asked whether one may fail over. Ask with the account that would: Test-DalpStandby -Check Permissions");
        }
    }

    private static Finding Denied(SiteView site, AccessDecision decision, bool isForFailover)
    {
        var request = decision.Request;
        var scope = request.Namespace is null ? "in the whole cluster" : $"in namespace '{request.Namespace}'";
        var why = string.IsNullOrEmpty(decision.Reason) ? "" : $" The server says: {decision.Reason}.";
        return new Finding(
            isForFailover ? CheckStatus.Fail : CheckStatus.Unknown,
            site.Name,
            request.ToString(),
            "denied",
            "allowed",
            isForFailover ? $"A failover needs it {scope} to {request.Purpose}.{why}" : $"The checks need it {scope} to {request.Purpose}: without it they are blind.{why}",
            $"Grant it by a Role or ClusterRole, and check with: kubectl auth can-i {request}{(request.Namespace is null ? "" : " -n " + request.Namespace)}."
            + (isForFailover ? " If this account is meant only to look, say so: -Account Reader" : ""));
    }
}
