namespace DalpHa.Core.Readiness;

/// <summary>
/// Decides whether the standby is warm: NotWarm when anything failed, else Unknown when anything could not be seen or was not asked, else
/// Degraded when anything warns, else Warm. No findings at all is Unknown, and so is a clean run of only some of the checks: what nobody
/// looked at is not known to be good.
/// </summary>
public static class VerdictRule
{
    /// <summary>The verdict over all findings of one run.</summary>
    /// <param name="topology">The topology's name.</param>
    /// <param name="results">The findings.</param>
    /// <param name="leftOut">Names of checks that were not run.</param>
    /// <param name="duration">How long the run took.</param>
    /// <param name="at">When it ended.</param>
    public static DalpVerdict Decide(
        string topology, IReadOnlyList<DalpCheckResult> results, IReadOnlyList<string> leftOut, TimeSpan duration, DateTimeOffset at)
    {
        var fails = Of(CheckStatus.Fail);
        // A status that is none of the four is nobody's "fine".
        var unknowns = results.Where(result => result.Status is not (CheckStatus.Pass or CheckStatus.Warn or CheckStatus.Fail)).ToList();
        var warnings = Of(CheckStatus.Warn);
        List<string> unasked = [];
        if (results.Count == 0)
        {
            unasked.Add("No check made a finding.");
        }
        if (leftOut.Count > 0)
        {
            unasked.Add($"Not checked: {string.Join(", ", leftOut)}");
        }
        var verdict = fails.Count > 0 ? Verdict.NotWarm
            : unknowns.Count + unasked.Count > 0 ? Verdict.Unknown
            : warnings.Count > 0 ? Verdict.Degraded
            : Verdict.Warm;
        return new DalpVerdict
        {
            Topology = topology,
            Verdict = verdict,
            Pass = Of(CheckStatus.Pass).Count,
            Warn = warnings.Count,
            Fail = fails.Count,
            Unknown = unknowns.Count,
            Duration = duration,
            Reasons = [.. fails.Select(Reason), .. unknowns.Select(Reason), .. unasked, .. warnings.Select(Reason)],
            At = at,
        };

        List<DalpCheckResult> Of(CheckStatus status) => results.Where(result => result.Status == status).ToList();
    }

    /// <summary>Whether what was asked is good enough to rely on: something was seen, nothing failed, and nothing was hidden.</summary>
    public static bool IsReliable(IReadOnlyList<DalpCheckResult> results) =>
        results.Count > 0 && results.All(result => result.Status is CheckStatus.Pass or CheckStatus.Warn);

    private static string Reason(DalpCheckResult result) =>
        $"{result.Check} {result.Site} {result.Target}: {result.Observed} (expected {result.Expected})";
}
