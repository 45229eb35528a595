using System.Text.Json;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>What was found at the end of a step, as the record of that end keeps it: one entry for each finding, beside the step's facts.</summary>
internal static class JournalFindings
{
    private const string Prefix = "finding ";

    /// <summary>A step's facts, and what was found.</summary>
    public static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> facts, IReadOnlyList<DalpCheckResult> findings)
    {
        var data = new Dictionary<string, string>(facts);
        foreach (var (index, finding) in findings.Index())
        {
            data[$"{Prefix}{index + 1:00}"] = JsonSerializer.Serialize(finding, JournalJson.Default.DalpCheckResult);
        }
        return data;
    }

    /// <summary>What a record says was found, in its order.</summary>
    public static IReadOnlyList<DalpCheckResult> In(JournalRecord record) =>
    [
        .. record.Data.Where(entry => entry.Key.StartsWith(Prefix, StringComparison.Ordinal)).OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => JsonSerializer.Deserialize(entry.Value, JournalJson.Default.DalpCheckResult)!),
    ];
}
