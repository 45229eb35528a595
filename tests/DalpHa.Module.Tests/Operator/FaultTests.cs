namespace DalpHa.Module.Tests.Operator;

/// <summary>Each fault turns the verdict at the check that is about it, and its undoing turns it back.</summary>
[Collection(nameof(LabCollection))]
public sealed class FaultTests(LabSession session)
{
    [Theory]
    [InlineData("MissingSecret", "RequiredSecrets", "Fail")]
    [InlineData("DifferentSecret", "RequiredSecrets", "Fail")]
    [InlineData("ImageDrift", "ImageParity", "Fail")]
    [InlineData("CrashLoop", "Restarts", "Fail")]
    [InlineData("ReplicationLinkCut", "ReplicationLag", "Fail")]
    [InlineData("ReplayPaused", "ReplicationLag", "Warn")]
    [InlineData("StandbyDatabaseKilled", "ReplicationLag", "Unknown Fail")]
    [InlineData("DiskFull", "ReplicationLag", "Unknown Fail")]
    [InlineData("ExpiredCertificate", "Certificates", "Fail")]
    [InlineData("NodeLoss", "StandbyWorkloads", "Fail")]
    [InlineData("ApiHung", "ApiReachable", "Unknown")]
    [InlineData("ApiFailing", "ApiReachable", "Unknown Fail")]
    [InlineData("RegionUnreachable", "ApiReachable", "Unknown")]
    [InlineData("RegionLost", "ApiReachable", "Unknown Fail")]
    public void A_fault_turns_the_verdict_and_its_undoing_turns_it_back(string fault, string check, string status)
    {
        session.UntilWarm();
        session.Script($"Invoke-DalpLabFault {fault}").Single();
        try
        {
            session.Until(
                $"{check} says {status}",
                () => session.Script("Test-DalpStandby -Topology $topology -TimeoutSeconds 3 | Where-Object Status -ne Pass").Output,
                problems => problems.Any(problem =>
                    (string)problem.Properties["Check"].Value == check
                    && status.Split(' ').Contains(problem.Properties["Status"].Value.ToString())
                    && ((string)problem.Properties["Remediation"].Value).Length > 0));
            Assert.Equal(status == "Warn", session.Script("Test-DalpStandby -Topology $topology -TimeoutSeconds 3 -Quiet").Single().BaseObject);
        }
        finally
        {
            session.Script($"Invoke-DalpLabFault {fault} -Undo");
        }
        session.UntilWarm();
    }

    [Fact]
    public void WhatIf_injects_nothing()
    {
        session.UntilWarm();
        Assert.Empty(session.Script("Invoke-DalpLabFault MissingSecret -WhatIf").Output);
        Assert.Empty(session.Problems());
    }
}
