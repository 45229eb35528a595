using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>A failover as its journal tells it: how far it got, who did what, what it cost, and what to do next.</summary>
public sealed record DalpFailover
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What it is for.</summary>
    public required FailoverKind Kind { get; init; }

    /// <summary>The topology's name.</summary>
    public required string Topology { get; init; }

    /// <summary>Succeeded when every step is done; NotStarted when nothing was done to either site; Incomplete or Unknown when it stopped in between.</summary>
    public required FailoverOutcome Outcome { get; init; }

    /// <summary>Whether it was stopped or finished. False while it runs, and also when its process died.</summary>
    public required bool IsEnded { get; init; }

    /// <summary>
    /// Who runs it now, as <c>user@machine</c> and the process, by the lease in the standby's cluster; null when nobody does. Null as well when that cluster was not
    /// asked: then one that is not ended may run or be dead.
    /// </summary>
    public string? HeldBy { get; init; }

    /// <summary>When it was declared.</summary>
    public required DateTimeOffset DeclaredAt { get; init; }

    /// <summary>Who decided.</summary>
    public required string DecisionOwner { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Who ran it last, as <c>user@machine</c>.</summary>
    public required string Operator { get; init; }

    /// <summary>One result for each step of the sequence that was begun or stopped at.</summary>
    public required IReadOnlyList<DalpStepResult> Steps { get; init; }

    /// <summary>The step that comes next; null when all are done.</summary>
    public string? NextStep { get; init; }

    /// <summary>Why it stopped; null when it did not.</summary>
    public string? StoppedBecause { get; init; }

    /// <summary>From the declaration to the last step's end, or to the last record while it is not finished.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>From the declaration to the end of the step <c>validate</c>, with which the platform serves again; null before it.</summary>
    public TimeSpan? RecoveryTime { get; init; }

    /// <summary>The bound on the loss as it was measured before the promotion; null when it was not.</summary>
    public TimeSpan? LossTime { get; init; }

    /// <summary>The journal's file on this machine; null when only the copy in the cluster was read.</summary>
    public string? JournalPath { get; init; }

    /// <summary>The hash of the journal's last record: who keeps it can tell later whether the journal is the same.</summary>
    public required string JournalHead { get; init; }

    /// <summary>What is done, what is not, what to follow and what not to do; null when every step is done.</summary>
    public string? HandOver { get; init; }

    /// <summary>Reads a failover out of its journal.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="chain">The journal; it holds at least the declaration.</param>
    /// <param name="path">The journal's file, or null.</param>
    public static DalpFailover Read(string id, JournalChain chain, string? path)
    {
        var records = chain.Records;
        var declared = records[0];
        var results = FailoverStepHistory.Of(id, records);
        var last = records[^1];
        var done = results.Where(result => result.Outcome == FailoverOutcome.Succeeded).Select(result => result.Step).ToList();
        var next = FailoverStepHistory.Sequence.FirstOrDefault(step => !done.Contains(step));
        var stopped = last.Event == JournalEvent.Stopped ? last : null;
        var failover = new DalpFailover
        {
            Id = id,
            Kind = Enum.Parse<FailoverKind>(declared.Data[JournalFact.Kind]),
            Topology = declared.Data[JournalFact.Topology],
            Outcome = last.Event == JournalEvent.Finished ? FailoverOutcome.Succeeded : FailoverStepHistory.OutcomeOf(records),
            IsEnded = last.Event is JournalEvent.Stopped or JournalEvent.Finished,
            DeclaredAt = declared.At,
            DecisionOwner = declared.Data[JournalFact.DecisionOwner],
            Reason = declared.Data[JournalFact.Reason],
            Operator = last.Operator,
            Steps = results,
            NextStep = last.Event == JournalEvent.Finished ? null : next,
            StoppedBecause = stopped?.Text,
            Elapsed = last.At - declared.At,
            RecoveryTime = records.FirstOrDefault(record => record is { Event: JournalEvent.StepDone, Step: FailoverSteps.Validate })?.At - declared.At,
            LossTime = LossOf(records),
            JournalPath = path,
            JournalHead = chain.Head,
        };
        return last.Event == JournalEvent.Finished ? failover : failover with { HandOver = FailoverHandOver.Write(failover, records) };
    }

    // The first time that the promotion began is the one that counts: a later look at a promoted server measures no loss.
    private static TimeSpan? LossOf(IReadOnlyList<JournalRecord> records) =>
        records.FirstOrDefault(record => record is { Event: JournalEvent.StepStarted, Step: FailoverSteps.Promote }) is { Data: var facts } ? MeasuredLoss.In(facts)?.Time : null;
}
