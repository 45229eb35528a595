<#
.SYNOPSIS
Times DalpHa's promotion and switchover against those of pg_ctl, repmgr and Patroni, on equal PostgreSQL pairs under the same writes, in one run.
.DESCRIPTION
A writer tries to commit a row at both servers of a pair every 5 ms, and notes each acknowledgement: it is the load, and the measure. Each candidate is a new
process, as a person runs it. What is not installed is not measured, and said so.
Runs under DalpHa.Runner with the module's native package.
.PARAMETER Rounds
How often each candidate is measured, after one round that does not count.
#>
param(
    [int] $Rounds = 5
)
$ErrorActionPreference = 'Stop'
. "$PSScriptRoot/report.ps1"
. "$PSScriptRoot/servers.ps1"
. "$PSScriptRoot/repmgr.ps1"
. "$PSScriptRoot/patroni.ps1"

function Get-Milliseconds([long] $From, [long] $To) {
    [Diagnostics.Stopwatch]::GetElapsedTime($From, $To).TotalMilliseconds
}

# Starts the writer, and returns when the first of the servers has acknowledged a row.
function Start-Watch([int[]] $Ports, [string] $User = 'postgres', [string] $Database = 'postgres', [string] $PasswordFile = '') {
    $info = [Diagnostics.ProcessStartInfo]::new('dotnet', [string[]]@($labProgram, 'watch-writes', '--user', $User, '--database', $Database, '--ports', ($Ports -join ',')))
    $info.RedirectStandardInput = $true
    $info.RedirectStandardOutput = $true
    $info.Environment['PGPASSFILE'] = $PasswordFile
    $watch = [Diagnostics.Process]::Start($info)
    [void](Read-Watch $watch 'writing 0')
    # What is measured begins in the midst of writes.
    [Threading.Tasks.Task]::Delay(300).Wait()
    $watch
}

# The writer's next line, which begins so.
function Read-Watch([Diagnostics.Process] $Watch, [string] $Expected) {
    $line = $Watch.StandardOutput.ReadLineAsync()
    if (-not $line.Wait(60000) -or -not "$($line.Result)".StartsWith($Expected)) {
        if (-not $Watch.HasExited) {
            $Watch.Kill()
        }
        throw "The writer said '$(if ($line.IsCompleted) { $line.Result })' and not '$Expected'."
    }
    $line.Result
}

# Lets the writer see the other server take over, and gives its report. Exactly one change of the writing server is a change of roles; nothing acknowledged may be missing.
function Stop-Watch([Diagnostics.Process] $Watch, [switch] $MayLose) {
    [void](Read-Watch $Watch 'writing 1')
    [Threading.Tasks.Task]::Delay(300).Wait()
    $Watch.StandardInput.Close()
    $line = Read-Watch $Watch '{'
    [void]$Watch.WaitForExit(5000)
    $report = [Text.Json.JsonDocument]::Parse($line).RootElement
    $lost = $report.GetProperty('lost').GetInt32()
    $changes = @($report.GetProperty('changes').EnumerateArray())
    if ($changes.Count -ne 1 -or ($lost -gt 0 -and -not $MayLose)) {
        throw "The writing server changed $($changes.Count) times, and $lost acknowledged rows are missing."
    }
    @{ Lost = $lost; LastAt = $changes[0].GetProperty('lastAt').GetInt64(); FirstAt = $changes[0].GetProperty('firstAt').GetInt64(); Outage = $changes[0].GetProperty('milliseconds').GetDouble() }
}

