using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// The standby's configuration is the active's, but for the ConfigMaps and keys that the topology calls site-specific: those must be there, and may
/// hold what they like. Without a topology nobody can say which those are, so a difference then only warns.
/// </summary>
public sealed class ConfigMapParityCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "ConfigMapParity";

    /// <inheritdoc/>
    public string Description => "The ConfigMaps are the same on both sites, but for what the topology calls site-specific.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (activeRead, standbyRead) = (context.Active.ConfigMaps, context.Standby.ConfigMaps);
        var standby = (await standbyRead.WaitAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(map => map.Name, StringComparer.Ordinal);
        var active = (await activeRead.WaitAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(map => map.Name, StringComparer.Ordinal);
        var siteSpecific = context.Topology.SiteSpecificConfigMaps;
        var (stale, leftOut) = Split(siteSpecific, [.. active.Values, .. standby.Values]);
        var differs = context.Topology.Path is null ? CheckStatus.Warn : CheckStatus.Fail;
        var findings = active.Values.Select(map => Compare(context.Standby.Name, differs, map, standby.GetValueOrDefault(map.Name), siteSpecific)).OfType<Finding>()
            .Concat(standby.Values.Where(map => !active.ContainsKey(map.Name)).Select(map => Finding.Warn(
                context.Standby.Name, $"ConfigMap/{map.Name}", "only on the standby", "on both", "The active has no such ConfigMap.",
                "Remove it, or deploy it on the active too.")))
            .Concat(active.Count + standby.Count > 0 ? [] : [Finding.Warn(
                context.Standby.Name, "configuration", "no ConfigMap", "equal ConfigMaps", "Neither site has a ConfigMap in the namespace: there is nothing to compare.",
                "Make sure that the topology names the right namespaces, and compare the configuration where it is kept.")])
            .Concat(stale.Select(entry => SiteSpecifics.Stale("configMaps: siteSpecific", entry)))
            .ToList();
        foreach (var finding in findings)
        {
            yield return finding;
        }
        if (findings.Count == 0)
        {
            yield return Finding.Pass(context.Standby.Name, "configuration", $"{Wording.Count(active.Values.Count(map => !IsSiteSpecific(siteSpecific, map)), "ConfigMap")} equal", "equal", SiteSpecifics.LeftOut(leftOut));
        }
    }

    private static (IReadOnlyList<string> Stale, IReadOnlyList<string> LeftOut) Split(IReadOnlyList<SiteSpecificEntry> entries, IReadOnlyList<ConfigMapDigest> maps)
    {
        var split = entries.ToLookup(entry => maps.Any(map => map.Name == entry.Name && (entry.Key is null || map.KeyDigests.ContainsKey(entry.Key))), entry => entry.ToString());
        return (split[false].ToList(), split[true].ToList());
    }

    private static bool IsSiteSpecific(IReadOnlyList<SiteSpecificEntry> entries, ConfigMapDigest map) => entries.Any(entry => entry.Name == map.Name && entry.Key is null);

    private static Finding? Compare(string site, CheckStatus differs, ConfigMapDigest active, ConfigMapDigest? standby, IReadOnlyList<SiteSpecificEntry> siteSpecific)
    {
        var target = $"ConfigMap/{active.Name}";
        if (standby is null)
        {
            return Finding.Fail(
                site, target, "missing", "present", "What reads it does not start on the standby.", "Deploy the chart on the standby with the active's configuration.");
        }
        // A map that is a site's own has to be there, and no more can be asked of it.
        if (IsSiteSpecific(siteSpecific, active))
        {
            return null;
        }
        var difference = KeyDifference.Of(active.KeyDigests, standby.KeyDigests).WithoutChangesOf(key => siteSpecific.Cover(active.Name, key));
        var leftOut = SiteSpecifics.LeftOut([.. siteSpecific.Where(entry => entry.Name == active.Name).Select(entry => entry.ToString())]);
        return difference.IsNone
            ? null
            : new Finding(
                differs, site, target, difference.ToString(), "equal", $"The standby would start with another configuration than the active runs with. {leftOut}".TrimEnd(),
                "Deploy the active's configuration, or name the ConfigMap or its key as site-specific in the topology (configMaps: siteSpecific).");
    }
}
