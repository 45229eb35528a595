using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>A promotion that a failover has begun, as its journal tells it: that a server is a primary because of this very failover, or may be about to become one.</summary>
/// <param name="Server">The server; null when people promote, or had done so before.</param>
/// <param name="At">When it was begun.</param>
/// <param name="Outcome">What became of it; null when nobody has written that down.</param>
public sealed record BegunPromotion(string? Server, DateTimeOffset At, string? Outcome)
{
    /// <summary>Whether it was of this server.</summary>
    public bool IsOf(string server) => Server is null || Server == server;

    /// <summary>The last one of a journal; null when there is none. A step that was begun and came to no promotion is none: the drain before it failed, or what it rests on changed while it was announced.</summary>
    public static BegunPromotion? Of(IReadOnlyList<JournalRecord> records)
    {
        var (begun, before) = ((BegunPromotion?)null, (BegunPromotion?)null);
        var (server, action) = ((string?)null, (string?)null);
        foreach (var record in records.Where(record => record.Step == FailoverSteps.Promote))
        {
            switch (record)
            {
                case { Event: JournalEvent.StepStarted }:
                    server = record.Data.GetValueOrDefault(JournalFact.Server);
                    begun ??= server is null || record.Data.ContainsKey(JournalFact.PromotedBefore) ? new BegunPromotion(server, record.At, null) : null;
                    break;
                case { Event: JournalEvent.Intent } when record.Data.ContainsKey(JournalFact.Final):
                    (begun, before, action) = (new BegunPromotion(server, record.At, null), begun, record.Action);
                    break;
                // What else the step does tells nothing of it.
                case { Event: JournalEvent.Failed } when record.Action == action && begun is { Outcome: null } && record.IsNotStarted:
                    begun = before;
                    break;
                case { Event: JournalEvent.Done or JournalEvent.Failed } when record.Action == action && begun is { Outcome: null }:
                    begun = begun with { Outcome = record.Text };
                    break;
            }
        }
        return begun;
    }
}