# Runs a script in a new process of this Runner, and gives its lines (each is 'name value') and between which moments it ran, as Invoke-Server does.
function Invoke-Session([string] $Script) {
    $began = [Diagnostics.Stopwatch]::GetTimestamp()
    $lines = & $runner -NonInteractive -Module $manifest -Command $Script 2>&1
    $ended = [Diagnostics.Stopwatch]::GetTimestamp()
    if ($LASTEXITCODE -ne 0) {
        throw "The session ended with exit code ${LASTEXITCODE}: $lines"
    }
    $said = @{}
    foreach ($line in $lines | Where-Object { $_ -is [string] }) {
        $name, $value = $line.Split(' ', 2)
        $said[$name] = $value
    }
    # Last: the names of a hashtable have no case, and no line may pass for what was taken here.
    $said.Began, $said.Ended = $began, $ended
    $said
}

function Start-Lab {
    $script:labs++
    Start-DalpLab -Name "bench-$PID-$labs" -StopWithSession -TimeoutSeconds 300
}

# Asks each of the lab's servers, at the door that the world outside has.
function Invoke-LabSql([object] $Lab, [string] $Sql) {
    foreach ($server in $Lab.Databases) {
        & "$binaries/psql" -XAtq -c $Sql "host=127.0.0.1 port=$($server.Port) user=dalpha dbname=dalp passfile='$($Lab.PasswordFile)'"
    }
}

# As the workloads of the site, the writer does not go through the door.
function Start-LabWatch([object] $Lab) {
    Start-Watch (Invoke-LabSql $Lab 'SHOW port') 'dalp' 'dalp' $Lab.PasswordFile
}

# What a lab's server is set to, but for what is of that one only.
function Read-LabSetting([object] $Lab) {
    $sql = "SELECT format('%s = %L', name, setting) FROM pg_settings WHERE source = 'configuration file' AND name NOT IN ('port', 'cluster_name')"
    Invoke-LabSql ([pscustomobject]@{ Databases = @($Lab.Databases[0]); PasswordFile = $Lab.PasswordFile }) $sql
}

# From a moment to the later of the command's return and the first acknowledged write: the command says that it is done, and a write proves it.
function Get-Proven([long] $Began, [long] $Ended, [Collections.IDictionary] $Seen) {
    Get-Milliseconds $Began ([Math]::Max($Ended, $Seen.FirstAt))
}

# The promotion of a tool that measures and asks nothing first: it is the whole command.
function Get-Promotion([Collections.IDictionary] $Run, [Collections.IDictionary] $Seen) {
    $whole = Get-Proven $Run.Began $Run.Ended $Seen
    @{ Proven = $whole; First = Get-Milliseconds $Run.Began $Seen.FirstAt; Whole = $whole }
}

