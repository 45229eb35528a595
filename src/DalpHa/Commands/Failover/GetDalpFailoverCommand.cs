using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Lists failovers, running and past: those that this machine has a journal of, and those that the standby's cluster keeps.</summary>
[Cmdlet(VerbsCommon.Get, "DalpFailover")]
[OutputType(typeof(DalpFailover))]
public sealed class GetDalpFailoverCommand : AsyncCommand
{
    /// <summary>Only the failover of this id.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>A topology object, or the path of a topology file, whose standby's cluster is asked too. Without it the runspace's default; without that only this machine is.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Topology { get; set; }

    /// <summary>The bound on each request to the cluster, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var source = await AskAsync(() => TopologySource.Find(this, Topology)).ConfigureAwait(false);
        var catalog = new FailoverCatalog(FailoverStore.Default, EmitError, EmitWarning);
        var found = source is null
            ? await catalog.ListAsync(null, "", cancellationToken).ConfigureAwait(false)
            : await WithClusterAsync(source, catalog, cancellationToken).ConfigureAwait(false);
        var wanted = found.Where(failover => Id is null || failover.Id == Id).ToList();
        if (Id is not null && wanted.Count == 0)
        {
            throw new DalpException("FailoverNotFound", FaultKind.NotFound, $"There is no journal of failover {Id}.", "Get-DalpFailover lists those that are known; give -Topology to ask the standby's cluster too.", Id);
        }
        wanted.ForEach(Emit);
    }

    private async Task<IReadOnlyList<DalpFailover>> WithClusterAsync(TopologySource source, FailoverCatalog catalog, CancellationToken cancellationToken)
    {
        var standby = source.Read().Standby;
        var cluster = InfrastructureContext.Infrastructure.OpenCluster(standby.Cluster, TimeSpan.FromSeconds(TimeoutSeconds));
        await using (cluster.ConfigureAwait(false))
        {
            return await catalog.ListAsync(InfrastructureContext.Infrastructure.OpenClusterControl(cluster), standby.Namespace, cancellationToken).ConfigureAwait(false);
        }
    }
}
