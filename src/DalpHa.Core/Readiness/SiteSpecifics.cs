using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness;

/// <summary>How findings tell of what the topology lets the sites differ in: an exception is named where it was made, and one that excepts nothing warns.</summary>
internal static class SiteSpecifics
{
    /// <summary>Whether the topology lets the value of a key differ.</summary>
    public static bool Cover(this IReadOnlyList<SiteSpecificEntry> entries, string name, string key) => entries.Any(entry => entry.Covers(name, key));

    /// <summary>Names all that was left out of a comparison; empty when nothing was.</summary>
    public static string LeftOut(IReadOnlyCollection<string> entries) =>
        entries.Count == 0 ? "" : $"Left out, since the topology calls it site-specific: {string.Join(", ", entries.Order(StringComparer.Ordinal))}.";

    /// <summary>An entry that nothing on either site is meant by.</summary>
    /// <param name="key">Where the entry stands in the topology.</param>
    /// <param name="entry">The entry.</param>
    public static Finding Stale(string key, string entry) => Finding.Warn(
        Finding.BothSites, entry, "matches nothing", "what it lets differ",
        $"The topology ({key}) lets it differ, and neither site has it: the entry is out of date or misspelt, and one day it may hide a drift.",
        $"Correct or remove the entry in the topology ({key}).");
}
