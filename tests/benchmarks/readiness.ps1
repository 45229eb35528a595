<#
.SYNOPSIS
Times DalpHa against the by-hand quickstart on the same two real API servers, in one run, side by side, and writes the report.
.DESCRIPTION
The quickstart is three kubectl commands: the pods of both contexts, and the standby's secrets. Each round runs every candidate once, so that a busy
moment of the machine falls on all of them; a ratio is taken within its round, and the report has the median of the ratios.
Runs under DalpHa.Runner with the module's native package: the warm candidate is this very session.
.PARAMETER Sizes
Pods a side, beside the few that the lab has by itself. Ascending: one lab grows through them.
#>
param(
    [int] $Rounds = 7,
    [int[]] $Sizes = (50, 500, 5000)
)
$ErrorActionPreference = 'Stop'
. "$PSScriptRoot/report.ps1"
# What is not compiled for this platform: the package that runs everywhere, and its Runner.
$portable = [IO.Path]::Combine($repository, 'out', 'DalpHa', "$($module.Version)", 'DalpHa.psd1')
$portableRunner = [IO.Path]::Combine($repository, 'src', 'DalpHa.Runner', 'bin', 'Release', 'net10.0', 'DalpHa.Runner')

function Measure-Once([scriptblock] $Action) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    & $Action | Out-Null
    $clock.Elapsed.TotalMilliseconds
}

# Runs a command in a fresh process of a Runner with a module, and gives what it writes.
function Start-Engine([string] $Runner, [string] $Manifest, [string] $Command) {
    $output = & $Runner -Module $Manifest -Command $Command 2>$null
    if ($LASTEXITCODE -ne 0) {
        throw "The cold process ended with exit code $LASTEXITCODE."
    }
    $output
}

function Invoke-Kubectl([string] $Context, [string] $Resource) {
    & kubectl --kubeconfig $lab.KubeconfigPath --context $Context get $Resource
    if ($LASTEXITCODE -ne 0) {
        throw "kubectl ended with exit code $LASTEXITCODE."
    }
}

# Runs all candidates in turn, after one round that does not count, and gives each one's times.
function Measure-Candidate([Collections.IDictionary] $Candidates) {
    $times = @{}
    foreach ($name in $Candidates.Keys) {
        $times[$name] = [Collections.Generic.List[double]]::new()
        Measure-Once $Candidates[$name] | Out-Null
    }
    foreach ($round in 1..$Rounds) {
        foreach ($name in $Candidates.Keys) {
            $times[$name].Add((Measure-Once $Candidates[$name]))
        }
    }
    $times
}

# CPU of a server and of all its processes that have ended, in milliseconds: proc(5), fields 14 to 17, in ticks of 10 ms.
function Get-ServerCpu([int] $Id) {
    $stat = [IO.File]::ReadAllText("/proc/$Id/stat")
    $fields = $stat.Substring($stat.LastIndexOf(')') + 2).Split(' ')
    10 * ([long]$fields[11] + [long]$fields[12] + [long]$fields[13] + [long]$fields[14])
}

