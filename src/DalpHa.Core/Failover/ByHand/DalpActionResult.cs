namespace DalpHa.Core.Failover;

/// <summary>What became of one action of a step that an operator runs by hand.</summary>
public sealed record DalpActionResult
{
    /// <summary>The site that it touches.</summary>
    public required string Site { get; init; }

    /// <summary>What it does: <c>Scale Deployment/dapi to 0</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Succeeded when its outcome was seen. NotStarted when nothing was done, Incomplete when it did not come in time, Unknown when it could not be looked at.</summary>
    public required FailoverOutcome Outcome { get; init; }

    /// <summary>Whether anything was done; false when it was so already.</summary>
    public required bool HasActed { get; init; }

    /// <summary>What was seen, or why not.</summary>
    public required string Detail { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The journal's file on this machine; null while the step has changed nothing.</summary>
    public string? JournalPath { get; init; }
}
