using System.Management.Automation;
using DalpHa.Module.Tests.Contract;

namespace DalpHa.Module.Tests.Operator;

/// <summary>A bad item that is piped in is an error of that item, and the next one has its turn; only what changes a site ends.</summary>
public sealed class PipelineItemTests : IDisposable
{
    private const string TwoFiles = "'broken.yaml', 'nowhere.yaml'";
    private const string TwoNames = "[pscustomobject]@{ Name = 'none-1' }, [pscustomobject]@{ Name = 'none-2' }";

    // Two bad items for each cmdlet, and the errors that come of them.
    private static readonly Dictionary<string, (string Call, string[] Errors)> Calls = new()
    {
        ["Compare-DalpDatabase"] = ($"{TwoFiles} | Compare-DalpDatabase", ["TopologyInvalid", "FileNotFound"]),
        ["Get-DalpFailover"] = ($"{TwoFiles} | Get-DalpFailover", ["TopologyInvalid", "FileNotFound"]),
        ["Get-DalpLab"] = ($"{TwoNames} | Get-DalpLab", ["LabNotFound", "LabNotFound"]),
        ["Get-DalpRecoveryPoint"] = ($"{TwoFiles} | Get-DalpRecoveryPoint", ["TopologyInvalid", "FileNotFound"]),
        ["Get-DalpReplicationLag"] = ($"{TwoFiles} | Get-DalpReplicationLag", ["TopologyInvalid", "FileNotFound"]),
        ["Get-DalpRunbook"] = ($"{TwoFiles} | Get-DalpRunbook", ["RunbookInvalid", "FileNotFound"]),
        ["Get-DalpTopology"] = ($"{TwoFiles} | Get-DalpTopology", ["TopologyInvalid", "FileNotFound"]),
        ["Invoke-DalpFailover"] = ("$plan, $plan | Invoke-DalpFailover -DecisionOwner 'Jane Doe' -Reason 'A test' -Confirm:$false", ["FailoverPlanBlocked"]),
        ["Invoke-DalpLabFault"] = ("'none-1', 'none-2' | Invoke-DalpLabFault MissingSecret", ["LabNotFound", "LabNotFound"]),
        ["Invoke-DalpPromotion"] = ($"{TwoFiles} | Invoke-DalpPromotion -Method SelfRun -Confirm:$false", ["TopologyInvalid"]),
        ["New-DalpFailoverPlan"] = ($"{TwoFiles} | New-DalpFailoverPlan -Runbook $runbook", ["TopologyInvalid", "FileNotFound"]),
        ["New-DalpRunbook"] = ($"{TwoFiles} | New-DalpRunbook new.yaml", ["TopologyInvalid", "FileNotFound"]),
        ["Protect-DalpSite"] = ($"{TwoFiles} | Protect-DalpSite -Site Active -Confirm:$false", ["TopologyInvalid"]),
        ["Restore-DalpStandby"] = ($"{TwoFiles} | Restore-DalpStandby -Runbook $runbook -Confirm:$false", ["TopologyInvalid"]),
        ["Resume-DalpFailover"] = ("[pscustomobject]@{ Id = 'none-1' }, [pscustomobject]@{ Id = 'none-2' } | Resume-DalpFailover -Topology broken.yaml -Runbook $runbook -Confirm:$false", ["TopologyInvalid"]),
        ["Resume-DalpWrite"] = ($"{TwoFiles} | Resume-DalpWrite -Confirm:$false", ["TopologyInvalid"]),
        ["Start-DalpWorkload"] = ($"{TwoFiles} | Start-DalpWorkload -Name dapp -Site Standby -Confirm:$false", ["TopologyInvalid"]),
        ["Stop-DalpLab"] = ($"{TwoNames} | Stop-DalpLab", ["LabNotFound", "LabNotFound"]),
        ["Stop-DalpWorkload"] = ($"{TwoFiles} | Stop-DalpWorkload -Name dapp -Site Standby -Confirm:$false", ["TopologyInvalid"]),
        ["Suspend-DalpWrite"] = ($"{TwoFiles} | Suspend-DalpWrite -Confirm:$false", ["TopologyInvalid"]),
        ["Test-DalpRunbook"] = ("'nowhere-1.yaml', 'nowhere-2.yaml' | Test-DalpRunbook", ["FileNotFound", "FileNotFound"]),
        ["Test-DalpStandby"] = ($"{TwoFiles} | Test-DalpStandby", ["TopologyInvalid", "FileNotFound"]),
        ["Test-DalpTopology"] = ("'nowhere-1.yaml', 'nowhere-2.yaml' | Test-DalpTopology", ["FileNotFound", "FileNotFound"]),
        ["Unprotect-DalpSite"] = ($"{TwoFiles} | Unprotect-DalpSite -Site Active -Confirm:$false", ["TopologyInvalid"]),
        ["Use-DalpTopology"] = ("[pscustomobject]@{ Path = 'broken.yaml' }, [pscustomobject]@{ Path = 'nowhere.yaml' } | Use-DalpTopology", ["TopologyInvalid", "FileNotFound"]),
        ["Watch-DalpReplicationLag"] = ($"{TwoFiles} | Watch-DalpReplicationLag -Count 1", ["TopologyInvalid", "FileNotFound"]),
    };

