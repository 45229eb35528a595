using System.Text;

namespace DalpHa.Core.Failover;

/// <summary>What an operator is told when a failover stands still: what is done, what is not, what to follow, and what not to do.</summary>
internal static class FailoverHandOver
{
    /// <summary>Writes it.</summary>
    /// <param name="failover">The failover.</param>
    /// <param name="declaration">The facts of its declaration; <c>recovery</c> names the backup-recovery runbook.</param>
    public static string Write(DalpFailover failover, IReadOnlyDictionary<string, string> declaration)
    {
        var done = failover.Steps.Where(step => step.Outcome == FailoverOutcome.Succeeded).Select(step => step.Step).ToList();
        var rest = FailoverStepHistory.Sequence.Except(done).ToList();
        var promotion = failover.Steps.FirstOrDefault(step => step.Step == "promote")?.Outcome;
        var text = new StringBuilder();
        text.AppendLine(done.Count == 0 ? "No step is done." : $"Done: {string.Join(", ", done)}.");
        text.AppendLine($"Not done: {string.Join(", ", rest)}.");
        if (failover.StoppedBecause is { } why)
        {
            text.AppendLine($"Stopped at '{failover.NextStep}': {why}");
        }
        text.AppendLine($"To go on when the cause is mended: Resume-DalpFailover -Id {failover.Id}");
        text.AppendLine($"If it can't be mended, go over to backup recovery: {declaration.GetValueOrDefault("recovery", "see the runbook")}");
        foreach (var warning in Warnings(promotion, done))
        {
            text.AppendLine($"Do not {warning}");
        }
        return text.ToString().TrimEnd();
    }

    private static IEnumerable<string> Warnings(FailoverOutcome? promotion, List<string> done)
    {
        switch (promotion)
        {
            case FailoverOutcome.Succeeded:
                yield return "let the former active site write again: two databases that take writes can't be merged.";
                break;
            case FailoverOutcome.Incomplete or FailoverOutcome.Unknown:
                yield return "start anything on either site before it is clear whether the standby's database was promoted: Get-DalpReplicationLag shows it.";
                yield return "promote a second time by hand.";
                break;
            default:
                yield return "promote the standby by hand while the active site may write.";
                break;
        }
        if (!done.Contains("validators"))
        {
            yield return "start validators or signers on the standby before the former ones are seen to sign no more.";
        }
    }
}
