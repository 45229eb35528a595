using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// Both sites run the same charts in the same versions with the same values, but for those that the topology calls site-specific. A topology that
/// does not say which those are lets values that differ only warn: the sites' own names are values too, and only a person can tell those from drift.
/// </summary>
public sealed class HelmParityCheck : IReadinessCheck
{
    private const string Upgrade = "Upgrade the standby's release to the active's chart and values: helm upgrade.";

    /// <inheritdoc/>
    public string Name => "HelmParity";

    /// <inheritdoc/>
    public string Description => "The Helm releases of both sites have the same chart, version and values.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (activeRead, standbyRead) = (context.Active.HelmReleases, context.Standby.HelmReleases);
        var standby = await standbyRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var active = await activeRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var site = context.Standby.Name;
        if (active.Count == 0 && standby.Count == 0)
        {
            yield return Finding.Warn(
                site, "releases", "no Helm release", "equal releases", "Neither site keeps a Helm release in the namespace: charts, versions and values can't be compared.",
                "If the platform is deployed in another way (GitOps that renders charts), compare its revisions there.");
            yield break;
        }
        var siteSpecific = context.Topology.SiteSpecificHelmValues ?? [];
        var paths = active.Concat(standby).SelectMany(release => release.ValueDigests.Keys).ToList();
        var (stale, leftOut) = (siteSpecific.Where(entry => !paths.Exists(path => Covers(entry, path))).ToList(), siteSpecific.Where(entry => paths.Exists(path => Covers(entry, path))).ToList());
        var findings = active.Select(release => Compare(context, release, standby.FirstOrDefault(other => other.Name == release.Name), leftOut)).OfType<Finding>()
            .Concat(standby.Where(release => active.All(other => other.Name != release.Name)).Select(release => Finding.Warn(
                site, $"Release/{release.Name}", "only on the standby", "on both", "The active has no such release.", "Uninstall it, or install it on the active.")))
            .Concat(Unfinished(context.Active, active))
            .Concat(Unfinished(context.Standby, standby))
            .Concat(stale.Select(entry => SiteSpecifics.Stale("helm: siteSpecific", entry)))
            .ToList();
        foreach (var finding in findings)
        {
            yield return finding;
        }
        if (findings.Count == 0)
        {
            yield return Finding.Pass(
                site, "releases", Wording.List(active.Select(release => $"{release.Chart} {release.ChartVersion}"), 2), "equal releases", SiteSpecifics.LeftOut(leftOut));
        }
    }

    private static IEnumerable<Finding> Unfinished(SiteView site, IReadOnlyList<HelmRelease> releases) => releases
        .Where(release => release.LastStatus != HelmRelease.Deployed)
        .Select(release => Finding.Warn(
            site.Name, $"Release/{release.Name}", release.LastStatus, HelmRelease.Deployed,
            $"The newest attempt at the release did not finish: what runs may be part of it and part of revision {release.Revision}, and Helm may refuse the next one.",
            $"See helm history {release.Name}; upgrade it once more, or roll it back."));

    private static Finding? Compare(ReadinessContext context, HelmRelease active, HelmRelease? standby, IReadOnlyList<string> leftOut)
    {
        var (site, target) = (context.Standby.Name, $"Release/{active.Name}");
        if (standby is null)
        {
            return Finding.Fail(site, target, "not deployed", $"{active.Chart} {active.ChartVersion}", "The standby has no deployed release of this name.", Upgrade);
        }
        if (active.Chart != standby.Chart || active.ChartVersion != standby.ChartVersion)
        {
            return Finding.Fail(
                site, target, $"{standby.Chart} {standby.ChartVersion}", $"{active.Chart} {active.ChartVersion}",
                "A failover would start another version of the platform than users had.", Upgrade);
        }
        var difference = KeyDifference.Of(Compared(active, leftOut), Compared(standby, leftOut));
        if (difference.IsNone)
        {
            return null;
        }
        return context.Topology.SiteSpecificHelmValues is null
            ? Finding.Warn(
                site, target, difference.ToString(), "equal values",
                "The release was installed with other values: the site's own settings, or drift.",
                $"Compare them by eye on both contexts (helm get values {active.Name}), and name the site's own in the topology (helm: siteSpecific).")
            : Finding.Fail(
                site, target, difference.ToString(), "equal values",
                $"The release was installed with other values than the active's, and the topology does not call them site-specific. {SiteSpecifics.LeftOut(leftOut)}".TrimEnd(),
                "Upgrade the standby's release to the active's values, or name these in the topology (helm: siteSpecific).");
    }

    // Whether a site sets a value of its own at all is its own matter too: a default may suit it.
    private static Dictionary<string, string> Compared(HelmRelease release, IReadOnlyList<string> leftOut) =>
        release.ValueDigests.Where(value => !leftOut.Any(entry => Covers(entry, value.Key))).ToDictionary(StringComparer.Ordinal);

    private static bool Covers(string entry, string path) =>
        path.StartsWith(entry, StringComparison.Ordinal) && (path.Length == entry.Length || path[entry.Length] is '.' or '[');
}
