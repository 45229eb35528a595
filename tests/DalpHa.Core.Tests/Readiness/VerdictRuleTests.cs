using CsCheck;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Tests.Readiness;

public sealed class VerdictRuleTests
{
    private static readonly Gen<List<DalpCheckResult>> Runs = Gen.Enum<CheckStatus>().Select(Result).List[0, 12];

    [Theory]
    [InlineData("", Verdict.Unknown)]
    [InlineData("Pass", Verdict.Warm)]
    [InlineData("Pass Warn", Verdict.Degraded)]
    [InlineData("Pass Warn Unknown", Verdict.Unknown)]
    [InlineData("Pass Unknown Fail", Verdict.NotWarm)]
    public void The_verdict_follows_from_the_statuses(string statuses, Verdict expected) =>
        Assert.Equal(expected, Decide(statuses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Enum.Parse<CheckStatus>).Select(Result).ToList()).Verdict);

    [Fact]
    public void A_status_that_is_none_of_the_four_is_unknown() =>
        Assert.Equal((Verdict.Unknown, 1), (Decide([Result(CheckStatus.Pass), Result((CheckStatus)17)]) is var verdict ? (verdict.Verdict, verdict.Unknown) : default));

    [Fact]
    public void Reasons_come_by_weight()
    {
        var verdict = Decide([Result(CheckStatus.Warn), Result(CheckStatus.Unknown), Result(CheckStatus.Pass), Result(CheckStatus.Fail)]);

        Assert.Equal(["C s Fail: o (expected e)", "C s Unknown: o (expected e)", "C s Warn: o (expected e)"], verdict.Reasons);
        Assert.Equal((1, 1, 1, 1), (verdict.Pass, verdict.Warn, verdict.Fail, verdict.Unknown));
    }

    [Theory]
    [InlineData(CheckStatus.Pass, Verdict.Unknown)]
    [InlineData(CheckStatus.Warn, Verdict.Unknown)]
    [InlineData(CheckStatus.Fail, Verdict.NotWarm)]
    public void Checks_left_out_never_make_it_warm(CheckStatus status, Verdict expected)
    {
        var verdict = VerdictRule.Decide("p", [Result(status)], ["Database", "Restarts"], TimeSpan.Zero, Given.Now);

        Assert.Equal(expected, verdict.Verdict);
        Assert.Contains("Not checked: Database, Restarts", verdict.Reasons);
    }

    [Fact]
    public void A_failure_always_means_not_warm() => Runs.Sample(run => Decide([.. run, Result(CheckStatus.Fail)]).Verdict == Verdict.NotWarm);

    [Fact]
    public void Something_unknown_is_never_warm_or_degraded() =>
        Runs.Sample(run => Decide([.. run, Result(CheckStatus.Unknown)]).Verdict is Verdict.Unknown or Verdict.NotWarm);

    [Fact]
    public void A_finding_less_good_than_pass_never_improves_a_run_that_saw_something() =>
        Gen.Select(Runs.Where(run => run.Count > 0), Gen.Enum<CheckStatus>()).Sample((run, more) => Decide([.. run, Result(more)]).Verdict >= Decide(run).Verdict);

    [Fact]
    public void Reliable_means_neither_fail_nor_unknown_and_something_seen() => Runs.Sample(run =>
        VerdictRule.IsReliable(run) == (Decide(run).Verdict is Verdict.Warm or Verdict.Degraded));

    private static DalpVerdict Decide(IReadOnlyList<DalpCheckResult> results) => VerdictRule.Decide("p", results, [], TimeSpan.Zero, Given.Now);

    private static DalpCheckResult Result(CheckStatus status) =>
        new() { Check = "C", Site = "s", Target = status.ToString(), Status = status, Observed = "o", Expected = "e", At = Given.Now };
}
