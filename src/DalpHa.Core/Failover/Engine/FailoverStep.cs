using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>How a step gets done.</summary>
public enum StepMode
{
    /// <summary>DalpHa does it, and looks for its outcome.</summary>
    Automatic,
    /// <summary>People do it, and its owner vouches for it.</summary>
    Manual,
}

/// <summary>Something that must hold before a step may begin.</summary>
/// <param name="Name">What must hold, as a stable name: <c>ActiveFenced</c>.</param>
/// <param name="Finding">What was measured just now. Anything but Pass and Warn keeps the step from beginning.</param>
public sealed record Precondition(string Name, Finding Finding)
{
    /// <summary>Whether the step may begin as far as this goes.</summary>
    public bool IsMet => Finding.Status is CheckStatus.Pass or CheckStatus.Warn;

    /// <summary>What must hold, and how it stands.</summary>
    public override string ToString() => $"{Name}: {Finding.Status}";
}

/// <summary>A step as it stands in the world right now: measured, and ready to be asked about and run.</summary>
public sealed record FailoverStep
{
    /// <summary>How long a measurement may stand before something rests on it: the sites do not wait for a prompt.</summary>
    public static TimeSpan MeasurementHolds { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Its name, as in the runbook: <c>promote</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How it gets done.</summary>
    public StepMode Mode { get; init; }

    /// <summary>What was measured, in one line: what its owner decides on.</summary>
    public required string Measured { get; init; }

    /// <summary>What must hold before it begins.</summary>
    public IReadOnlyList<Precondition> Preconditions { get; init; } = [];

    /// <summary>Its actions in their order; those within one stage do not depend on each other and run at the same time.</summary>
    public IReadOnlyList<IReadOnlyList<FailoverAction>> Stages { get; init; } = [];

    /// <summary>Named facts that the journal keeps of it, as <c>lossBytes</c>.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>Looks at what the step has left, once every outcome was seen: told and written down, and no reason to stop. What can't be seen is a finding, and no exception.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<DalpCheckResult>>> LookAfterAsync { get; init; } = _ => Task.FromResult<IReadOnlyList<DalpCheckResult>>([]);

    /// <summary>Looks, when the owner of a manual step has vouched for it, at what of it can be seen: his word is for the rest. What is not met there stops the failover.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<Precondition>>> LookAtWordAsync { get; init; } = _ => Task.FromResult<IReadOnlyList<Precondition>>([]);

    /// <summary>The preconditions that keep it from beginning.</summary>
    public IEnumerable<Precondition> Unmet => Preconditions.Where(precondition => !precondition.IsMet);

    /// <summary>Why it may not begin, in one line; null when it may.</summary>
    public string? Refusal => RefusalOf(Preconditions);

    /// <summary>What of some conditions is not met, in one line; null when all are.</summary>
    internal static string? RefusalOf(IEnumerable<Precondition> conditions) => conditions.FirstOrDefault(condition => !condition.IsMet) is { } unmet
        ? $"{unmet.Name}: {unmet.Finding.Observed} (expected {unmet.Finding.Expected}). {unmet.Finding.Detail} {unmet.Finding.Remediation}".Trim()
        : null;
}

/// <summary>Knows one step of the sequence: measures the world, and makes the step of it.</summary>
public interface IStepRecipe
{
    /// <summary>The step's name, as in <see cref="Topology.FailoverSteps"/>.</summary>
    string Name { get; }

    /// <summary>How it gets done: known before anything is measured.</summary>
    StepMode Mode => StepMode.Automatic;

    /// <summary>Measures now. What can't be seen is an unmet precondition and no exception.</summary>
    Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken);
}
