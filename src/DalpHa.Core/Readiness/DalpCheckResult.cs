namespace DalpHa.Core.Readiness;

/// <summary>One finding of one check.</summary>
public sealed record DalpCheckResult
{
    /// <summary>The check's name, as <c>ImageParity</c>.</summary>
    public required string Check { get; init; }

    /// <summary>The site that the finding is about: the topology's name for it, or <c>both</c>.</summary>
    public required string Site { get; init; }

    /// <summary>The thing that the finding is about, as <c>Deployment/dapp</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Pass, Warn, Fail or Unknown.</summary>
    public required CheckStatus Status { get; init; }

    /// <summary>What was measured, in few words.</summary>
    public required string Observed { get; init; }

    /// <summary>What it should have been, in few words.</summary>
    public required string Expected { get; init; }

    /// <summary>Why: what the finding means, or why it can't be seen. Empty when there is nothing to add.</summary>
    public string Detail { get; init; } = "";

    /// <summary>What to do about it; empty on Pass.</summary>
    public string Remediation { get; init; } = "";

    /// <summary>When it was measured (UTC).</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>A check's finding.</summary>
    public static DalpCheckResult Of(string check, Finding finding, DateTimeOffset at) => new()
    {
        Check = check,
        Site = finding.Site,
        Target = finding.Target,
        Status = finding.Status,
        Observed = finding.Observed,
        Expected = finding.Expected,
        Detail = finding.Detail,
        Remediation = finding.Remediation,
        At = at,
    };
}