    private readonly PackagedModule module = new();
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-items-").FullName;

    public PipelineItemTests()
    {
        File.WriteAllText(Path.Combine(folder, "broken.yaml"), "apiVersion: dalpha/v1\nnam: x\n");
        File.Copy(Path.Combine(PackagedModule.Root, "examples", "dalpha.yaml"), Path.Combine(folder, "good.yaml"));
        module.Script(
            "[void]$ExecutionContext.SessionState.Path.SetLocation($folder)", ("folder", folder), ("runbook", Path.Combine(PackagedModule.Root, "examples", "runbook.yaml")));
    }

    /// <summary>Every cmdlet that takes something from the pipeline.</summary>
    public static TheoryData<string> Taking =>
    [
        .. Cmdlets.All.Where(command => command.ParameterSets.SelectMany(set => set.Parameters).Any(parameter => parameter.ValueFromPipeline || parameter.ValueFromPipelineByPropertyName))
            .Select(command => command.Name),
    ];

    public void Dispose()
    {
        module.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Taking))]
    public void Each_bad_item_is_an_error_of_its_own(string command)
    {
        var (call, expected) = Calls[command];
        if (command == "Invoke-DalpFailover")
        {
            module.Script("$plan = New-DalpFailoverPlan good.yaml $runbook -TimeoutSeconds 1; $plan").Single();
        }

        var outcome = module.Script(call);

        Assert.Null(outcome.Terminating);
        Assert.Equal(expected, outcome.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.All(outcome.Errors, error => Assert.NotNull(error.TargetObject));
        Assert.Empty(outcome.Output);
    }

    [Fact]
    public void A_good_item_after_a_bad_one_is_answered()
    {
        var outcome = module.Script("'broken.yaml', 'good.yaml', 'nowhere.yaml', 'good.yaml' | Get-DalpTopology");
        Assert.Equal(["TopologyInvalid", "FileNotFound"], outcome.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal(["production", "production"], outcome.Output.Select(topology => topology.Properties["Name"].Value));
    }

    [Theory]
    [InlineData("try { Get-DalpTopology nowhere.yaml; 'went on' } catch { 'caught' }")]
    [InlineData("try { 'nowhere.yaml', 'good.yaml' | Get-DalpTopology -ErrorAction Stop; 'went on' } catch { 'caught' }")]
    [InlineData("try { 'good.yaml', 'good.yaml' | Test-DalpStandby -ActiveContext a; 'went on' } catch { 'caught' }")]
    [InlineData("try { 'broken.yaml' | Suspend-DalpWrite -Confirm:$false; 'broken.yaml' | Invoke-DalpPromotion -Method SelfRun -Confirm:$false; 'went on' } catch { 'caught' }")]
    public void What_nothing_follows_and_what_is_wrong_with_every_item_ends_the_command(string script) =>
        Assert.Equal("caught", Assert.Single(module.Script(script).Output).BaseObject);
}
