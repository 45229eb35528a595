using System.Globalization;
using DalpHa.Core.Documents.Shapes;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>Holds a runbook's dates against today.</summary>
internal static class RunbookDates
{
    private const int ReviewNoticeDays = 14;
    private const int LongestReviewDays = 366;

    // Where the day begins first.
    private static readonly TimeSpan EarliestZone = TimeSpan.FromHours(14);

    /// <summary>What is wrong with them now.</summary>
    public static IEnumerable<RunbookRemark> Remarks(DalpRunbook runbook, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        if (runbook.Date > DateOnly.FromDateTime(now.UtcDateTime + EarliestZone))
        {
            yield return new RunbookRemark(CheckStatus.Fail, "date", new Problem("DateInFuture", "It is dated in the future.", "the day of its last change"));
        }
        var daysLeft = runbook.ReviewBy.DayNumber - today.DayNumber;
        if (daysLeft < 0)
        {
            yield return new RunbookRemark(CheckStatus.Fail, "reviewBy", new Problem(
                "ReviewOverdue", $"Its review is overdue by {Days(-daysLeft)}.", "a review, and then the day of the next one"));
        }
        else if (daysLeft <= ReviewNoticeDays)
        {
            yield return new RunbookRemark(CheckStatus.Warn, "reviewBy", new Problem("ReviewDue", $"Its review is due in {Days(daysLeft)}.", "a review before that"));
        }
        else if (runbook.Date != default && runbook.ReviewBy > runbook.Date.AddDays(LongestReviewDays))
        {
            yield return new RunbookRemark(CheckStatus.Warn, "reviewBy", new Problem(
                "ReviewFarOff", "Its review is more than a year after its date.", string.Create(CultureInfo.InvariantCulture, $"a day up to {runbook.Date.AddDays(LongestReviewDays):yyyy-MM-dd}")));
        }
    }

    private static string Days(int count) => count == 1 ? "1 day" : string.Create(CultureInfo.InvariantCulture, $"{count} days");
}
