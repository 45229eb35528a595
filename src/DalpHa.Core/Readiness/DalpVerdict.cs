namespace DalpHa.Core.Readiness;

/// <summary>Whether the standby is warm.</summary>
public enum Verdict
{
    /// <summary>Every check passed.</summary>
    Warm,
    /// <summary>Nothing failed and everything was seen; somebody should look at the warnings.</summary>
    Degraded,
    /// <summary>Something could not be seen, so nobody knows.</summary>
    Unknown,
    /// <summary>Something failed.</summary>
    NotWarm,
}

/// <summary>The verdict over all findings of one run.</summary>
public sealed record DalpVerdict
{
    /// <summary>The topology's name.</summary>
    public required string Topology { get; init; }

    /// <summary>The verdict.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Findings that passed.</summary>
    public required int Pass { get; init; }

    /// <summary>Findings that warn.</summary>
    public required int Warn { get; init; }

    /// <summary>Findings that failed.</summary>
    public required int Fail { get; init; }

    /// <summary>Findings that could not be made.</summary>
    public required int Unknown { get; init; }

    /// <summary>How long the run took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Why the verdict is not Warm: the failed findings first, then the unknown, then the warnings.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>When the run ended (UTC).</summary>
    public required DateTimeOffset At { get; init; }
}
