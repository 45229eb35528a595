<#
.SYNOPSIS
A pair under Patroni and etcd, with Patroni's defaults.
#>
$etcd = $(Get-Command etcd -CommandType Application -ErrorAction SilentlyContinue | ForEach-Object Source)
if (-not $etcd) {
    $envtest = & dotnet $labProgram find-kube-apiserver 2>$null
    $etcd = if ($envtest) { "$envtest/etcd" }
}
$hasPatroni = $etcd -and (Get-Command patroni -CommandType Application -ErrorAction SilentlyContinue) -and (Get-Command patronictl -CommandType Application -ErrorAction SilentlyContinue)

function New-PatroniPair([string] $Name, [string[]] $Settings) {
    $clients, $peers = (Get-FreePort), (Get-FreePort)
    # A copy, since the ordinary user can't reach into the home of root.
    $program = Install-Program 'etcd' ([IO.File]::ReadAllBytes($etcd))
    Start-Daemon 'etcd' @(
        $program, '--data-dir', "$serversRoot/etcd", '--listen-client-urls', "http://127.0.0.1:$clients", '--advertise-client-urls', "http://127.0.0.1:$clients",
        '--listen-peer-urls', "http://127.0.0.1:$peers", '--initial-advertise-peer-urls', "http://127.0.0.1:$peers", '--initial-cluster', "default=http://127.0.0.1:$peers")
    $parameters = foreach ($line in $Settings) {
        $key, $value = $line.Split(' = ', 2)
        "        ${key}: $value"
    }
    foreach ($number in 1, 2) {
        $server = @{ Name = "$Name-$number"; Folder = "$serversRoot/$Name-$number"; Data = "$serversRoot/$Name-$number/data"; Port = Get-FreePort; Id = $number }
        $server.Patroni = "$($server.Folder)/patroni.yml"
        [void](Invoke-Server @('mkdir', $server.Folder))
        Set-ServerFile $server.Patroni @"
scope: $Name
name: $($server.Name)
restapi: { listen: 127.0.0.1:$($rest = Get-FreePort; $rest), connect_address: 127.0.0.1:$rest }
etcd3: { hosts: 127.0.0.1:$clients }
bootstrap:
  dcs:
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
$($parameters -join "`n")
  initdb: [{ encoding: UTF8 }, { locale: C }, no-sync]
postgresql:
  listen: 127.0.0.1:$($server.Port)
  connect_address: 127.0.0.1:$($server.Port)
  data_dir: $($server.Data)
  bin_dir: $binaries
  pgpass: $($server.Folder)/pgpass
  pg_hba: [host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust]
  authentication:
    superuser: { username: postgres }
    replication: { username: postgres }

"@
        Start-Daemon $server.Name @('patroni', $server.Patroni)
        if ($number -eq 1) {
            Wait-Until { Invoke-Sql $server.Port 'SELECT pg_is_in_recovery()' } 'f' 'The primary under Patroni'
        }
        else {
            Wait-Streaming $server
        }
        $server
    }
}

