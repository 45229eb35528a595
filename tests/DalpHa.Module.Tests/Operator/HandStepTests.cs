using System.Management.Automation;

namespace DalpHa.Module.Tests.Operator;

/// <summary>The single steps of a failover, by hand, on a lab through the packaged module. What is done is taken back: the lab is shared.</summary>
[Collection(nameof(LabCollection))]
public sealed class HandStepTests(LabSession session)
{
    [Fact]
    public void What_if_tells_every_write_and_sends_none()
    {
        session.UntilWarm();
        foreach (var command in new[]
        {
            "Suspend-DalpWrite -Topology $topology", "Stop-DalpWorkload -Topology $topology -Name * -Site Active", "Protect-DalpSite -Topology $topology -Site Active",
            "Protect-DalpSite -Topology $topology -Site Active -Wait",
        })
        {
            var lines = session.Module.Show($"{command} -WhatIf -Verbose:$false");
            Assert.NotEmpty(lines);
            Assert.All(lines, line => Assert.StartsWith("What if: ", line, StringComparison.Ordinal));
        }
        Assert.Equal("Warm", session.Script("Test-DalpStandby -Topology $topology -Summary").Single().Properties["Verdict"].Value.ToString());
        Assert.All(session.Script("Suspend-DalpWrite -Topology $topology -WhatIf").Output, Assert.Null);
    }

    [Fact]
    public void Writes_are_suspended_and_resumed_and_a_second_time_nothing_is_left_to_do()
    {
        session.UntilWarm();
        try
        {
            var frozen = session.Script("Suspend-DalpWrite -Topology $topology -Confirm:$false");
            Assert.True(frozen.Terminating is null && frozen.Errors.Count == 0, $"{frozen.Terminating} {string.Join('\n', frozen.Errors)}");
            Assert.Contains(frozen.Output, result => Text(result, "Action") == "Freeze writes on postgresql-primary-1" && Text(result, "HasActed") == "True");
            Assert.All(frozen.Output, result => Assert.Equal("Succeeded", Text(result, "Outcome")));
            // Written down, and no failover.
            Assert.True(File.Exists(Text(frozen.Output[^1], "JournalPath")));
            Assert.DoesNotContain(session.Script("Get-DalpFailover -Topology $topology").Output, failover => Text(frozen.Output[^1], "JournalPath").Contains(Text(failover, "Id"), StringComparison.Ordinal));
            var listed = session.Script($"Get-DalpFailover -ByHand {Path.GetFileNameWithoutExtension(Text(frozen.Output[^1], "JournalPath"))} -Topology $topology").Single();
            Assert.Equal(("freeze", "Succeeded"), (Text(listed, "Step"), Text(listed, "Outcome")));
            Assert.All(session.Module.Show("Get-DalpFailover -ByHand -Topology $topology"), line => Assert.True(line.Length <= 120, line));
            Assert.All(session.Script("Suspend-DalpWrite -Topology $topology -Confirm:$false").Output, result => Assert.Equal("False", Text(result, "HasActed")));
        }
        finally
        {
            var resumed = session.Script("Resume-DalpWrite -Topology $topology -Confirm:$false");
            Assert.True(resumed.Terminating is null && resumed.Errors.Count == 0, $"{resumed.Terminating} {string.Join('\n', resumed.Errors)}");
            Assert.All(resumed.Output, result => Assert.Equal("Succeeded", Text(result, "Outcome")));
        }
        session.UntilWarm();
    }

    [Fact]
    public void A_site_is_isolated_and_let_free_as_it_was()
    {
        session.UntilWarm();
        try
        {
            var isolated = session.Script("Protect-DalpSite -Topology $topology -Site Active -Wait -Confirm:$false");
            Assert.True(isolated.Terminating is null && isolated.Errors.Count == 0, $"{isolated.Terminating} {string.Join('\n', isolated.Errors)}");
            Assert.Contains(isolated.Output, result => Text(result, "Action") == "Close Ingress/dalp");
            Assert.NotEmpty(session.Problems());
        }
        finally
        {
            var free = session.Script("Unprotect-DalpSite -Topology $topology -Site Active -Confirm:$false");
            Assert.True(free.Terminating is null && free.Errors.Count == 0, $"{free.Terminating} {string.Join('\n', free.Errors)}");
        }
        session.UntilWarm();
    }

    [Theory]
    [InlineData("Invoke-DalpPromotion -Topology $topology -Method SelfRun -Confirm:$false", "ActiveFenced")]
    [InlineData("Invoke-DalpPromotion -Topology $topology -Method SelfRun -WhatIf", "ActiveFenced")]
    [InlineData("Start-DalpWorkload -Topology $topology -Name validators -Site Standby -Confirm:$false", "OtherFenced")]
    [InlineData("Start-DalpWorkload -Topology $topology -Name indexer -Site Standby -Confirm:$false", "DatabaseTakesWrites")]
    [InlineData("Resume-DalpWrite -Topology $topology -Site Standby -Confirm:$false", "DatabaseIsPrimary")]
    public void What_must_not_be_is_refused_and_nothing_is_done(string command, string gate)
    {
        session.UntilWarm();
        var refused = session.Script(command);
        Assert.Empty(refused.Output);
        var error = refused.Terminating ?? Assert.Single(refused.Errors);
        Assert.StartsWith("PreconditionUnmet,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(gate, error.Exception.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
        session.UntilWarm();
    }

    [Fact]
    public void What_is_asked_for_and_not_seen_reaches_catch()
    {
        session.UntilWarm();
        session.Script("Get-DalpLab | Invoke-DalpLabFault WorkloadNeverReady -Site Active");
        try
        {
            var caught = session.Script(
                "try { $topology | Start-DalpWorkload -Name indexer -Site Active -ActionTimeoutSeconds 2 -Confirm:$false; 'went on' } catch { $_.FullyQualifiedErrorId.Split(',')[0] }");
            Assert.Empty(caught.Errors);
            Assert.Equal("Incomplete", Text(caught.Output[0], "Outcome"));
            Assert.Equal("ActionIncomplete", caught.Output[^1].BaseObject);
        }
        finally
        {
            session.Script("Get-DalpLab | Invoke-DalpLabFault WorkloadNeverReady -Site Active -Undo");
        }
        session.UntilWarm();
    }

    [Fact]
    public void Results_are_a_table_that_fits_120_columns()
    {
        session.UntilWarm();
        session.Script("");
        var lines = session.Module.Show("Start-DalpWorkload -Topology $topology -Name dapp, erpc -Site Standby -Confirm:$false -Verbose:$false").Where(line => line.Length > 0).ToList();
        Assert.True(lines.Count >= 4, string.Join('\n', lines));
        Assert.Matches("^[- ]+$", lines[1]);
        Assert.All(lines, line => Assert.True(line.Length <= 120, line));
    }

    private static string Text(PSObject result, string property) => Convert.ToString(result.Properties[property].Value, System.Globalization.CultureInfo.InvariantCulture) ?? "";
}
