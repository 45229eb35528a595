using System.Text.Json;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>What an operator of CloudNativePG types, in a process of his own, on a lab whose servers its stand-in runs.</summary>
public sealed class CloudNativePgFailoverTests
{
    private const string People = "-Confirm:$false -Attest @{ validators = 'Jane Doe: none signs'; traffic = 'Jane Doe: switched'; validate = 'Jane Doe: all answer' }";
    private const string Lost = "-ActiveIsGone 'Jane Doe: the lab has switched it off' -MaxDataLoss 00:01:00";

    [Theory]
    [InlineData("CloudNativePg", "-Kind Switchover", "", "Demote Cluster/postgresql-primary")]
    [InlineData("CloudNativePgReplica", "-Kind Switchover", "", "Freeze writes on postgresql-primary-1, and drain it to postgresql-replica-1")]
    [InlineData("CloudNativePg", "", "", "Demote Cluster/postgresql-primary")]
    [InlineData("CloudNativePgReplica", "", "", "Promote postgresql-replica-1")]
    [InlineData("CloudNativePgReplica", Lost, "RegionLost", "Promote postgresql-replica-1")]
    [InlineData("CloudNativePg", Lost, "RegionLost", "Promote postgresql-replica-1")]
    public async Task A_failover_runs_to_its_end_and_the_standby_takes_writes(string database, string kind, string fault, string first)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The lab's servers are asked to stop by signals.");
        var state = Directory.CreateTempSubdirectory("dalpha-cnpg-").FullName;
        try
        {
            await using var process = FailoverProcess.Start(state, $$"""
                $lab = Start-DalpLab -Name cnpg -Database {{database}} -WriteLoad 20 -StopWithSession
                try {
                    {{(fault.Length > 0 ? $"[void]($lab | Invoke-DalpLabFault {fault} -Site Active -Confirm:$false)" : "")}}
                    $plan = New-DalpFailoverPlan $lab.TopologyPath $lab.RunbookPath -TimeoutSeconds 5 {{kind}}
                    $plan | Invoke-DalpFailover -DecisionOwner 'Jane Doe' -Reason 'A test' -TimeoutSeconds 5 {{People}} {{(fault.Length > 0 ? kind : "")}}
                    (Get-DalpLab cnpg).Sites
                } finally { Stop-DalpLab cnpg -Confirm:$false }
                """);
            var ended = await process.EndAsync();
            Assert.True(ended.Objects.Count == 3, ended.Output + ended.Errors);
            var (failover, active, standby) = (ended.Objects[0], ended.Objects[1], ended.Objects[2]);
            if (fault.Length == 0)
            {
                Assert.True(failover.GetProperty("Outcome").GetString() == "Succeeded", failover.ToString());
                Assert.Equal("00:00:00", failover.GetProperty("LossTime").GetString());
                Assert.False(active.GetProperty("TakesWrites").GetBoolean());
            }
            else
            {
                // A region that is gone can't be isolated yet.
                Assert.True(failover.GetProperty("NextStep").GetString() == "isolate", failover.ToString());
            }
            Assert.Equal(("Primary", true), (standby.GetProperty("Role").GetString(), standby.GetProperty("TakesWrites").GetBoolean()));
            var promotion = Core.Failover.JournalFile.Read(Assert.Single(FailoverHouse.JournalsOf(state))).Records.First(record => record is { Step: "promote", Action: not null });
            Assert.Equal(first, promotion.Action);
            var found = failover.GetProperty("Steps").EnumerateArray().Single(step => step.GetProperty("Step").GetString() == "promote").GetProperty("Findings").EnumerateArray()
                .ToDictionary(finding => finding.GetProperty("Check").GetString()!, finding => finding.GetProperty("Status").GetString());
            Assert.Equal(["LogicalSlots", "ReturnCluster", "SynchronousCommit", "Timeline", "WalArchive"], found.Keys.Order(StringComparer.Ordinal));
            // Only who gave its role up by token can take it back without being built anew.
            Assert.Equal(database == "CloudNativePg" && fault.Length == 0 ? "Pass" : "Warn", found["ReturnCluster"]);
            Assert.Equal((fault.Length == 0 ? "Pass" : "Unknown", "Pass", "Pass"), (found["LogicalSlots"], found["Timeline"], found["SynchronousCommit"]));
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    [Fact]
    public async Task A_database_whose_operator_forbids_ALTER_SYSTEM_is_frozen_by_hand_through_its_Cluster_and_as_it_was_afterwards()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There the stand-in can't forbid it.");
        var state = Directory.CreateTempSubdirectory("dalpha-cnpg-").FullName;
        try
        {
            await using var process = FailoverProcess.Start(state, """
                $lab = Start-DalpLab -Name cnpgbyhand -Database CloudNativePgReplica -WriteLoad 20 -StopWithSession
                try {
                    try { [void](Suspend-DalpWrite $lab.TopologyPath -ActionTimeoutSeconds 60 -Confirm:$false); 'not refused' }
                    catch { [pscustomobject]@{ Refused = "$_" } }
                    Suspend-DalpWrite $lab.TopologyPath -PostgresCluster postgresql-primary -ActionTimeoutSeconds 60 -Confirm:$false | Where-Object Action -like 'Freeze*'
                    (Get-DalpLab cnpgbyhand).Sites[0]
                    Resume-DalpWrite $lab.TopologyPath -PostgresCluster postgresql-primary -ActionTimeoutSeconds 60 -Confirm:$false | Where-Object Action -like 'Let*'
                    (Get-DalpLab cnpgbyhand).Sites[0]
                } finally { Stop-DalpLab cnpgbyhand -Confirm:$false }
                """);
            var ended = await process.EndAsync();
            Assert.True(ended.Objects.Count == 5, ended.Output + ended.Errors);
            Assert.Contains("-PostgresCluster", ended.Objects[0].GetProperty("Refused").GetString(), StringComparison.Ordinal);
            Assert.Equal((true, "Succeeded"), (ended.Objects[1].GetProperty("HasActed").GetBoolean(), ended.Objects[1].GetProperty("Outcome").GetString()));
            Assert.False(ended.Objects[2].GetProperty("TakesWrites").GetBoolean());
            Assert.Equal((true, "Succeeded"), (ended.Objects[3].GetProperty("HasActed").GetBoolean(), ended.Objects[3].GetProperty("Outcome").GetString()));
            Assert.True(ended.Objects[4].GetProperty("TakesWrites").GetBoolean());
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }
}
