using DalpHa.Module.Tests.Contract;

namespace DalpHa.Module.Tests.Operator;

/// <summary>Which cmdlets wait for somebody else, how they are made to, and which do not. A new cmdlet belongs into one of the two tables.</summary>
public static class WaitingCmdlets
{
    private const string Runbook = "examples/runbook.yaml";

    /// <summary>
    /// What makes a cmdlet ask the sites of <c>$topology</c>. All of them are given a <c>-TimeoutSeconds</c> that is longer than a stop may take.
    /// <c>$runbook</c> is the example's; <c>$plan</c> was made of the hung sites.
    /// </summary>
    private static readonly Dictionary<string, string> Asking = new()
    {
        ["Compare-DalpDatabase"] = "$topology",
        ["Get-DalpFailover"] = "-Topology $topology",
        ["Get-DalpRecoveryPoint"] = "$topology",
        ["Get-DalpReplicationLag"] = "$topology",
        ["Invoke-DalpFailover"] = "$plan -DecisionOwner 'Jane Doe' -Reason 'A test' -WhatIf",
        ["Invoke-DalpPromotion"] = "$topology -Method SelfRun -Confirm:$false",
        ["New-DalpFailoverPlan"] = "$topology $runbook",
        ["Protect-DalpSite"] = "$topology -Site Active -Confirm:$false",
        ["Restore-DalpStandby"] = "$topology -Runbook $runbook -Confirm:$false",
        ["Resume-DalpFailover"] = "20260131-100401-1a2b -Topology $topology -Runbook $runbook -Confirm:$false",
        ["Resume-DalpWrite"] = "$topology -Confirm:$false",
        ["Start-DalpWorkload"] = "$topology -Name dapp -Site Standby -Confirm:$false",
        ["Stop-DalpWorkload"] = "$topology -Name dapp -Site Standby -Confirm:$false",
        ["Suspend-DalpWrite"] = "$topology -Confirm:$false",
        ["Test-DalpStandby"] = "$topology",
        ["Test-DalpTopology"] = "-Path $topology -Online",
        ["Unprotect-DalpSite"] = "$topology -Site Active -Confirm:$false",
        ["Watch-DalpReplicationLag"] = "$topology",
    };

    /// <summary>Why a cmdlet is not in the table above.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new()
    {
        ["Get-DalpLab"] = "It asks labs, and has a test with one that hangs.",
        ["Get-DalpRunbook"] = "It reads a file.",
        ["Get-DalpTopology"] = "It reads a file.",
        ["Invoke-DalpLabFault"] = "It asks a lab, and has a test with one that hangs.",
        ["New-DalpRunbook"] = "It writes a file.",
        ["New-DalpTopology"] = "It writes a file.",
        ["Start-DalpLab"] = "It starts a process, and has a test of its own.",
        ["Stop-DalpLab"] = "It ends a process, and has a test of its own.",
        ["Test-DalpRunbook"] = "It reads files.",
        ["Use-DalpTopology"] = "It reads a file.",
    };

    /// <summary>The example runbook.</summary>
    public static string RunbookPath { get; } = Path.Combine(PackagedModule.Root, Runbook);

    /// <summary>The cmdlets that ask sites, as rows of a theory.</summary>
    public static TheoryData<string> Names => [.. Asking.Keys];

    /// <summary>The names of all that are in a table.</summary>
    public static IEnumerable<string> Known => Asking.Keys.Concat(Elsewhere.Keys);

    /// <summary>The call that waits.</summary>
    public static string Call(string name) => $"{name} {Asking[name]} -TimeoutSeconds 7";

    /// <summary>The module's cmdlets.</summary>
    public static IEnumerable<string> All => Cmdlets.All.Select(command => command.Name);
}
