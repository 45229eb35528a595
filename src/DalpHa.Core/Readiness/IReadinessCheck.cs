namespace DalpHa.Core.Readiness;

/// <summary>
/// One question about the standby. A check reads through its context and decides; it connects to nothing, retries nothing and catches
/// nothing: a read that fails ends the check, and the run reports it as Unknown, with the reason.
/// </summary>
public interface IReadinessCheck
{
    /// <summary>The check's name in results and in <c>-Check</c>: PascalCase, as <c>ImageParity</c>.</summary>
    string Name { get; }

    /// <summary>What it makes sure of, in one sentence.</summary>
    string Description { get; }

    /// <summary>Looks, and tells what it found: at least one finding.</summary>
    IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, CancellationToken cancellationToken);
}

/// <summary>What a check says of one thing; the run adds the check's name and the time.</summary>
/// <param name="Status">Pass, Warn, Fail or Unknown.</param>
/// <param name="Site">The site's name, or <c>both</c>.</param>
/// <param name="Target">The thing, as <c>Deployment/dapp</c>.</param>
/// <param name="Observed">What was measured.</param>
/// <param name="Expected">What it should have been.</param>
/// <param name="Detail">Why; may be empty.</param>
/// <param name="Remediation">What to do; empty on Pass.</param>
public sealed record Finding(CheckStatus Status, string Site, string Target, string Observed, string Expected, string Detail = "", string Remediation = "");