$hasKubectl = $null -ne (Get-Command kubectl -CommandType Application -ErrorAction SilentlyContinue)
$lines = [Collections.Generic.List[string]]::new()
$lab = $null
try {
    $lab = Start-DalpLab -Name "bench-$PID" -ApiServer Real -StopWithSession -TimeoutSeconds 600
    $topology = $lab.TopologyPath
    $active, $standby = $lab.Contexts
    $verdict = "Test-DalpStandby -Topology '$topology' -Summary"
    $peak = "$verdict | Out-Null; [IO.File]::ReadAllLines('/proc/self/status') | Where-Object { `$_.StartsWith('VmHWM') }"
    foreach ($size in $Sizes) {
        $Host.UI.WriteLine("== $size pods a side")
        foreach ($context in $active, $standby) {
            & dotnet $labProgram crowd --kubeconfig $lab.KubeconfigPath --context "$context-admin" --pods $size
            if ($LASTEXITCODE -ne 0) {
                throw "The site of '$context' did not grow to $size pods."
            }
        }
        $seen = Test-DalpStandby -Topology $topology -Summary
        $candidates = [ordered]@{
            warm     = { Test-DalpStandby -Topology $topology -Summary }
            cold     = { Start-Engine $runner $manifest $verdict }
            portable = { Start-Engine $portableRunner $portable $verdict }
        }
        if ($hasKubectl) {
            $candidates['kubectl'] = {
                Invoke-Kubectl $active pods
                Invoke-Kubectl $standby pods
                Invoke-Kubectl $standby secrets
            }
        }
        $times = Measure-Candidate $candidates
        $lines.Add('')
        $lines.Add("#### $size pods a side")
        $lines.Add('')
        $lines.Add("The verdict is $($seen.Verdict): $($seen.Pass) findings pass, $($seen.Warn) warn, $($seen.Fail) fail, $($seen.Unknown) unknown.")
        $lines.Add('')
        $lines.Add('| candidate | milliseconds | ratio to the three commands | target |')
        $lines.Add('|---|---|---|---|')
        foreach ($row in @('kubectl', 'three kubectl commands'), @('warm', 'warm: `Test-DalpStandby -Summary`'), @('cold', 'cold process to verdict, native package'), @('portable', 'cold process to verdict, portable package')) {
            if ($times.ContainsKey($row[0])) {
                $ratios = if ($hasKubectl) { Get-Ratio $times[$row[0]] $times['kubectl'] }
                $ratio = if ($hasKubectl) { Format-Spread $ratios '0.00' } else { 'no kubectl' }
                $target = if ($row[0] -eq 'warm' -and $hasKubectl) { "ratio $(Format-Target $ratios 0.5)" } elseif ($row[0] -eq 'cold' -and $size -eq 50) { Format-Target $times.cold 1500 ' ms' }
                $lines.Add("| $($row[1]) | $(Format-Spread $times[$row[0]] '0') | $ratio | $target |")
            }
        }
        $lines.Add('')
        $used = foreach ($round in 1..3) {
            [double]([string](Start-Engine $runner $manifest $peak) -replace '[^0-9]') * 1024 / 1000000
        }
        $target = if ($size -eq 5000) { " (target: $(Format-Target $used 200 ' MB'))" }
        $lines.Add("Peak memory of a cold process (VmHWM): $(Format-Spread $used '0') MB$target.")
        $Host.UI.WriteLine($lines[$lines.Count - 1])
    }

    $import = "`$clock = [Diagnostics.Stopwatch]::StartNew(); Import-Module '{0}'; `$clock.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)"
    $imports = @{ native = @(); portable = @() }
    foreach ($round in 1..$Rounds) {
        $imports.native += [double][string](& $runner -NoModule -Command ($import -f $manifest))
        $imports.portable += [double][string](& $portableRunner -NoModule -Command ($import -f $portable))
    }

    # The server's processes that ended count to it: each sample's own backend is among them. What the server does by itself is measured alike, and taken off.
    $server = [int][IO.File]::ReadAllLines([IO.Path]::Combine($lab.Folder, 'databases', $lab.Databases[0].Name, 'data', 'postmaster.pid'))[0]
    $samples = 50
    $lagSample = @{
        kept = { Watch-DalpReplicationLag -Topology $topology -Interval 0:0:0.1 -Count $samples }
        anew = { foreach ($sample in 1..$samples) { Get-DalpReplicationLag -Topology $topology } }
    }
    $sampled = @{}
    foreach ($way in $lagSample.Keys) {
        $sampled[$way] = foreach ($batch in 1..3) {
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $before = Get-ServerCpu $server
            & $lagSample[$way] | Out-Null
            # A backend's time counts to the server when it has ended, a moment after its client has gone.
            [Threading.Tasks.Task]::Delay(500).Wait()
            $used = (Get-ServerCpu $server) - $before
            $took = $clock.Elapsed
            $before = Get-ServerCpu $server
            [Threading.Tasks.Task]::Delay($took).Wait()
            ($used - ((Get-ServerCpu $server) - $before)) / $samples
        }
    }

    Write-Part 'Readiness: `./build.sh bench readiness`' (@(
        Get-Setting $Rounds
        '- Both sites are real kube-apiservers with etcd, on the same machine as the clients, with their state in memory: the network costs nothing, and the servers share the cores with the client.'
        '- The quickstart is `kubectl get pods` on both contexts and `kubectl get secrets` on the standby, a process each, one after the other, as it is used.'
        '- *Warm* is one more run in a session that has run before: that is how an operator looks every minute. It does all 18 checks of both sites, the databases among them.'
        '- *Cold* is a new process of DalpHa.Runner, from its start to the verdict: the fair comparison with three new kubectl processes.'
        ''
        '### Test-DalpStandby and the quickstart'
    ) + $lines + @(
        ''
        '### Import, and a lag sample'
        ''
        '| what | measured | target |'
        '|---|---|---|'
        "| ``Import-Module`` in a fresh process, native package | $(Format-Spread $imports.native '0') ms | $(Format-Target $imports.native 100 ' ms') |"
        "| ``Import-Module`` in a fresh process, portable package | $(Format-Spread $imports.portable '0') ms | |"
        "| CPU that one sample of ``Watch-DalpReplicationLag`` costs the primary, over $samples samples on one connection | $(Format-Spread $sampled.kept '0.0') ms | $(Format-Target $sampled.kept 5 ' ms') |"
        "| CPU that one ``Get-DalpReplicationLag`` costs the primary, over $samples samples, each with a new connection | $(Format-Spread $sampled.anew '0.0') ms | |"
    ))
}
finally {
    if ($lab) {
        $lab | Stop-DalpLab
    }
    Remove-State
}
