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

# Asks until the verdict is the expected one: controllers and servers need a moment, as they do on a real site.
function Wait-Verdict([string] $Expected, [int] $Seconds = 25) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    do {
        $verdict = Test-DalpStandby -Topology $lab.TopologyPath -Summary
    } until ("$($verdict.Verdict)" -eq $Expected -or $clock.Elapsed.TotalSeconds -gt $Seconds)
    $verdict | Out-Host
    if ("$($verdict.Verdict)" -ne $Expected) {
        throw "The verdict is $($verdict.Verdict); $Expected was expected within $Seconds s."
    }
}

function Show-Problem {
    Test-DalpStandby -Topology $lab.TopologyPath | Where-Object { $_.Status -ne 'Pass' } | Out-Host
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
    Wait-Verdict NotWarm
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
