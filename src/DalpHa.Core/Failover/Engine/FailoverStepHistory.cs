using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What became of each step, as a journal tells it.</summary>
internal static class FailoverStepHistory
{
    /// <summary>The steps that a failover goes through, in their order: those of the topology but the decision itself.</summary>
    public static IReadOnlyList<string> Sequence { get; } = [.. FailoverSteps.AfterDecision.Select(step => step.Name)];

    /// <summary>One result for each step that was begun or stopped at, in the order of the sequence.</summary>
    public static IReadOnlyList<DalpStepResult> Of(string id, IReadOnlyList<JournalRecord> records) =>
        [.. ByStep(records).Select(own => Result(id, own))];

    /// <summary>How far the whole got: what its unfinished steps say, and what its finished ones did.</summary>
    public static FailoverOutcome OutcomeOf(IReadOnlyList<JournalRecord> records)
    {
        var open = ByStep(records).Select(OutcomeOfStep).ToList();
        return open.Contains(FailoverOutcome.Unknown) ? FailoverOutcome.Unknown
            : records.Any(record => record.Event == JournalEvent.Intent) ? FailoverOutcome.Incomplete
            : FailoverOutcome.NotStarted;
    }

    // A stop without an outcome came after its step, as asked: it is of the whole, and says nothing of the step.
    private static IEnumerable<List<JournalRecord>> ByStep(IReadOnlyList<JournalRecord> records) => Sequence
        .Select(step => records.Where(record => record.Step == step && (record.Event != JournalEvent.Stopped || record.Data.ContainsKey(JournalFact.Outcome))).ToList())
        .Where(own => own.Count > 0);

    private static DalpStepResult Result(string id, List<JournalRecord> own)
    {
        var started = own.Find(record => record.Event == JournalEvent.StepStarted);
        var last = own[^1];
        return new DalpStepResult
        {
            FailoverId = id,
            Step = last.Step!,
            Owner = own.Select(record => record.Data.GetValueOrDefault(JournalFact.Owner)).FirstOrDefault(owner => owner is not null) ?? "",
            Outcome = OutcomeOfStep(own),
            Detail = own.FindLast(record => record.Event is JournalEvent.Stopped or JournalEvent.Failed or JournalEvent.StepDone)?.Text ?? last.Text,
            Findings = own.FindLast(record => record.Event == JournalEvent.StepDone) is { } done ? JournalFindings.In(done) : [],
            StartedAt = started?.At,
            Duration = started is null ? null : last.At - started.At,
        };
    }

    // Since the last time that it was begun or stopped at. An intent that nothing followed may have happened or not.
    private static FailoverOutcome OutcomeOfStep(List<JournalRecord> own) => own[^1] switch
    {
        { Event: JournalEvent.StepDone } => FailoverOutcome.Succeeded,
        { Event: JournalEvent.Stopped, Data: var data } => Enum.Parse<FailoverOutcome>(data[JournalFact.Outcome]),
        { Event: JournalEvent.Intent } => FailoverOutcome.Unknown,
        _ => own.Exists(record => record.Event == JournalEvent.Intent) ? FailoverOutcome.Incomplete : FailoverOutcome.NotStarted,
    };
}