function Measure-ModulePromotion {
    $lab = Start-Lab
    try {
        $watch = Start-LabWatch $lab
        [void]($lab | Invoke-DalpLabFault RegionLost)
        [Threading.Tasks.Task]::Delay($settle).Wait()
        # The script that takes the times has seen such objects before: to compile that is no time of what it watches.
        $said = Invoke-Session @"
`$times = {
    if (`$_ -is [Management.Automation.VerboseRecord]) { if ("`$_" -like '*: Promote *') { "agreed `$([Diagnostics.Stopwatch]::GetTimestamp())" } }
    elseif (`$_.Action -like 'Promote *') { "`$(`$_.Outcome) `$([Diagnostics.Stopwatch]::GetTimestamp())" }
}
`$like = [DalpHa.Core.Failover.DalpActionResult]::new()
`$like.Action = 'Promote nothing'
[Management.Automation.VerboseRecord]::new('nothing: Promote nothing'), `$like | ForEach-Object `$times
Invoke-DalpPromotion '$($lab.TopologyPath)' -Method SelfRun -ActiveIsGone 'Benchmark: it was killed' -MaxDataLoss ([timespan]::MaxValue) -Confirm:`$false -Verbose 3>`$null 4>&1 | ForEach-Object `$times
"@
        if (-not $said.agreed -or -not $said.Succeeded) {
            throw "The promotion told nothing of itself: $($said.Keys)."
        }
        $seen = Stop-Watch $watch -MayLose
        @{ Proven = Get-Proven $said.agreed $said.Succeeded $seen; First = Get-Milliseconds $said.agreed $seen.FirstAt; Whole = Get-Proven $said.Began $said.Ended $seen }
    }
    finally {
        $lab | Stop-DalpLab
    }
}

function Measure-PgCtlPromotion([string[]] $Settings) {
    $pair = New-Pair 'pgctl' $Settings
    $watch = Start-Watch $pair.Port
    Stop-ServerHard $pair[0]
    [Threading.Tasks.Task]::Delay($settle).Wait()
    $run = Invoke-Server @("$binaries/pg_ctl", 'promote', '-w', '-D', $pair[1].Data)
    Get-Promotion $run (Stop-Watch $watch -MayLose)
    Remove-Pair $pair
}

function Measure-RepmgrPromotion([string[]] $Settings) {
    $pair = New-RepmgrPair 'repmgr' $Settings
    $watch = Start-Watch $pair.Port
    Stop-ServerHard $pair[0]
    [Threading.Tasks.Task]::Delay($settle).Wait()
    $run = Invoke-Repmgr $pair[1] @('standby', 'promote')
    Get-Promotion $run (Stop-Watch $watch -MayLose)
    Remove-Pair $pair
}

function Measure-ModuleSwitchover {
    $lab = Start-Lab
    try {
        $watch = Start-LabWatch $lab
        $said = Invoke-Session @"
`$plan = New-DalpFailoverPlan '$($lab.TopologyPath)' '$($lab.RunbookPath)' -Kind Switchover
`$people = @{ validators = 'Validator operator: measured only'; traffic = 'Network operator: measured only'; validate = 'Platform operator: measured only' }
"agreed `$([Diagnostics.Stopwatch]::GetTimestamp())"
`$failover = `$plan | Invoke-DalpFailover -DecisionOwner 'Head of Operations' -Reason 'Benchmark' -Confirm:`$false -Attest `$people 3>`$null | Where-Object { `$_.psobject.Properties['JournalPath'] }
"returned `$([Diagnostics.Stopwatch]::GetTimestamp())"
"outcome `$(`$failover.Outcome) `$(`$failover.StoppedBecause)"
"journal `$(`$failover.JournalPath)"
"@
        if ($said.outcome -notlike 'Succeeded*') {
            throw "The switchover ended with $($said.outcome)."
        }
        $failover = Get-Milliseconds $said.agreed $said.returned
        @{ Outage = (Stop-Watch $watch).Outage; Whole = Get-Milliseconds $said.Began $said.Ended; Failover = $failover; Own = $failover - (Get-WorldTime $said.journal) }
    }
    finally {
        $lab | Stop-DalpLab
    }
}

# The roles change with every round: the pair is turned, so that the primary is the first again.
function Measure-RepmgrSwitchover([object[]] $Pair) {
    $watch = Start-Watch $Pair.Port
    $run = Invoke-Repmgr $Pair[1] @('standby', 'switchover')
    @{ Outage = (Stop-Watch $watch).Outage; Whole = Get-Milliseconds $run.Began $run.Ended }
    [Array]::Reverse($Pair)
    Wait-Streaming $Pair[1]
}

function Measure-PatroniSwitchover([object[]] $Pair) {
    $watch = Start-Watch $Pair.Port
    $run = Invoke-Server @('patronictl', '-c', $Pair[0].Patroni, 'switchover', '--master', $Pair[0].Name, '--candidate', $Pair[1].Name, '--force')
    @{ Outage = (Stop-Watch $watch).Outage; Whole = Get-Milliseconds $run.Began $run.Ended }
    [Array]::Reverse($Pair)
    Wait-Streaming $Pair[1]
}

