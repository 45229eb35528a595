using System.Globalization;
using System.Text;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What an operator is told when a failover stands still: what is done, what is not, what to follow, and what not to do.</summary>
internal static class FailoverHandOver
{
    /// <summary>Writes it.</summary>
    /// <param name="failover">The failover.</param>
    /// <param name="records">Its journal, from its declaration on.</param>
    public static string Write(DalpFailover failover, IReadOnlyList<JournalRecord> records)
    {
        var done = failover.Steps.Where(step => step.Outcome == FailoverOutcome.Succeeded).Select(step => step.Step).ToList();
        var rest = FailoverStepHistory.Sequence.Except(done).ToList();
        var isPromoting = IsPromoting(records);
        var text = new StringBuilder();
        if (Standstill(records) is { } standstill)
        {
            // First of all: every minute of it is an outage, whatever else there is to read.
            text.AppendLine(standstill);
        }
        text.AppendLine(done.Count == 0 ? "No step is done." : $"Done: {string.Join(", ", done)}.");
        text.AppendLine($"Not done: {string.Join(", ", rest)}.");
        if (failover.StoppedBecause is { } why)
        {
            text.AppendLine($"Stopped at '{failover.NextStep}': {why}");
        }
        text.AppendLine($"To go on when the cause is mended: Resume-DalpFailover -Id {failover.Id}{WhatItRestedOn(records)}");
        if (failover.Kind.IsPlanned() && !isPromoting)
        {
            text.AppendLine("Nothing was promoted.");
            text.AppendLine("If the active site fails meanwhile, that is a failover: New-DalpFailoverPlan -Kind Failover.");
        }
        text.AppendLine($"If it can't be mended, go over to backup recovery: {records[0].Data.GetValueOrDefault(JournalFact.Recovery, "see the runbook")}");
        Tell(text, "Go back instead of on when: ", records[0].Data.GetValueOrDefault(JournalFact.Rollback));
        Tell(text, "Reach each other by: ", records[0].Data.GetValueOrDefault(JournalFact.Communication));
        foreach (var warning in Warnings(isPromoting, done))
        {
            text.AppendLine($"Do not {warning}");
        }
        return text.ToString().TrimEnd();
    }

    /// <summary>Since when nobody can write by what this failover has stopped, and how it is taken back; null while it has stopped nobody, and once the other site's workloads are started.</summary>
    public static string? Standstill(IReadOnlyList<JournalRecord> records)
    {
        var since = records.FirstOrDefault(record => record is { Event: JournalEvent.Intent, Step: FailoverSteps.Freeze })
            ?? records.FirstOrDefault(record => record is { Event: JournalEvent.Intent, Step: FailoverSteps.Promote });
        if (since is null || records.Any(record => record is { Event: JournalEvent.StepDone, Step: FailoverSteps.Workloads }))
        {
            return null;
        }
        var database = records.FirstOrDefault(record => record is { Event: JournalEvent.Intent, Action: { } action } && action.StartsWith(SiteDatabase.FreezeOf, StringComparison.Ordinal));
        // A journal that is read later does not know how long it is by then, nor what was done by hand meanwhile.
        var until = records[^1].Event == JournalEvent.Stopped ? "when it stopped" : "at its last record";
        return $"WRITERS STAND STILL since {Time(since.At)} ({Wording.Duration(records[^1].At - since.At)} {until}, longer since unless somebody has taken it back)"
            + (database is null ? "." : $", and the database of {records[0].Data.GetValueOrDefault(JournalFact.Active, "the active site")} is frozen since {Time(database.At)}.")
            + (IsPromoting(records) ? "" : $" People decide: mend it and go on, or take it back: {TakeBack(records)}");
    }

    // What was announced and then not done, or refused, is not under way.
    private static bool IsPromoting(IReadOnlyList<JournalRecord> records) => records
        .Where(record => record is { Event: JournalEvent.Intent, Step: FailoverSteps.Promote } && record.Data.ContainsKey(JournalFact.Final))
        .Any(intent => records.Skip(intent.Sequence).FirstOrDefault(record => record.Action == intent.Action && record.Step == intent.Step) is not { } outcome || !outcome.IsNotStarted);

    private static void Tell(StringBuilder text, string what, string? words)
    {
        if (!string.IsNullOrEmpty(words))
        {
            text.AppendLine(what + words);
        }
    }

    // What people took on themselves is said anew by whoever goes on: it was true then.
    private static string WhatItRestedOn(IReadOnlyList<JournalRecord> records)
    {
        var loss = records.Last(record => record.Event is JournalEvent.Declared or JournalEvent.Resumed).Data.GetValueOrDefault(JournalFact.MaxDataLoss) is { Length: > 0 } accepted && !records.Any(record => record is { Event: JournalEvent.StepDone, Step: FailoverSteps.Promote })
            ? $" -MaxDataLoss {Argument(TimeSpan.Parse(accepted, CultureInfo.InvariantCulture))}" : "";
        var word = records.Any(record => record.Event == JournalEvent.Attested && record.Data.ContainsKey(JournalFact.Vouched)) ? " -ActiveIsGone '<name>: <how he knows>'" : "";
        return loss + word;
    }

    /// <summary>A duration as it is written in a command.</summary>
    internal static string Argument(TimeSpan duration) => duration == TimeSpan.MaxValue ? "([timespan]::MaxValue)" : duration.ToString("c", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z";

    // A cluster that was demoted takes no writes before it is a primary again.
    private static string TakeBack(IReadOnlyList<JournalRecord> records) =>
        records.Where(record => record is { Event: JournalEvent.Intent, Step: FailoverSteps.Promote, Action: not null }).Select(record => record.Action!).FirstOrDefault(ClusterDemotion.IsDemotion) is { } demotion
            ? $"undo '{demotion}' (spec.replica.primary, with its own status.demotionToken as promotionToken where it left one, in one patch), then Resume-DalpWrite."
            : $"Resume-DalpWrite{(records[0].Data.GetValueOrDefault(JournalFact.ActiveCluster) is { Length: > 0 } cluster ? $" -PostgresCluster {cluster}" : "")}, which lets the active site write again.";

    private static IEnumerable<string> Warnings(bool isPromoting, List<string> done)
    {
        if (done.Contains(FailoverSteps.Promote))
        {
            yield return "let the former active site write again: two databases that take writes can't be merged.";
        }
        else if (isPromoting)
        {
            yield return "start anything on either site before it is clear whether the standby's database was promoted: Get-DalpReplicationLag shows it.";
            yield return "promote a second time by hand.";
        }
        else
        {
            yield return "promote the standby by hand while the active site may write.";
        }
        if (!done.Contains(FailoverSteps.Validators))
        {
            yield return "start validators or signers on the standby before the former ones are seen to sign no more.";
        }
    }
}
