<#
.SYNOPSIS
What the benchmarks share: the package that is measured and the state of its labs, a run's statistics, and the page that each of them writes its part of.
#>
$repository = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..'))
$runner = [Environment]::ProcessPath
$module = Get-Module DalpHa
$manifest = [IO.Path]::Combine($module.ModuleBase, 'DalpHa.psd1')
$labProgram = [IO.Path]::Combine($module.ModuleBase, 'module', 'lab', 'DalpHa.Lab.dll')

# In memory where the platform has such a folder: a slow disk under the servers would be measured along.
$stateInMemory = "/dev/shm/dalpha-bench-$PID"
if ([IO.Directory]::Exists('/dev/shm')) {
    $env:DALPHA_STATE = $stateInMemory
}

# Runs where a benchmark ends, however it ends: what it throws would hide why.
function Remove-State {
    try {
        if ([IO.Directory]::Exists($stateInMemory)) {
            [IO.Directory]::Delete($stateInMemory, $true)
        }
    }
    catch {
        $Host.UI.WriteWarningLine("$stateInMemory is still there: $_")
    }
}

function Get-Median([double[]] $Values) {
    $sorted = [double[]]$Values.Clone()
    [Array]::Sort($sorted)
    ($sorted[($sorted.Length - 1) -shr 1] + $sorted[$sorted.Length -shr 1]) / 2
}

# Median, and in brackets the least and the most.
function Format-Spread([double[]] $Values, [string] $Format) {
    $sorted = [double[]]$Values.Clone()
    [Array]::Sort($sorted)
    "{0:$Format} ({1:$Format} to {2:$Format})" -f (Get-Median $sorted), $sorted[0], $sorted[$sorted.Length - 1]
}

function Get-Ratio([double[]] $Times, [double[]] $Base) {
    foreach ($round in 0..($Times.Length - 1)) {
        $Times[$round] / $Base[$round]
    }
}

# What the median may be at most, and whether it is.
function Format-Target([double[]] $Values, [double] $Most, [string] $Unit = '') {
    "at most $Most${Unit}: $(if ((Get-Median $Values) -le $Most) { 'met' } else { '**missed**' })"
}

# The machine and the moment, without which a number says nothing.
function Get-Setting([int] $Rounds) {
    $cpu = if ([IO.File]::Exists('/proc/cpuinfo')) { ([IO.File]::ReadAllLines('/proc/cpuinfo') | Where-Object { $_.StartsWith('model name') })[0].Split(':')[1].Trim() } else { 'an unknown processor' }
    $load = if ([IO.File]::Exists('/proc/loadavg')) { [IO.File]::ReadAllText('/proc/loadavg').Split(' ')[0] } else { 'unknown' }
    "- Machine: $([Environment]::ProcessorCount) cores, $cpu, $([Runtime.InteropServices.RuntimeInformation]::OSDescription), $([Runtime.InteropServices.RuntimeInformation]::FrameworkDescription); load $load at the end."
    "- Date: $([DateTime]::UtcNow.ToString('yyyy-MM-dd HH:mm')) UTC. $Rounds rounds, the candidates in turn within each; a ratio is taken within its round."
}

# Writes one part of docs/benchmarks.md anew, and leaves the others as they are.
function Write-Part([string] $Title, [string[]] $Lines) {
    $path = [IO.Path]::Combine($repository, 'docs', 'benchmarks.md')
    $head = @('# Benchmarks', '', 'Written by `./build.sh bench`; only measured numbers are here. Each number is a median, with the least and the most in brackets.', '') -join "`n"
    $parts = [ordered]@{}
    if ([IO.File]::Exists($path)) {
        foreach ($part in [regex]::Split([IO.File]::ReadAllText($path), '(?m)^(?=## )') | Where-Object { $_.StartsWith('## ') }) {
            $parts[$part.Split("`n")[0]] = $part.TrimEnd() + "`n"
        }
    }
    $parts["## $Title"] = ((@("## $Title", '') + $Lines) -join "`n") + "`n"
    [IO.File]::WriteAllText($path, $head + "`n" + ($parts.Values -join "`n"))
    $Host.UI.WriteLine($parts["## $Title"])
}