# How long the world took for what it was asked to do, in milliseconds: from the announcement of an action to the sight of its outcome; what overlaps counts once.
function Get-WorldTime([string] $JournalPath) {
    $spans = [ordered]@{}
    foreach ($line in [IO.File]::ReadAllLines($JournalPath)) {
        $record = [Text.Json.JsonDocument]::Parse($line).RootElement.GetProperty('record')
        $kind = $record.GetProperty('event').GetString()
        if ($kind -in 'Intent', 'Done', 'Failed') {
            $key = $record.GetProperty('step').GetString() + '/' + $record.GetProperty('action').GetString()
            if ($kind -eq 'Intent') {
                $spans[$key] = @{ From = $record.GetProperty('at').GetDateTimeOffset() }
            }
            elseif ($spans.Contains($key)) {
                $spans[$key].To = $record.GetProperty('at').GetDateTimeOffset()
            }
        }
    }
    $world, $until = [timespan]::Zero, [DateTimeOffset]::MinValue
    foreach ($span in $spans.Values) {
        $from = if ($span.From -gt $until) { $span.From } else { $until }
        if ($span.To -gt $from) {
            $world += $span.To - $from
            $until = $span.To
        }
    }
    $world.TotalMilliseconds
}

# Every candidate once in each round; the first round does not count.
function Measure-Round([Collections.IDictionary] $Candidates) {
    $results = @{}
    foreach ($name in $Candidates.Keys) {
        $results[$name] = [Collections.Generic.List[object]]::new()
    }
    foreach ($round in 0..$Rounds) {
        foreach ($name in $Candidates.Keys) {
            $result = & $Candidates[$name]
            $Host.UI.WriteLine("$round $name $(($result.GetEnumerator() | ForEach-Object { "$($_.Key) $([Math]::Round($_.Value, 1))" }) -join ', ')")
            if ($round -gt 0) {
                $results[$name].Add($result)
            }
        }
    }
    $results
}

# The values of one name, of all rounds.
function Select-Value([object] $Results, [string] $Name) {
    foreach ($result in $Results) { $result[$Name] }
}

# One line of a table: what was measured of a candidate, DalpHa's ratio to it in some of the columns, and what the first of these may be at most.
function Format-Row([string] $Name, [Collections.IDictionary] $All, [string] $Candidate, [string[]] $Columns, [string[]] $Ratios, [double] $Most) {
    if (-not $All.Contains($Candidate)) {
        return "| $Name |$(' not measured: not installed |' * $Columns.Length)$(' |' * ($Ratios.Length + 1))"
    }
    $cells = @(foreach ($column in $Columns) { if ($All[$Candidate][0].Contains($column)) { Format-Spread (Select-Value $All[$Candidate] $column) '0' } else { '' } })
    if ($Candidate -eq 'dalpha') {
        return "| $Name | $($cells -join ' | ') |$(' |' * ($Ratios.Length + 1))"
    }
    $cells += foreach ($column in $Ratios) { Format-Spread (Get-RatioTo $All $Candidate $column) '0.00' }
    "| $Name | $($cells -join ' | ') | $(Format-Target (Get-RatioTo $All $Candidate $Ratios[0]) $Most) |"
}

function Get-RatioTo([Collections.IDictionary] $All, [string] $Candidate, [string] $Column) {
    Get-Ratio (Select-Value $All.dalpha $Column) (Select-Value $All[$Candidate] $Column)
}

