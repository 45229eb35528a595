using DalpHa.Module.Tests.Contract;

namespace DalpHa.Module.Tests.Operator;

/// <summary>The errors of a lab, and those that it takes a lab to provoke.</summary>
[Collection(nameof(LabCollection))]
public sealed class LabErrorTests(LabSession session)
{
    [Theory]
    [InlineData("LabExists", "Start-DalpLab lab")]
    [InlineData("LabFolderNotEmpty", "Start-DalpLab other -Path $folder")]
    [InlineData("LabPortInUse", "Start-DalpLab other -Port $port")]
    [InlineData("LabFaultHasNoSite", "Invoke-DalpLabFault ReplayPaused -Site Active")]
    [InlineData("LagConditionNotMet", "Watch-DalpReplicationLag $topology -Until Unhealthy -Count 1 | Where-Object Link -eq None")]
    public void It_has_an_id_a_category_a_target_and_a_next_step(string id, string command)
    {
        session.UntilWarm();
        var outcome = session.Script($"$lab = Get-DalpLab; $folder = $lab.Folder; $port = $lab.Databases[0].Port; {command}");
        var error = outcome.Terminating ?? Assert.Single(outcome.Errors);
        ErrorTests.AssertKept(id, error);
        Assert.NotNull(error.TargetObject);
        Assert.Empty(outcome.Output);
        Assert.Single(session.Script("Get-DalpLab").Output);
    }

    [Fact]
    public void One_fault_in_the_way_of_another_is_told()
    {
        session.Script("Invoke-DalpLabFault ApiFailing").Single();
        try
        {
            var outcome = session.Script("Invoke-DalpLabFault ApiHung");
            ErrorTests.AssertKept("LabFaultInTheWay", outcome.Terminating ?? Assert.Single(outcome.Errors));
        }
        finally
        {
            session.Script("Invoke-DalpLabFault ApiFailing -Undo");
        }
        session.UntilWarm();
    }
}
