using DalpHa.Core.Errors;

namespace DalpHa.Core.Readiness;

/// <summary>The Unknown findings that a run makes of checks that could not answer.</summary>
internal static class Unseen
{
    private const string Expected = "an answer";

    /// <summary>A read failed, or the check has a defect.</summary>
    /// <param name="sites">The sites that the check looked at.</param>
    /// <param name="exception">What it ended with.</param>
    public static Finding Failed(IReadOnlyList<SiteView> sites, Exception exception)
    {
        // A check of both sites is told from here which of the two failed it.
        var source = sites.Where(site => site.FailedWith(exception)).ToList();
        var site = SiteName(source.Count == 1 ? source : sites);
        return exception switch
        {
            DalpException known => Finding.Unknown(
                site, known.Target?.ToString() ?? "cluster", Observed(known.Kind), Expected, known.Message, known.RecommendedAction),
            TimeoutException => Finding.Unknown(
                site, "cluster", "no answer in time", Expected, exception.Message, "Look at the site's API server and the network to it, then run the check again."),
            _ => Finding.Unknown(
                site,
                "check",
                exception.GetType().Name,
                Expected,
                $"The check ended with an error that it does not know: {exception.GetType().Name}: {exception.Message}",
                "Take the matter as not checked, look at it by hand, and report the error as a defect of DalpHa."),
        };
    }

    /// <summary>A check did not end within its deadline.</summary>
    public static Finding Late(IReadOnlyList<SiteView> sites, TimeSpan deadline)
    {
        var waiting = sites.Where(site => site.PendingReads.Count > 0).ToList();
        var reads = string.Join("; ", waiting.Select(site => $"{site.Name}: {string.Join(", ", site.PendingReads)}"));
        var detail = $"There was no answer within {deadline.TotalSeconds:0.#} s." + (reads.Length == 0 ? "" : $" Still being read: {reads}.");
        return Finding.Unknown(
            SiteName(waiting.Count == 1 ? waiting : sites),
            "cluster",
            $"late (over {deadline.TotalSeconds:0.#} s)",
            Expected,
            detail,
            "Look at the site's API server and the network to it. If it is only slow, give -TimeoutSeconds a larger value.");
    }

    /// <summary>A check ended without a finding.</summary>
    public static Finding Silent(IReadOnlyList<SiteView> sites) => Finding.Unknown(
        SiteName(sites), "check", "no finding", Expected, "The check ended and said nothing.", "Look at the matter by hand, and report a defect of DalpHa.");

    private static string SiteName(IReadOnlyList<SiteView> sites) => sites.Count == 1 ? sites[0].Name : Finding.BothSites;

    private static string Observed(FaultKind kind) => kind switch
    {
        FaultKind.Unreachable => "unreachable",
        FaultKind.TimedOut => "no answer in time",
        FaultKind.Unauthenticated => "login refused",
        FaultKind.Forbidden => "not allowed to look",
        FaultKind.NotFound => "not found",
        FaultKind.Unavailable => "not serving",
        FaultKind.Tls => "TLS mismatch",
        FaultKind.InvalidAnswer => "unusable answer",
        FaultKind.InvalidInput => "wrong setting",
        _ => "could not be read",
    };
}
