using System.Management.Automation;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Replication;

/// <summary>Lists what the standby site can be recovered from, best first: replicas and backups, each with its position, its time, and what would be lost. Chooses nothing.</summary>
[Cmdlet(VerbsCommon.Get, "DalpRecoveryPoint")]
[OutputType(typeof(DalpRecoveryPoint))]
public sealed class GetDalpRecoveryPointCommand : TopologyCommand
{
    /// <summary>Who logs in to the databases of both sites. Without it the topology and the environment say (PGUSER, PGPASSFILE, .pgpass).</summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    public PSCredential? DatabaseCredential { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(DalpTopology topology, CancellationToken cancellationToken)
    {
        var infrastructure = InfrastructureContext.Infrastructure;
        var login = DatabaseCredential?.GetNetworkCredential() is { } credential ? new DatabaseLogin(credential.UserName, credential.Password) : null;
        var clusters = new SiteClusters(topology, Timeout);
        await using (clusters.ConfigureAwait(false))
        {
            var probe = new ReplicationProbe(
                topology, infrastructure, clusters.Open, login, new ReplicationMemory(ReplicationMemory.DefaultFolder, EmitWarning), Timeout, TimeProvider.System, cancellationToken);
            await using (probe.ConfigureAwait(false))
            {
                var points = new RecoveryPoints(topology, probe.MeasureAsync, () => infrastructure.OpenBackups(clusters.Open(SiteRole.Standby)), TimeProvider.System);
                foreach (var point in await points.ListAsync(cancellationToken).ConfigureAwait(false))
                {
                    Emit(point);
                }
            }
        }
    }
}
