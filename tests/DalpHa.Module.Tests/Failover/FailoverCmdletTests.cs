using DalpHa.Module.Tests.Operator;

namespace DalpHa.Module.Tests.Failover;

/// <summary>The failover cmdlets as an operator meets them before anything is begun: what he reads, and what is refused.</summary>
[Collection(nameof(LabCollection))]
public sealed class FailoverCmdletTests(LabSession session)
{
    private static readonly string Plan = $"$plan = New-DalpFailoverPlan $topology '{PackagedModule.Root}/examples/runbook.yaml'";

    [Theory]
    [InlineData("$plan")]
    [InlineData("$plan.Steps")]
    public void A_plan_is_a_table_that_fits_120_columns(string shown)
    {
        session.UntilWarm();
        session.Script(Plan);
        var lines = session.Module.Show(shown).Where(line => line.Length > 0).ToList();
        Assert.True(lines.Count >= 3, string.Join('\n', lines));
        Assert.Matches("^[- ]+$", lines[1]);
        Assert.All(lines, line => Assert.True(line.Length <= 120, line));
    }

    [Theory]
    [InlineData("Invoke-DalpFailover $plan -DecisionOwner a -Reason b -Confirm:$false -Attest @{ coffee = 'Jane Doe: made' }", "StepNotKnown")]
    [InlineData("Invoke-DalpFailover $plan -DecisionOwner a -Reason b -Confirm:$false -Attest @{ traffic = 'it is done' }", "AttestationUnsigned")]
    [InlineData("New-DalpFailoverPlan $topology '{0}' -ActiveIsGone 'it is gone'", "AttestationUnsigned")]
    [InlineData("Resume-DalpFailover 20260101-000000-abcd -Topology $topology -Runbook '{0}' -Confirm:$false", "FailoverNotFound")]
    [InlineData("Resume-DalpFailover '../x' -Topology $topology -Runbook '{0}' -Confirm:$false", "FailoverIdInvalid")]
    [InlineData("Get-DalpFailover 20260101-000000-abcd -Topology $topology", "FailoverNotFound")]
    public void What_is_wrong_is_told_by_its_id_and_changes_nothing(string command, string errorId)
    {
        session.Script(Plan);
        var before = session.Script("Get-DalpFailover -Topology $topology").Output.Count;
        var outcome = session.Script(command.Replace("{0}", $"{PackagedModule.Root}/examples/runbook.yaml", StringComparison.Ordinal));
        var error = outcome.Terminating ?? Assert.Single(outcome.Errors);
        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails?.RecommendedAction ?? "");
        Assert.Equal(before, session.Script("Get-DalpFailover -Topology $topology").Output.Count);
    }
}
