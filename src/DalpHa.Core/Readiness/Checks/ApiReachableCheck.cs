using System.Runtime.CompilerServices;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>Both API servers answer, the namespace is there, and the standby's Kubernetes is not older than the active's.</summary>
public sealed class ApiReachableCheck : SiteCheck
{
    /// <inheritdoc/>
    public override string Name => "ApiReachable";

    /// <inheritdoc/>
    public override string Description => "The site's API server answers, has the platform's namespace, and its version is aligned with the other site's.";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Finding> RunAsync(
        SiteView site, ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var version = await site.Version.WaitAsync(cancellationToken).ConfigureAwait(false);
        yield return Finding.Pass(site.Name, "API server", version.GitVersion, "answers");
        if (!await site.NamespaceExists.WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return Finding.Fail(
                site.Name,
                $"Namespace/{site.Site.Namespace}",
                "absent",
                "present",
                "Nothing of the platform can be on this site, or the namespace is named wrongly. All that is looked for in it is Unknown.",
                "Give the namespace that the platform runs in (topology: sites.*.namespace; parameter: -Namespace), or deploy the standby.");
        }
        if (site != context.Standby)
        {
            yield break;
        }
        var activeRead = context.Active.Version;
        await ((Task)activeRead).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (!activeRead.IsCompletedSuccessfully)
        {
            // That is the active's finding, and says nothing of the standby.
            yield break;
        }
        var active = await activeRead.ConfigureAwait(false);
        var behind = active.Minor - version.Minor;
        var skew = $"{active.Major}.{active.Minor} and {version.Major}.{version.Minor}";
        const string Target = "Kubernetes version";
        const string Align = "Upgrade the older cluster, so that both run the same minor version.";
        if (active.Major != version.Major || behind > 1)
        {
            yield return Finding.Fail(
                Finding.BothSites, Target, skew, "same minor",
                "What runs on the active may need an API that the standby's Kubernetes does not serve.", Align);
        }
        else if (behind != 0)
        {
            yield return Finding.Warn(
                Finding.BothSites, Target, skew, "same minor", "The clusters should run the same Kubernetes, so that both treat the platform alike.", Align);
        }
        else
        {
            yield return Finding.Pass(Finding.BothSites, Target, skew, "same minor");
        }
    }
}
