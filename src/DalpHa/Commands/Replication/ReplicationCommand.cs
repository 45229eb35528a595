using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Replication;

/// <summary>A cmdlet that measures replication.</summary>
public abstract class ReplicationCommand : TopologyCommand
{
    /// <summary>Who logs in to the databases of both sites. Without it the topology and the environment say (PGUSER, PGPASSFILE, .pgpass).</summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    public PSCredential? DatabaseCredential { get; set; }

    /// <summary>The work, with a probe that is closed after it.</summary>
    protected abstract Task RunAsync(ReplicationProbe probe, CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected sealed override async Task RunAsync(DalpTopology topology, CancellationToken cancellationToken)
    {
        if (topology.Standby.Database is not { Servers.Count: > 0 })
        {
            throw new DalpException(
                "StandbyDatabaseMissing",
                FaultKind.InvalidInput,
                $"Topology '{topology.Name}' names no database server of the standby site, so there is no lag to measure.",
                "Name the servers in the topology file, under sites.standby.database.servers.",
                topology.Name);
        }
        var login = DatabaseCredential?.GetNetworkCredential() is { } credential ? new DatabaseLogin(credential.UserName, credential.Password) : null;
        var clusters = new SiteClusters(topology, Timeout);
        await using (clusters.ConfigureAwait(false))
        {
            var probe = new ReplicationProbe(
                topology,
                InfrastructureContext.Infrastructure,
                clusters.Open,
                login,
                new ReplicationMemory(ReplicationMemory.DefaultFolder, EmitWarning),
                Timeout,
                TimeProvider.System,
                cancellationToken);
            await using (probe.ConfigureAwait(false))
            {
                await RunAsync(probe, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
