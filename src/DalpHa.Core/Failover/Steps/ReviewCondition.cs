using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>Whether the runbook counts as reviewed. Nobody is kept from failing over by a date; what is planned can wait for the review.</summary>
internal static class ReviewCondition
{
    /// <summary>One precondition when something is wrong with the runbook's dates, else none.</summary>
    public static IEnumerable<Precondition> Of(FailoverWorld world) =>
        RunbookDates.Remarks(world.Runbook, world.Time.GetUtcNow()).Where(remark => remark.Status == CheckStatus.Fail).Select(remark => new Precondition("RunbookReviewed", Judge(world, remark)));

    private static Finding Judge(FailoverWorld world, RunbookRemark remark)
    {
        var (observed, expected, remediation) = (remark.Problem.Message, "a runbook that is reviewed", "Review it, and set 'date' and 'reviewBy': Test-DalpRunbook.");
        return world.Kind.IsPlanned()
            ? Finding.Fail(world.Standby.Name, world.Runbook.Name, observed, expected, "Its people and bounds may be those of another time.", remediation)
            : Finding.Warn(world.Standby.Name, world.Runbook.Name, observed, expected, "Its people and bounds may be those of another time.", remediation);
    }
}
