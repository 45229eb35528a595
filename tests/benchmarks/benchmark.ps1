<#
.SYNOPSIS
Times DalpHa against the by-hand quickstart on one lab, in one run, side by side.
.DESCRIPTION
The quickstart is three kubectl commands: the pods of both contexts, and the standby's secrets. Each round runs every candidate once, so that a
busy moment of the machine falls on all of them. Shows medians and spread, and the ratio to the quickstart where kubectl is installed.
#>
param([int] $Rounds = 9)
$ErrorActionPreference = 'Stop'

function Measure-Once([scriptblock] $Action) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    & $Action | Out-Null
    $clock.Elapsed.TotalMilliseconds
}

function Start-Engine([string] $Command) {
    if ($Host.Name -eq 'DalpHa.Runner') {
        & ([Environment]::ProcessPath) -Command $Command
    }
    else {
        & ([Environment]::ProcessPath) -NoProfile -Command "Import-Module '$((Get-Module DalpHa).Path)'; $Command"
    }
    if ($LASTEXITCODE -ne 0) {
        throw "The cold process ended with exit code $LASTEXITCODE."
    }
}

$lab = Start-DalpLab -Name "bench-$PID" -StopWithSession
try {
    $path = $lab.TopologyPath
    $active, $standby = $lab.Contexts
    $candidates = [ordered]@{
        'warm: Test-DalpStandby'        = { Test-DalpStandby -Topology $path -Summary }
        'warm: Get-DalpReplicationLag'  = { Get-DalpReplicationLag -Topology $path }
        'cold process: import only'     = { Start-Engine '$null' }
        'cold process: verdict'         = { Start-Engine "Test-DalpStandby -Topology '$path' -Summary" }
    }
    $quickstart = 'quickstart: three kubectl commands'
    if (Get-Command kubectl -CommandType Application -ErrorAction SilentlyContinue) {
        $candidates[$quickstart] = {
            kubectl --kubeconfig $lab.KubeconfigPath --context $active --namespace dalp get pods
            kubectl --kubeconfig $lab.KubeconfigPath --context $standby --namespace dalp get pods
            kubectl --kubeconfig $lab.KubeconfigPath --context $standby --namespace dalp get secrets
        }
    }
    $times = @{}
    foreach ($name in $candidates.Keys) {
        $times[$name] = [Collections.Generic.List[double]]::new()
        Measure-Once $candidates[$name] | Out-Null
    }
    foreach ($round in 1..$Rounds) {
        foreach ($name in $candidates.Keys) {
            $times[$name].Add((Measure-Once $candidates[$name]))
        }
    }
    $medians = @{}
    foreach ($name in $candidates.Keys) {
        $times[$name].Sort()
        $medians[$name] = $times[$name][[int][Math]::Floor($Rounds / 2)]
    }
    foreach ($name in $candidates.Keys) {
        [pscustomobject]@{
            Candidate    = $name
            MedianMs     = [Math]::Round($medians[$name], 1)
            SpreadMs     = '{0:0.0} to {1:0.0}' -f $times[$name][0], $times[$name][$Rounds - 1]
            ToQuickstart = if ($medians.ContainsKey($quickstart)) { [Math]::Round($medians[$name] / $medians[$quickstart], 2) } else { $null }
        }
    }
}
finally {
    $lab | Stop-DalpLab
}
