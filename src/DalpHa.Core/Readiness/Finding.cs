namespace DalpHa.Core.Readiness;

/// <summary>What a check says of one thing; the run adds the check's name and the time.</summary>
/// <param name="Status">Pass, Warn, Fail or Unknown.</param>
/// <param name="Site">The site's name, or <see cref="BothSites"/>.</param>
/// <param name="Target">The thing, as <c>Deployment/dapp</c>.</param>
/// <param name="Observed">What was measured.</param>
/// <param name="Expected">What it should have been.</param>
/// <param name="Detail">Why; may be empty.</param>
/// <param name="Remediation">What to do; empty on Pass.</param>
public sealed record Finding(CheckStatus Status, string Site, string Target, string Observed, string Expected, string Detail = "", string Remediation = "")
{
    /// <summary>The <see cref="Site"/> of a finding about both.</summary>
    public const string BothSites = "both";

    /// <summary>It is as it should be.</summary>
    public static Finding Pass(string site, string target, string observed, string expected, string detail = "") =>
        new(CheckStatus.Pass, site, target, observed, expected, detail);

    /// <summary>It is acceptable now, and somebody should look.</summary>
    public static Finding Warn(string site, string target, string observed, string expected, string detail, string remediation) =>
        new(CheckStatus.Warn, site, target, observed, expected, detail, remediation);

    /// <summary>It is not as it should be.</summary>
    public static Finding Fail(string site, string target, string observed, string expected, string detail, string remediation) =>
        new(CheckStatus.Fail, site, target, observed, expected, detail, remediation);

    /// <summary>It could not be seen.</summary>
    public static Finding Unknown(string site, string target, string observed, string expected, string detail, string remediation) =>
        new(CheckStatus.Unknown, site, target, observed, expected, detail, remediation);
}
