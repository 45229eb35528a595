using System.Management.Automation;

namespace DalpHa.Module.Tests.Operator;

/// <summary>Comparing databases and the return of a former active site, on a lab where nothing has failed over: nothing must be made of that.</summary>
[Collection(nameof(LabCollection))]
public sealed class ReturnTests(LabSession session)
{
    [Fact]
    public void Where_nothing_was_promoted_there_is_nothing_to_compare_with_and_a_standby_lacks_nothing()
    {
        session.UntilWarm();
        var former = session.Script("Compare-DalpDatabase -Topology $topology").Single();
        Assert.Equal(("Unknown", null, null), (former.Properties["Verdict"].Value.ToString(), former.Properties["LostBytes"].Value, former.Properties["LostTransactions"].Value));
        Assert.Contains("shows no primary", (string)former.Properties["Detail"].Value, StringComparison.Ordinal);

        var standby = session.Script("Compare-DalpDatabase -Topology $topology -Site Standby").Single();
        Assert.True(standby.Properties["Verdict"].Value.ToString() is "Identical" or "BehindOnly", standby.Properties["Detail"].Value.ToString());
        Assert.Equal((0L, true), (standby.Properties["LostTransactions"].Value, standby.Properties["LosesNothing"].Value));
    }

    [Fact]
    public void The_active_site_is_not_made_to_follow_a_standby_whoever_accepts_what()
    {
        session.UntilWarm();
        var refused = Refusal("-AcceptLoss 'Jane Doe: never mind' -FormerIsFenced 'Jane Doe: I say so'");
        Assert.StartsWith("PreconditionUnmet,", refused.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("OnePrimary: ", refused.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("FormerFenced: ", refused.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_standby_that_follows_has_returned_already()
    {
        session.UntilWarm();
        var done = session.Script("Restore-DalpStandby -Topology $topology -Runbook (Get-DalpLab).RunbookPath -Site Standby -Confirm:$false");
        Assert.True(done.Terminating is null && done.Errors.Count == 0, $"{done.Terminating} {string.Join('\n', done.Errors)}");
        Assert.NotEmpty(done.Output);
        Assert.All(done.Output, result => Assert.Equal(("Succeeded", false), (result.Properties["Outcome"].Value.ToString(), result.Properties["HasActed"].Value)));
    }

    [Fact]
    public void A_word_without_a_name_is_no_word() =>
        Assert.StartsWith("AttestationUnsigned,", Refusal("-AcceptLoss 'never mind'").FullyQualifiedErrorId, StringComparison.Ordinal);

    private ErrorRecord Refusal(string more)
    {
        var outcome = session.Script($"Restore-DalpStandby -Topology $topology -Runbook (Get-DalpLab).RunbookPath {more} -Confirm:$false");
        Assert.Empty(outcome.Output);
        return outcome.Terminating ?? Assert.Single(outcome.Errors);
    }
}
