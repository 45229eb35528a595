using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// The standby's configuration is the active's, but for the ConfigMaps that the topology calls site-specific. Without a topology nobody can say
/// which those are, so a difference then only warns.
/// </summary>
public sealed class ConfigMapParityCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "ConfigMapParity";

    /// <inheritdoc/>
    public string Description => "The ConfigMaps are the same on both sites, but for those that the topology calls site-specific.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (activeRead, standbyRead) = (context.Active.ConfigMaps, context.Standby.ConfigMaps);
        var standby = Shared(context, await standbyRead.WaitAsync(cancellationToken).ConfigureAwait(false));
        var active = Shared(context, await activeRead.WaitAsync(cancellationToken).ConfigureAwait(false));
        var differs = context.Topology.Path is null ? CheckStatus.Warn : CheckStatus.Fail;
        var findings = active.Values.Select(map => Compare(context.Standby.Name, differs, map, standby.GetValueOrDefault(map.Name))).OfType<Finding>()
            .Concat(standby.Values.Where(map => !active.ContainsKey(map.Name)).Select(map => Finding.Warn(
                context.Standby.Name, $"ConfigMap/{map.Name}", "only on the standby", "on both", "The active has no such ConfigMap.",
                "Remove it, or name it as site-specific in the topology (configMaps: siteSpecific).")))
            .ToList();
        foreach (var finding in findings)
        {
            yield return finding;
        }
        if (findings.Count == 0)
        {
            yield return Finding.Pass(context.Standby.Name, "configuration", $"{Wording.Count(active.Count, "ConfigMap")} equal", "equal");
        }
    }

    private static Dictionary<string, ConfigMapDigest> Shared(ReadinessContext context, IReadOnlyList<ConfigMapDigest> maps) => maps
        .Where(map => !context.Topology.SiteSpecificConfigMaps.Contains(map.Name))
        .ToDictionary(map => map.Name, StringComparer.Ordinal);

    private static Finding? Compare(string site, CheckStatus differs, ConfigMapDigest active, ConfigMapDigest? standby)
    {
        var target = $"ConfigMap/{active.Name}";
        if (standby is null)
        {
            return Finding.Fail(
                site, target, "missing", "present", "What reads it does not start on the standby.", "Deploy the chart on the standby with the active's configuration.");
        }
        var difference = KeyDifference.Of(active.KeyDigests, standby.KeyDigests);
        var parts = new[] { ("lacks", difference.Missing), ("changed:", difference.Changed), ("has also", difference.Extra) }
            .Where(part => part.Item2.Count > 0)
            .Select(part => $"{part.Item1} {Wording.List(part.Item2, 2)}")
            .ToList();
        return parts.Count == 0
            ? null
            : new Finding(
                differs, site, target, string.Join("; ", parts), "equal", "The standby would start with another configuration than the active runs with.",
                "Deploy the active's configuration, or name the ConfigMap as site-specific in the topology (configMaps: siteSpecific).");
    }
}
