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
$runner = [Environment]::ProcessPath
$module = Get-Module DalpHa
$manifest = [IO.Path]::Combine($module.ModuleBase, 'DalpHa.psd1')
$labProgram = [IO.Path]::Combine($module.ModuleBase, 'module', 'lab', 'DalpHa.Lab.dll')
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

# Runs a script in a new process of this Runner, and gives its lines; each is 'name value'.
function Invoke-Session([string] $Script) {
    $began = [Diagnostics.Stopwatch]::GetTimestamp()
    $said = @{ Began = $began }
    $lines = & $runner -NonInteractive -Module $manifest -Command $Script 2>&1
    if ($LASTEXITCODE -ne 0) {
        throw "The session ended with exit code ${LASTEXITCODE}: $lines"
    }
    foreach ($line in $lines | Where-Object { $_ -is [string] }) {
        $name, $value = $line.Split(' ', 2)
        $said[$name] = $value
    }
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

# From the command to the later of its return and the first acknowledged write: the command says that it is done, and a write proves it.
function Get-Promotion([long] $Began, [long] $Ended, [Collections.IDictionary] $Seen) {
    @{ Proven = Get-Milliseconds $Began ([Math]::Max($Ended, $Seen.FirstAt)); First = Get-Milliseconds $Began $Seen.FirstAt }
}

function Measure-DalphaPromotion {
    $lab = Start-Lab
    try {
        $watch = Start-LabWatch $lab
        [void]($lab | Invoke-DalpLabFault RegionLost)
        [Threading.Tasks.Task]::Delay($settle).Wait()
        $said = Invoke-Session @"
Invoke-DalpPromotion '$($lab.TopologyPath)' -Method SelfRun -ActiveIsGone 'Benchmark: it was killed' -MaxDataLoss ([timespan]::MaxValue) -Confirm:`$false -Verbose 3>`$null 4>&1 | ForEach-Object {
    if (`$_ -is [Management.Automation.VerboseRecord]) { if ("`$_" -like '*: Promote *') { "agreed `$([Diagnostics.Stopwatch]::GetTimestamp())" } }
    elseif (`$_.Action -like 'Promote *') { "`$(`$_.Outcome) `$([Diagnostics.Stopwatch]::GetTimestamp())" }
}
"@
        if (-not $said.agreed -or -not $said.Succeeded) {
            throw "The promotion told nothing of itself: $($said.Keys)."
        }
        $seen = Stop-Watch $watch -MayLose
        $promotion = Get-Promotion $said.agreed $said.Succeeded $seen
        $promotion.Whole = Get-Milliseconds $said.Began ([Math]::Max([long]$said.Succeeded, $seen.FirstAt))
        $promotion
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
    Get-Promotion $run.Began $run.Ended (Stop-Watch $watch -MayLose)
    Remove-Pair $pair
}

function Measure-RepmgrPromotion([string[]] $Settings) {
    $pair = New-RepmgrPair 'repmgr' $Settings
    $watch = Start-Watch $pair.Port
    Stop-ServerHard $pair[0]
    [Threading.Tasks.Task]::Delay($settle).Wait()
    $run = Invoke-Repmgr $pair[1] @('standby', 'promote')
    Get-Promotion $run.Began $run.Ended (Stop-Watch $watch -MayLose)
    Remove-Pair $pair
}

function Measure-DalphaSwitchover {
    $lab = Start-Lab
    try {
        $watch = Start-LabWatch $lab
        $said = Invoke-Session @"
`$plan = New-DalpFailoverPlan '$($lab.TopologyPath)' '$($lab.RunbookPath)' -Kind Switchover
`$people = @{ validators = 'Validator operator: measured only'; traffic = 'Network operator: measured only'; validate = 'Platform operator: measured only' }
"began `$([Diagnostics.Stopwatch]::GetTimestamp())"
`$failover = `$plan | Invoke-DalpFailover -DecisionOwner 'Head of Operations' -Reason 'Benchmark' -Confirm:`$false -Attest `$people 3>`$null | Where-Object { `$_.psobject.Properties['JournalPath'] }
"ended `$([Diagnostics.Stopwatch]::GetTimestamp())"
"outcome `$(`$failover.Outcome) `$(`$failover.StoppedBecause)"
"journal `$(`$failover.JournalPath)"
"@
        if ($said.outcome -notlike 'Succeeded*') {
            throw "The switchover ended with $($said.outcome)."
        }
        $took = Get-Milliseconds $said.began $said.ended
        @{ Outage = (Stop-Watch $watch).Outage; Took = $took; Own = $took - (Get-WorldTime $said.journal) }
    }
    finally {
        $lab | Stop-DalpLab
    }
}

# The roles change with every round: the pair is turned, so that the primary is the first again.
function Measure-RepmgrSwitchover([object[]] $Pair) {
    $watch = Start-Watch $Pair.Port
    $run = Invoke-Repmgr $Pair[1] @('standby', 'switchover')
    @{ Outage = (Stop-Watch $watch).Outage; Took = Get-Milliseconds $run.Began $run.Ended }
    [Array]::Reverse($Pair)
    Wait-Streaming $Pair[1]
}

function Measure-PatroniSwitchover([object[]] $Pair) {
    $watch = Start-Watch $Pair.Port
    $run = Invoke-Server @('patronictl', '-c', $Pair[0].Patroni, 'switchover', '--master', $Pair[0].Name, '--candidate', $Pair[1].Name, '--force')
    @{ Outage = (Stop-Watch $watch).Outage; Took = Get-Milliseconds $run.Began $run.Ended }
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

# One line of a table: what was measured of a candidate, and DalpHa's ratio to it in the first of the columns.
function Format-Row([string] $Name, [Collections.IDictionary] $All, [string] $Candidate, [string[]] $Columns) {
    if (-not $All.Contains($Candidate)) {
        return "| $Name |$(' not measured: not installed |' * $Columns.Length) |"
    }
    $cells = foreach ($column in $Columns) { Format-Spread (Select-Value $All[$Candidate] $column) '0' }
    $ratio = if ($Candidate -ne 'dalpha') { Format-Spread (Get-Ratio (Select-Value $All.dalpha $Columns[0]) (Select-Value $All[$Candidate] $Columns[0])) '0.00' }
    "| $Name | $($cells -join ' | ') | $ratio |"
}

# How long the standby is left alone after its primary was killed.
$settle = 500
$labs = 0
if ([IO.Directory]::Exists('/dev/shm')) {
    $env:DALPHA_STATE = "/dev/shm/dalpha-bench-$PID"
}
Start-Keeper
try {
    $lab = Start-Lab
    $settings = Read-LabSetting $lab
    $lab | Stop-DalpLab

    $promotions = [ordered]@{ dalpha = { Measure-DalphaPromotion }; pgctl = { Measure-PgCtlPromotion $settings } }
    if ($hasRepmgr) {
        $promotions.repmgr = { Measure-RepmgrPromotion $settings }
    }
    $promoted = Measure-Round $promotions

    $switchovers = [ordered]@{ dalpha = { Measure-DalphaSwitchover } }
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
        "The primary is killed (SIGKILL), and $settle ms later the standby is promoted. The time is that from the command to the later of its return and the first acknowledged write of the writer: the command says that it is done, and a write proves it. DalpHa's begins when the operator has agreed to what was measured, and its own return rests on a committed write that it has read back; the measurement of both sites before that is in the last line."
        ''
        '| candidate | proven write, ms | first write possible, ms | DalpHa''s ratio |'
        '|---|---|---|---|'
        Format-Row 'DalpHa: the promotion of `Invoke-DalpPromotion`' $promoted dalpha @('Proven', 'First')
        Format-Row '`pg_ctl promote -w`' $promoted pgctl @('Proven', 'First')
        Format-Row '`repmgr standby promote`' $promoted repmgr @('Proven', 'First')
        ''
        "A new process of DalpHa, from its start, with the import of the module, the measurement of both sites and the gates, to the proven write: $(Format-Spread (Select-Value $promoted.dalpha 'Whole') '0') ms."
        ''
        '### Planned switchover'
        ''
        'Both servers are well, and change their roles. The outage is the time between the last row that the old primary acknowledged and the first that the new one did. No acknowledged row was missing on the new primary, in any round.'
        ''
        '| candidate | outage, ms | whole command, ms | DalpHa''s ratio |'
        '|---|---|---|---|'
        Format-Row 'DalpHa: `Invoke-DalpFailover` of a plan of kind Switchover, all eight steps' $switched dalpha @('Outage', 'Took')
        Format-Row '`repmgr standby switchover`' $switched repmgr @('Outage', 'Took')
        Format-Row '`patronictl switchover`' $switched patroni @('Outage', 'Took')
        ''
        '### DalpHa''s own time'
        ''
        "In those switchovers DalpHa itself took $(Format-Spread (Select-Value $switched.dalpha 'Own') '0') ms: the whole of Invoke-DalpFailover without the time from the announcement of each action in the journal to the sight of its outcome, which is the databases' and the rollouts'. Its measurements before each step count as its own."
    ))
}
finally {
    Stop-Keeper
    if ($env:DALPHA_STATE -eq "/dev/shm/dalpha-bench-$PID") {
        [IO.Directory]::Delete($env:DALPHA_STATE, $true)
    }
}
