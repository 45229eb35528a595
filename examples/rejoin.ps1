# Makes a former primary follow the server that was promoted in its place: the promotion.rejoinHook of examples/runbook.yaml, which Restore-DalpStandby runs once
# it knows that nothing is thrown away that nobody has accepted. For servers of Debian's packages, reached by ssh under their names in the topology, by an
# account that may sudo. Names, paths and the logins are yours to adapt. Restore-DalpStandby looks at the servers for what became of it.
param($Purpose, $Topology, $Kind, $Server, $Primary)

$ErrorActionPreference = 'Stop'
$source = $Topology.Active.Database.Servers | Where-Object Name -eq $Primary
$address = "host=$($source.Host) port=$($source.Port)"
$data = '/var/lib/postgresql/15/main'
$config = '/etc/postgresql/15/main'
$bin = '/usr/lib/postgresql/15/bin'

# pg_rewind needs wal_log_hints or checksums on the target, and a login as its manual tells; ~postgres/.pgpass has the passwords. Where it fails, the data are
# copied anew: they are moved aside first, since an interrupted rewind leaves nothing that could start.
$work = @"
set -eu
sudo systemctl stop postgresql@15-main
if ! sudo -u postgres $bin/pg_rewind --target-pgdata=$data --config-file=$config/postgresql.conf --source-server='$address user=rewind dbname=postgres'; then
  sudo mv $data $data.before-rejoin.`$(date +%s)
  sudo -u postgres $bin/pg_basebackup --pgdata=$data --dbname='$address user=replicator' --wal-method=stream --checkpoint=fast
fi
sudo -u postgres touch $data/standby.signal
# Rewound or copied, postgresql.auto.conf is that of the new primary, it is stronger than conf.d, and its last line counts.
sudo -u postgres tee -a $data/postgresql.auto.conf > /dev/null <<CONF
primary_conninfo = '$address user=replicator application_name=$Server'
primary_slot_name = 'standby'
CONF
sudo systemctl start postgresql@15-main
"@
# The slot holds back on the primary what the standby still needs.
$slot = "SELECT pg_create_physical_replication_slot('standby', true) WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'standby')"

# Before version 16 pg_rewind reads the new timeline from the control file, where it stands only after a checkpoint.
ssh $source.Host "sudo -u postgres psql --no-psqlrc --set=ON_ERROR_STOP=1 --command=CHECKPOINT --command=`"$slot`""
if ($LASTEXITCODE -ne 0) { throw "The slot on $Primary could not be made." }
$work | ssh $Server 'bash -s'
if ($LASTEXITCODE -ne 0) { throw "$Server could not be made to follow $Primary; see its log, and run Restore-DalpStandby again." }
