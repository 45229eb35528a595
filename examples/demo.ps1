<#
.SYNOPSIS
Shows a warm standby going cold and coming back, and then taking over, on a lab.
.DESCRIPTION
Starts two regions on this machine, shows that the standby is warm, injects three faults under a little write load, shows how the verdict turns
and names each cause, undoes them, and shows Warm again. Then the active region is lost: the failover is planned and run, with the time and the loss
that were measured, and the old region comes back and is isolated. Fails when anything is not as expected. Leaves nothing running: the lab ends with
this process, whatever ends it.
#>
$ErrorActionPreference = 'Stop'

function Write-Heading([string] $Text) {
    $Host.UI.WriteLine('')
    $Host.UI.WriteLine("== $Text")
}

# Asks until the verdict is the expected one, and every cause is named: controllers and servers need a moment, as they do on a real site.
function Wait-Verdict([string] $Expected, [string[]] $Cause = @(), [int] $Seconds = 30) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    do {
        $verdict = Test-DalpStandby -Topology $lab.TopologyPath -Summary
        $unnamed = $Cause | Where-Object { "$($verdict.Reasons)" -notmatch $_ }
        $reached = "$($verdict.Verdict)" -eq $Expected -and -not $unnamed
    } until ($reached -or $clock.Elapsed.TotalSeconds -gt $Seconds)
    $verdict | Out-Host
    if (-not $reached) {
        throw "The verdict is $($verdict.Verdict), unnamed: $($unnamed -join ', '); $Expected with every cause named was expected within $Seconds s."
    }
}

function Show-Problem {
    foreach ($problem in Test-DalpStandby -Topology $lab.TopologyPath | Where-Object { $_.Status -ne 'Pass' }) {
        $Host.UI.WriteLine("$($problem.Status)  $($problem.Check)  $($problem.Target): $($problem.Observed); expected: $($problem.Expected)")
        $Host.UI.WriteLine("      $($problem.Detail)")
        $Host.UI.WriteLine("      -> $($problem.Remediation)")
    }
}

Write-Heading 'Two regions start on this machine: PostgreSQL with streaming replication, two Kubernetes APIs, their workloads'
$lab = Start-DalpLab -Name "demo-$PID" -StopWithSession -WriteLoad 20
try {
    $lab | Out-Host

    Write-Heading 'Is the standby warm?'
    Wait-Verdict Warm
    Test-DalpStandby -Topology $lab.TopologyPath | Out-Host

    Write-Heading 'How far is it behind?'
    Watch-DalpReplicationLag -Topology $lab.TopologyPath -Interval 0:0:1 -Count 3 | Out-Host

    Write-Heading 'Three things go wrong: a secret differs, an image was not rolled out, and the replication link dies'
    $faults = @(
        @{ Name = 'DifferentSecret'; Site = 'Standby' }
        @{ Name = 'ImageDrift'; Site = 'Standby' }
        @{ Name = 'ReplicationLinkCut'; Site = 'Standby' }
    )
    foreach ($fault in $faults) {
        $lab | Invoke-DalpLabFault @fault | Out-Host
    }
    Wait-Verdict NotWarm -Cause RequiredSecrets, ImageParity, ReplicationLag
    Show-Problem
    Get-DalpReplicationLag -Topology $lab.TopologyPath | Out-Host

    Write-Heading 'They are put right'
    foreach ($fault in $faults) {
        $lab | Invoke-DalpLabFault @fault -Undo | Out-Host
    }
    Wait-Verdict Warm
    Get-DalpReplicationLag -Topology $lab.TopologyPath | Out-Host

    Write-Heading 'The active region is lost'
    $lab | Invoke-DalpLabFault -Name RegionLost -Site Active | Out-Host

    Write-Heading 'What would a failover do, and what would be lost?'
    $gone = 'Ann Other: the provider has confirmed that the region is without power'
    $plan = New-DalpFailoverPlan $lab.TopologyPath $lab.RunbookPath -ActiveIsGone $gone
    $plan | Out-Host
    $plan.Steps | Out-Host

    Write-Heading 'People decide, and it fails over. The steps that DalpHa does not do yet are vouched for by their owners'
    $failover = $plan | Invoke-DalpFailover -DecisionOwner 'Jane Doe' -Reason 'The active region is lost' -ActiveIsGone $gone -Until validate -Confirm:$false -Attest @{
        validators = 'Joe Bloggs: the former validators are without power'
        traffic    = 'Joe Bloggs: the standby answers'
        validate   = 'Ann Other: dApp and API answer'
    }
    $failover.Steps | Out-Host
    if ($failover.NextStep -ne 'isolate') {
        throw "The failover ended at '$($failover.NextStep)': $($failover.StoppedBecause)"
    }
    $Host.UI.WriteLine("Measured: serving again after $($failover.RecoveryTime.TotalSeconds.ToString('0.0')) s (RTO), at most $($failover.LossTime.TotalSeconds.ToString('0.0')) s of writes lost (RPO).")

    Write-Heading 'The old region comes back by itself, and is isolated'
    $lab | Invoke-DalpLabFault -Name RegionLost -Site Active -Undo | Out-Host
    $failover = Resume-DalpFailover $failover.Id -Topology $lab.TopologyPath -Runbook $lab.RunbookPath -Confirm:$false
    $failover | Out-Host
    if ("$($failover.Outcome)" -ne 'Succeeded') {
        throw "The failover ended as $($failover.Outcome): $($failover.StoppedBecause)"
    }
}
finally {
    Write-Heading 'The lab ends'
    $lab | Stop-DalpLab
}
