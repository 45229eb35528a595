using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>How far something got. The four are never collapsed.</summary>
public enum FailoverOutcome
{
    /// <summary>Done, and seen to be done.</summary>
    Succeeded,
    /// <summary>Nothing was done.</summary>
    NotStarted,
    /// <summary>Something was done, and not all of it.</summary>
    Incomplete,
    /// <summary>Something was asked for, and whether it happened could not be seen.</summary>
    Unknown,
}

/// <summary>What became of one step.</summary>
public sealed record DalpStepResult
{
    /// <summary>The failover that it belongs to.</summary>
    public required string FailoverId { get; init; }

    /// <summary>The step's name.</summary>
    public required string Step { get; init; }

    /// <summary>Who owns it.</summary>
    public required string Owner { get; init; }

    /// <summary>How far it got.</summary>
    public required FailoverOutcome Outcome { get; init; }

    /// <summary>What was seen, or why it stopped.</summary>
    public required string Detail { get; init; }

    /// <summary>When it began; null when it did not.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How long it took; null when it did not begin.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>
    /// What was found when it was done, of the promoted database: its timeline, its slots and archive, and what the former active site needs to come back. None of it
    /// takes the step back. Empty for other steps.
    /// </summary>
    public IReadOnlyList<DalpCheckResult> Findings { get; init; } = [];

    /// <summary>The step, and how far it got.</summary>
    public override string ToString() => $"{Step}: {Outcome}";
}
