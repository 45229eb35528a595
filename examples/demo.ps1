<#
.SYNOPSIS
Shows a warm standby going cold and coming back, on a lab.
.DESCRIPTION
Starts two regions on this machine, shows that the standby is warm, injects three faults under a little write load, shows how the verdict turns
and names each cause, undoes them, and shows Warm again. Fails when a verdict is not the expected one. Leaves nothing running: the lab ends
with this process, whatever ends it.
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
}
finally {
    Write-Heading 'The lab ends'
    $lab | Stop-DalpLab
}
