<#
.SYNOPSIS
PostgreSQL pairs beside the lab's own, for the tools that DalpHa is measured against: on loopback, as an ordinary user, in one folder, with the settings of the lab's servers.
.DESCRIPTION
A keeper ends every server that the folder knows of when this process ends, however it ends: it waits for the end of its input.
#>

# Root hands the servers to an ordinary user, as the lab does: PostgreSQL refuses to run as root.
$account = if ([Environment]::UserName -eq 'root') { 'postgres' } else { '' }
$binaries = [string](& dotnet $labProgram find-postgres)
$serversRoot = [IO.Path]::Combine($(if ([IO.Directory]::Exists('/dev/shm')) { '/dev/shm' } else { [IO.Path]::GetTempPath() }), "dalpha-bench-servers-$PID")

# The programs with a pid file of their own go first: Patroni would start its server again. A postmaster's file has its id in the first line.
$keeperScript = @'
trap '' INT TERM HUP
cat >/dev/null
for file in "$1"/*.pid; do [ -f "$file" ] && kill -KILL "$(cat "$file")"; done
for file in "$1"/*/data/postmaster.pid; do [ -f "$file" ] && kill -QUIT "$(head -n 1 "$file")"; done
i=0
while [ $i -lt 50 ] && ls "$1"/*/data/postmaster.pid; do sleep 0.1; i=$((i+1)); done
rm -rf "$1"
'@

function Start-Keeper {
    [void][IO.Directory]::CreateDirectory($serversRoot)
    if ($account) {
        & chown "${account}:" $serversRoot
    }
    $info = [Diagnostics.ProcessStartInfo]::new('/bin/sh', [string[]]@('-c', "exec >/dev/null 2>&1`n$keeperScript", 'keeper', $serversRoot))
    $info.RedirectStandardInput = $true
    $script:keeper = [Diagnostics.Process]::Start($info)
}

function Stop-Keeper {
    $script:keeper.StandardInput.Close()
    [void]$script:keeper.WaitForExit(20000)
}

# A program's start information, as the ordinary user, in the servers' folder.
function New-ServerStart([string[]] $Command) {
    if ($account) {
        $Command = @('setpriv', '--reuid', $account, '--regid', $account, '--clear-groups') + $Command
    }
    $info = [Diagnostics.ProcessStartInfo]::new($Command[0], [string[]]$Command[1..($Command.Length - 1)])
    $info.WorkingDirectory = $serversRoot
    $info.RedirectStandardOutput = $true
    $info.RedirectStandardError = $true
    $info.Environment['HOME'] = $serversRoot
    $info.Environment['LC_ALL'] = 'C'
    # Where repmgr finds its ssh (see there) and pg_ctl.
    $info.Environment['PATH'] = "$serversRoot/bin:${binaries}:/usr/bin:/bin"
    $info
}

# Runs a program to its end, and gives what it said and between which moments it ran, as the stopwatch counts them. A server that it leaves behind must not hold its output.
function Invoke-Server([string[]] $Command, [int] $Seconds = 60) {
    $info = New-ServerStart $Command
    $began = [Diagnostics.Stopwatch]::GetTimestamp()
    $run = [Diagnostics.Process]::Start($info)
    $output, $errors = $run.StandardOutput.ReadToEndAsync(), $run.StandardError.ReadToEndAsync()
    $ended = $run.WaitForExit($Seconds * 1000)
    $result = @{ Began = $began; Ended = [Diagnostics.Stopwatch]::GetTimestamp() }
    if (-not $ended) {
        $run.Kill($true)
        throw "$($Command -join ' ') did not end within $Seconds s."
    }
    $result.Text = $output.Result + $errors.Result
    if ($run.ExitCode -ne 0) {
        throw "$($Command -join ' ') ended with $($run.ExitCode): $($result.Text)"
    }
    $result
}

# Starts a program that stays, as the ordinary user; the keeper ends it.
function Start-Daemon([string] $Name, [string[]] $Command) {
    $run = [Diagnostics.Process]::Start((New-ServerStart (@('/bin/sh', '-c', 'log=$1; shift; exec "$@" >"$log" 2>&1', 'sh', "$serversRoot/$Name.log") + $Command)))
    [IO.File]::WriteAllText("$serversRoot/$Name.pid", "$($run.Id)")
}

function Invoke-Sql([int] $Port, [string] $Sql, [string] $Database = 'postgres') {
    (Invoke-Server @("$binaries/psql", '-XAtq', '-h', '127.0.0.1', '-p', $Port, '-U', 'postgres', '-d', $Database, '-c', $Sql)).Text.Trim()
}

# Asks until the answer is that, for at most 60 s.
function Wait-Until([scriptblock] $Ask, [string] $Expected, [string] $What) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    do {
        $answer = try { & $Ask } catch { "$_" }
        if ($answer -eq $Expected) {
            return
        }
        [Threading.Tasks.Task]::Delay(100).Wait()
    } while ($clock.Elapsed.TotalSeconds -lt 60)
    throw "$What did not come: '$answer' instead of '$Expected'."
}

function Get-FreePort {
    $probe = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
    $probe.Start()
    $probe.LocalEndpoint.Port
    $probe.Stop()
}

function Set-ServerFile([string] $Path, [string] $Text) {
    [IO.File]::WriteAllText($Path, $Text)
    if ($account) {
        & chown "${account}:" $Path
    }
}

# Puts a program where the ordinary user finds it, before all others of its name.
function Install-Program([string] $Name, [byte[]] $Content) {
    [void](Invoke-Server @('mkdir', '-p', "$serversRoot/bin"))
    $path = "$serversRoot/bin/$Name"
    [IO.File]::WriteAllBytes($path, $Content)
    [IO.File]::SetUnixFileMode($path, 'UserRead, UserWrite, UserExecute, GroupRead, GroupExecute, OtherRead, OtherExecute')
    $path
}

function Start-Server([Collections.IDictionary] $Server) {
    # With -l the postmaster lets go of our pipes.
    [void](Invoke-Server @("$binaries/pg_ctl", 'start', '-w', '-D', $Server.Data, '-l', "$($Server.Folder)/server.log"))
}

# As a machine that loses its power: the file goes too, so that nobody takes its number for a server's.
function Stop-ServerHard([Collections.IDictionary] $Server) {
    & kill -KILL ([IO.File]::ReadAllLines("$($Server.Data)/postmaster.pid")[0])
    Wait-Until { try { Invoke-Sql $Server.Port 'SELECT 1' } catch { 'gone' } } 'gone' "$($Server.Name)'s end"
    [IO.File]::Delete("$($Server.Data)/postmaster.pid")
}

# A primary and a standby that streams from it through a slot, both running.
function New-Pair([string] $Name, [string[]] $Settings) {
    $pair = foreach ($number in 1, 2) {
        $folder = "$serversRoot/$Name-$number"
        @{ Name = "$Name-$number"; Folder = $folder; Data = "$folder/data"; Port = Get-FreePort; Id = $number }
    }
    foreach ($server in $pair) {
        [void](Invoke-Server @('mkdir', $server.Folder))
    }
    $primary, $standby = $pair
    [void](Invoke-Server @("$binaries/initdb", '-D', $primary.Data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'))
    Set-ServerSetting $primary $Settings
    Start-Server $primary
    [void](Invoke-Sql $primary.Port "SELECT pg_create_physical_replication_slot('standby', true)")
    [void](Invoke-Server @("$binaries/pg_basebackup", '-D', $standby.Data, '-h', '127.0.0.1', '-p', $primary.Port, '-U', 'postgres', '-c', 'fast', '-X', 'stream', '--no-sync', '-R', '-S', 'standby'))
    Set-ServerSetting $standby $Settings
    Start-Server $standby
    Wait-Streaming $standby
    $pair
}

function Set-ServerSetting([Collections.IDictionary] $Server, [string[]] $Settings) {
    Set-ServerFile "$($Server.Data)/postgresql.conf" ((@($Settings) + @("port = '$($Server.Port)'", "cluster_name = '$($Server.Name)'") -join "`n") + "`n")
}

function Wait-Streaming([Collections.IDictionary] $Standby) {
    Wait-Until { Invoke-Sql $Standby.Port "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'" } '1' "The stream to $($Standby.Name)"
}

function Remove-Pair([Collections.IDictionary[]] $Pair) {
    foreach ($server in $Pair) {
        if ([IO.File]::Exists("$($server.Data)/postmaster.pid")) {
            [void](Invoke-Server @("$binaries/pg_ctl", 'stop', '-w', '-m', 'immediate', '-D', $server.Data))
        }
        [IO.Directory]::Delete($server.Folder, $true)
    }
}
