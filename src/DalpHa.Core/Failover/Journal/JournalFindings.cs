using System.Text.Json;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>What was found at the end of a step, as the record of that end keeps it: one entry for each finding, beside the step's facts.</summary>
internal static class JournalFindings
{
    // Its texts, each for itself: a finding that was cut off as a whole could not be read again.
    private const int LongestText = 4 * 1024;

    /// <summary>A step's facts, and what was found.</summary>
    public static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> facts, IReadOnlyList<DalpCheckResult> findings)
    {
        var data = new Dictionary<string, string>(facts);
        foreach (var (index, finding) in findings.Index())
        {
            data[$"{JournalFact.Finding}{index + 1:00}"] = Write(finding);
        }
        return data;
    }

    /// <summary>What a record says was found, in its order.</summary>
    public static IReadOnlyList<DalpCheckResult> In(JournalRecord record) =>
    [
        .. record.Data.Where(entry => entry.Key.StartsWith(JournalFact.Finding, StringComparison.Ordinal)).OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => Read(record, entry.Value)),
    ];

    private static string Write(DalpCheckResult finding)
    {
        for (var longest = LongestText; ; longest /= 2)
        {
            var json = JsonSerializer.Serialize(
                finding with
                {
                    Target = JournalBound.Cut(finding.Target, longest),
                    Observed = JournalBound.Cut(finding.Observed, longest),
                    Expected = JournalBound.Cut(finding.Expected, longest),
                    Detail = JournalBound.Cut(finding.Detail, longest),
                    Remediation = JournalBound.Cut(finding.Remediation, longest),
                },
                JournalJson.Default.DalpCheckResult);
            if (json.Length <= JournalBound.Longest)
            {
                return json;
            }
        }
    }

    private static DalpCheckResult Read(JournalRecord record, string value)
    {
        try
        {
            return JsonSerializer.Deserialize(value, JournalJson.Default.DalpCheckResult)!;
        }
        catch (JsonException exception)
        {
            return DalpCheckResult.Of(record.Step ?? "", Finding.Unknown(
                "", $"record {record.Sequence}", "a finding that can't be read", "a finding", $"{exception.Message} It is told as it stands: {value}", "Read it in the journal."), record.At);
        }
    }
}