# How long the standby is left alone after its primary was killed.
$settle = 500
$labs = 0
Start-Keeper
try {
    $lab = Start-Lab
    $settings = Read-LabSetting $lab
    $lab | Stop-DalpLab

    $promotions = [ordered]@{ dalpha = { Measure-ModulePromotion }; pgctl = { Measure-PgCtlPromotion $settings } }
    if ($hasRepmgr) {
        $promotions.repmgr = { Measure-RepmgrPromotion $settings }
    }
    $promoted = Measure-Round $promotions

    $switchovers = [ordered]@{ dalpha = { Measure-ModuleSwitchover } }
    if ($hasRepmgr) {
        $underRepmgr = New-RepmgrPair 'repmgr' $settings
        $switchovers.repmgr = { Measure-RepmgrSwitchover $underRepmgr }
    }
    if ($hasPatroni) {
        $underPatroni = New-PatroniPair 'patroni' $settings
        $switchovers.patroni = { Measure-PatroniSwitchover $underPatroni }
    }
    $switched = Measure-Round $switchovers

    $versions = @([string](& "$binaries/postgres" --version))
    if ($hasRepmgr) { $versions += [string](& "$binaries/repmgr" --version) }
    if ($hasPatroni) { $versions += [string](& patroni --version) }
    Write-Part 'Failover: `./build.sh bench failover`' (@(
        Get-Setting $Rounds
        "- $($versions -join ', '). Every pair is two servers on this machine with the settings of the lab's, in memory; repmgr and Patroni have their defaults, and Patroni a single etcd."
        '- repmgr reaches the other node by ssh. Here that is a script which runs the command on this machine, and costs less than any network.'
        '- A writer commits a row every 5 ms, and tries to at the other server as often. It logs in at each once, and keeps the session as long as the server does.'
        '- Each candidate is a new process. DalpHa is the native package in a session of its own, without prompts (`-Confirm:$false`): a person takes longer to agree than anything here takes.'
        ''
        '### Promotion of a self-run standby'
        ''
        "The primary is killed (SIGKILL), and $settle ms later the standby is promoted. A promotion's time is that to the later of the command's return and the first acknowledged write of the writer: the command says that it is done, and a write proves it. DalpHa's begins when the operator has agreed to what was measured, and its own return rests on a committed write that it has read back. The whole command is the same from the start of its process: DalpHa's has the import of the module, the measurement of both sites and the gates in it."
        ''
        '| candidate | proven write, ms | first write possible, ms | whole command, ms | DalpHa''s ratio: proven write | DalpHa''s ratio: whole command | target of the proven write |'
        '|---|---|---|---|---|---|---|'
        foreach ($row in @('DalpHa: the promotion of `Invoke-DalpPromotion`', 'dalpha', 0), @('`pg_ctl promote -w`', 'pgctl', 0.7), @('`repmgr standby promote`', 'repmgr', 0.15)) {
            Format-Row $row[0] $promoted $row[1] @('Proven', 'First', 'Whole') @('Proven', 'Whole') $row[2]
        }
        ''
        '### Planned switchover'
        ''
        'Both servers are well, and change their roles. The outage is the time between the last row that the old primary acknowledged and the first that the new one did. No acknowledged row was missing on the new primary, in any round. The whole command is a process from its start to its end; DalpHa''s has the import of the module and the plan, which measures both sites, in it.'
        ''
        '| candidate | outage, ms | whole command, ms | `Invoke-DalpFailover` alone, ms | DalpHa''s ratio: outage | DalpHa''s ratio: whole command | target of the outage |'
        '|---|---|---|---|---|---|---|'
        foreach ($row in @('DalpHa: a plan of kind Switchover and `Invoke-DalpFailover`, all eight steps', 'dalpha', 0), @('`repmgr standby switchover`', 'repmgr', 0.5), @('`patronictl switchover`', 'patroni', 0.5)) {
            Format-Row $row[0] $switched $row[1] @('Outage', 'Whole', 'Failover') @('Outage', 'Whole') $row[2]
        }
        ''
        '### DalpHa''s own time'
        ''
        "In those switchovers DalpHa itself took $(Format-Spread (Select-Value $switched.dalpha 'Own') '0') ms (target: $(Format-Target (Select-Value $switched.dalpha 'Own') 3000 ' ms')): the whole of Invoke-DalpFailover without the time from the announcement of each action in the journal to the sight of its outcome, which is the databases' and the rollouts'. Its measurements before each step count as its own."
    ))
}
finally {
    Stop-Keeper
    Remove-State
}
