<#
.SYNOPSIS
A pair under repmgr, with repmgr's defaults.
.DESCRIPTION
repmgr runs commands on the other node over ssh. Both nodes are this machine, so its ssh is a script that runs the command here: it takes less time than any network would.
#>
$hasRepmgr = [IO.File]::Exists("$binaries/repmgr")

$localSsh = @'
#!/bin/sh
# ssh [options] host command: the command, here.
while [ $# -gt 0 ]; do case $1 in -o) shift 2 ;; -*) shift ;; *) break ;; esac; done
shift
exec /bin/sh -c "$*"
'@

function New-RepmgrPair([string] $Name, [string[]] $Settings) {
    [void](Install-Program 'ssh' ([Text.Encoding]::ASCII.GetBytes($localSsh)))
    $pair = New-Pair $Name $Settings
    [void](Invoke-Sql $pair[0].Port 'CREATE ROLE repmgr LOGIN SUPERUSER')
    [void](Invoke-Sql $pair[0].Port 'CREATE DATABASE repmgr OWNER repmgr')
    foreach ($server in $pair) {
        $server.Repmgr = "$($server.Folder)/repmgr.conf"
        Set-ServerFile $server.Repmgr @"
node_id=$($server.Id)
node_name='$($server.Name)'
conninfo='host=127.0.0.1 port=$($server.Port) user=repmgr dbname=repmgr connect_timeout=5'
data_directory='$($server.Data)'
pg_bindir='$binaries'
repmgr_bindir='$binaries'
use_replication_slots=yes
log_level=NOTICE

"@
    }
    [void](Invoke-Repmgr $pair[0] @('primary', 'register'))
    Wait-Until { Invoke-Sql $pair[1].Port 'SELECT count(*) FROM repmgr.nodes' 'repmgr' } '1' 'The registration'
    [void](Invoke-Repmgr $pair[1] @('standby', 'register', '--force'))
    $pair
}

function Invoke-Repmgr([Collections.IDictionary] $Server, [string[]] $Arguments) {
    Invoke-Server (@("$binaries/repmgr", '-f', $Server.Repmgr) + $Arguments) 120
}
