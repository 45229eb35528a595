namespace DalpHa.Core.Failover;

/// <summary>What was seen of an outcome.</summary>
/// <param name="Holds">Whether it is there.</param>
/// <param name="Seen">What was seen, for the operator and the journal.</param>
public readonly record struct Sighting(bool Holds, string Seen)
{
    /// <summary>The outcome is there.</summary>
    public static Sighting Yes(string seen) => new(true, seen);

    /// <summary>It is not there yet.</summary>
    public static Sighting NotYet(string seen) => new(false, seen);
}

/// <summary>
/// One thing that a step does to the world. How its outcome is seen is part of it: the same look tells beforehand that there is nothing left to do, and
/// afterwards that it is done. So an action may be begun again after any interruption.
/// </summary>
public sealed record FailoverAction
{
    /// <summary>What it does, in the imperative; unique and stable within its step: <c>Scale Deployment/dapi to 0</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The site that it touches.</summary>
    public required string Site { get; init; }

    /// <summary>What must be seen for it to be done.</summary>
    public required string Outcome { get; init; }

    /// <summary>Looks whether the outcome is there. Changes nothing.</summary>
    public required Func<CancellationToken, Task<Sighting>> LookAsync { get; init; }

    /// <summary>Does it. Its return says nothing yet; an error may still have had the effect.</summary>
    public required Func<CancellationToken, Task> ActAsync { get; init; }

    /// <summary>How long the outcome may take to be seen, from the act on.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>How often to look meanwhile.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether it is done although something before it in its step was not: what keeps a site from writing waits for no pod that hangs. The step is not done all the same.</summary>
    public bool RunsRegardless { get; init; }

    /// <summary>Named facts that the journal keeps of its outcome, once that was seen; null for none.</summary>
    public Func<IReadOnlyDictionary<string, string>?> Facts { get; init; } = () => null;

    /// <summary>Whether it can be undone. What can't is finished and journalled even when the operator asks to stop meanwhile.</summary>
    public bool CanBeUndone { get; init; } = true;
}
