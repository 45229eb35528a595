namespace DalpHa.Core.Readiness;

/// <summary>
/// One question about the standby. A check reads through its context and decides; it connects to nothing, retries nothing and catches
/// nothing: a read that fails ends the check, and the run reports it as Unknown, with the reason. So a check first tells what it can
/// say from one site alone, and only then reads the other. A question that each site answers for itself derives from <see cref="SiteCheck"/>.
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
