using System.Management.Automation;
using DalpHa.Core.Replication;

namespace DalpHa.Commands.Replication;

/// <summary>Measures how far each standby database is behind its primary.</summary>
[Cmdlet(VerbsCommon.Get, "DalpReplicationLag")]
[OutputType(typeof(DalpReplicationLag))]
public sealed class GetDalpReplicationLagCommand : ReplicationCommand
{
    /// <inheritdoc/>
    protected override async Task RunAsync(ReplicationProbe probe, CancellationToken cancellationToken)
    {
        foreach (var lag in await probe.MeasureAsync(cancellationToken).ConfigureAwait(false))
        {
            Emit(lag);
        }
    }
}
