using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>A step that an operator ran by hand, as its journal tells it. One that changed nothing has left none.</summary>
public sealed record DalpHandStep
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The step: <c>freeze</c>, <c>promote</c>, <c>start workloads</c>.</summary>
    public required string Step { get; init; }

    /// <summary>The topology's name.</summary>
    public required string Topology { get; init; }

    /// <summary>Succeeded when every outcome was seen; NotStarted when nothing was done; Incomplete, or Unknown where nobody knows whether something was.</summary>
    public required FailoverOutcome Outcome { get; init; }

    /// <summary>Whether it came to an end. False while it runs, and also when its process died.</summary>
    public required bool IsEnded { get; init; }

    /// <summary>When its first action was begun.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>From then to its last record.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Who ran it, as <c>user@machine</c>.</summary>
    public required string Operator { get; init; }

    /// <summary>What was measured before it, and the words on which it rests, by name: <c>otherIsFenced</c>, <c>lossAccepted</c>.</summary>
    public required IReadOnlyDictionary<string, string> Facts { get; init; }

    /// <summary>One result for each action that was begun.</summary>
    public required IReadOnlyList<DalpActionResult> Actions { get; init; }

    /// <summary>What was found when it was done, as of a promoted database.</summary>
    public required IReadOnlyList<DalpCheckResult> Findings { get; init; }

    /// <summary>The journal's file on this machine; null when only the copy in the cluster was read.</summary>
    public string? JournalPath { get; init; }

    /// <summary>The hash of the journal's last record: who keeps it can tell later whether the journal is the same.</summary>
    public required string JournalHead { get; init; }

    /// <summary>The step, and how far it got.</summary>
    public override string ToString() => $"{Step}: {Outcome}";

    /// <summary>Reads a step out of its journal.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="chain">The journal; it holds at least the step's beginning.</param>
    /// <param name="path">The journal's file, or null.</param>
    public static DalpHandStep Read(string id, JournalChain chain, string? path)
    {
        var records = chain.Records;
        var (first, last) = (records[0], records[^1]);
        IReadOnlyList<DalpActionResult> actions = [.. records.Where(record => record.Action is not null).GroupBy(record => record.Action).Select(own => ActionOf([.. own], path))];
        return new DalpHandStep
        {
            Id = id,
            Step = first.Step!,
            Topology = first.Data[JournalFact.Topology],
            Outcome = last.Event == JournalEvent.StepDone ? FailoverOutcome.Succeeded
                : actions.Any(action => action.Outcome == FailoverOutcome.Unknown) ? FailoverOutcome.Unknown
                : actions.Any(action => action.HasActed) ? FailoverOutcome.Incomplete
                : FailoverOutcome.NotStarted,
            IsEnded = last.Event is JournalEvent.StepDone or JournalEvent.Stopped,
            StartedAt = first.At,
            Elapsed = last.At - first.At,
            Operator = first.Operator,
            Facts = first.Data,
            Actions = actions,
            Findings = JournalFindings.In(last),
            JournalPath = path,
            JournalHead = chain.Head,
        };
    }

    // An intent that nothing followed may have happened or not.
    private static DalpActionResult ActionOf(List<JournalRecord> own, string? path)
    {
        var outcome = own[^1] switch
        {
            { Event: JournalEvent.Done } => FailoverOutcome.Succeeded,
            { Event: JournalEvent.Failed, Data: var data } when Enum.TryParse<FailoverOutcome>(data.GetValueOrDefault(JournalFact.Outcome), out var told) => told,
            { Event: JournalEvent.Failed } => FailoverOutcome.Incomplete,
            _ => FailoverOutcome.Unknown,
        };
        return new DalpActionResult
        {
            Site = own.Select(record => record.Data.GetValueOrDefault(JournalFact.Site)).FirstOrDefault(site => site is not null) ?? "",
            Action = own[0].Action!,
            Outcome = outcome,
            HasActed = outcome != FailoverOutcome.NotStarted && own.Exists(record => record.Event == JournalEvent.Intent),
            Detail = own[^1].Text,
            At = own[^1].At,
            JournalPath = path,
        };
    }
}
