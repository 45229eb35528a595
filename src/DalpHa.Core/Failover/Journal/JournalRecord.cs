using System.Text.Json.Serialization;

namespace DalpHa.Core.Failover;

/// <summary>What a record of a failover's journal tells.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JournalEvent>))]
public enum JournalEvent
{
    /// <summary>The first record: an incident, or a planned switchover or drill, was declared by its decision owner.</summary>
    Declared,
    /// <summary>A person vouches for what the tool can't see.</summary>
    Attested,
    /// <summary>A step begins: what was measured, and who agreed to it.</summary>
    StepStarted,
    /// <summary>An action is about to be done. What follows this record and lacks an end may or may not have happened.</summary>
    Intent,
    /// <summary>An action's outcome was seen; also when it was so already, before anything was done.</summary>
    Done,
    /// <summary>An action's outcome was not seen in its time.</summary>
    Failed,
    /// <summary>Every action of a step has its outcome.</summary>
    StepDone,
    /// <summary>The failover stopped before its end, and why.</summary>
    Stopped,
    /// <summary>It was taken up again.</summary>
    Resumed,
    /// <summary>Every step is done.</summary>
    Finished,
}

/// <summary>One record of a failover's journal.</summary>
/// <param name="Sequence">From 1, without gaps.</param>
/// <param name="At">When it was written, UTC, by the clock of the machine that wrote it.</param>
/// <param name="Event">What it tells.</param>
/// <param name="Step">The step, or null when it is about the whole.</param>
/// <param name="Action">The action within the step, or null.</param>
/// <param name="Text">What was measured, done or seen, in words for a reader. Never a secret's value.</param>
/// <param name="Operator">Who: <c>user@machine</c>.</param>
/// <param name="Data">Named facts that a resumption or a report needs, as the reason, the loss bound, the owner; <see cref="JournalFact"/> has their names.</param>
public sealed record JournalRecord(
    int Sequence,
    DateTimeOffset At,
    JournalEvent Event,
    string? Step,
    string? Action,
    string Text,
    string Operator,
    IReadOnlyDictionary<string, string> Data)
{
    /// <summary>Whether it says of what was announced that nothing of it was done.</summary>
    internal bool IsNotStarted => Event == JournalEvent.Failed && Data.GetValueOrDefault(JournalFact.Outcome) == nameof(FailoverOutcome.NotStarted);
}

/// <summary>Source-generated JSON of the journal: its bytes are hashed, so one serializer writes them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(JournalRecord))]
[JsonSerializable(typeof(Readiness.DalpCheckResult))]
internal sealed partial class JournalJson : JsonSerializerContext;
