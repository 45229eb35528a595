using System.Management.Automation;
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
    [InlineData("-Site Standby", "AttestationOfOtherSite")]
    [InlineData("-Site Active -Wait", "AttestationWhileWaiting")]
    public void A_word_for_the_active_site_is_none_for_the_standby_and_none_for_what_is_waited_for(string what, string errorId) =>
        Refused($"Protect-DalpSite -Topology $topology {what} -ActiveIsGone 'Jane Doe: it is off' -Confirm:$false", errorId);

    [Fact]
    public void A_plan_that_can_not_be_run_to_its_end_is_not_begun()
    {
        session.UntilWarm();
        var runbook = Path.Combine(LabSession.State, "unclear.yaml");
        var example = File.ReadAllText(Path.Combine(PackagedModule.Root, "examples", "runbook.yaml"));
        Assert.Contains("server: postgresql-replica-1", example, StringComparison.Ordinal);
        File.WriteAllText(runbook, example.Replace("server: postgresql-replica-1", "server: postgresql-replica-7", StringComparison.Ordinal));
        session.Script($"$plan = New-DalpFailoverPlan $topology '{runbook}'");
        var shown = session.Module.Show("$plan").Where(line => line.Length > 0).ToList();
        Assert.All(shown, line => Assert.True(line.Length <= 120, line));
        Assert.Contains("confirm: ReplicaNamed: lab-east", string.Concat(shown.Select(line => line[Math.Min(line.Length, 57)..])), StringComparison.Ordinal);
        var refused = Refused("Invoke-DalpFailover $plan -DecisionOwner a -Reason b -Confirm:$false", "FailoverPlanBlocked");
        Assert.Contains("confirm: ReplicaNamed: lab-east postgresql-replica-7: ", refused.Exception.Message, StringComparison.Ordinal);
        session.UntilWarm();
    }

    [Fact]
    public void An_old_plan_is_measured_again_and_not_begun_when_the_sites_have_changed()
    {
        session.UntilWarm();
        session.Script($"{Plan}; $plan.GetType().GetProperty('MeasuredAt').SetValue($plan, [DateTimeOffset]::UtcNow.AddMinutes(-6))");
        try
        {
            Assert.Empty(session.Script("Stop-DalpWorkload -Topology $topology -Name indexer -Site Active -Confirm:$false").Errors);
            var refused = Refused("Invoke-DalpFailover $plan -DecisionOwner a -Reason b -Confirm:$false", "FailoverPlanStale");
            Assert.Contains("freeze: already done: Scale Deployment/dalp-indexer to 0", refused.Exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            session.Script("Start-DalpWorkload -Topology $topology -Name indexer -Site Active -Confirm:$false");
        }
        session.UntilWarm();
    }

    [Fact]
    public void A_planned_hand_over_takes_no_loss_and_no_word_for_a_site()
    {
        Refused($"{Plan} -Kind Switchover -MaxDataLoss 00:01:00", "PlannedLosesNothing");
        Refused($"{Plan} -Kind Drill -ActiveIsGone 'Jane Doe: it is off'", "PlannedLosesNothing");
    }

    [Theory]
    [InlineData("-MaxDataLoss 00:05:00", "", "-MaxDataLoss 00:05:00")]
    [InlineData("-MaxDataLoss 00:05:00", "-MaxDataLoss 00:10:00", "-MaxDataLoss 00:05:00")]
    [InlineData("-ActiveIsGone 'Jane Doe: it is off'", "-WhatIf", "-ActiveIsGone 'Jane Doe: it is off'")]
    public void A_plan_is_not_begun_without_what_it_rests_on(string planned, string run, string named)
    {
        session.Script($"{Plan} {planned}");
        var refused = Refused($"Invoke-DalpFailover $plan -DecisionOwner a -Reason b -Confirm:$false {run}", "FailoverPlanNotAffirmed");
        Assert.Contains(named, refused.Exception.Message, StringComparison.Ordinal);
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
        Refused(command.Replace("{0}", $"{PackagedModule.Root}/examples/runbook.yaml", StringComparison.Ordinal), errorId);
    }

    private ErrorRecord Refused(string command, string errorId)
    {
        var before = session.Script("Get-DalpFailover -Topology $topology").Output.Count;
        var outcome = session.Script(command);
        var error = outcome.Terminating ?? Assert.Single(outcome.Errors);
        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails?.RecommendedAction ?? "");
        Assert.Equal(before, session.Script("Get-DalpFailover -Topology $topology").Output.Count);
        return error;
    }
}
