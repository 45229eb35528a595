using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Lists failovers, running and past, or steps by hand: those that this machine has a journal of, and those that the standby's cluster keeps.</summary>
[Cmdlet(VerbsCommon.Get, "DalpFailover", DefaultParameterSetName = Whole)]
[OutputType(typeof(DalpFailover), ParameterSetName = [Whole])]
[OutputType(typeof(DalpHandStep), ParameterSetName = [Hand])]
public sealed class GetDalpFailoverCommand : AsyncCommand
{
    private const string Whole = "Failover";
    private const string Hand = "ByHand";

    /// <summary>Only the one of this id.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(FailoverIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>A topology object, or the path of a topology file, whose standby's cluster is asked too. Without it the runspace's default; without that only this machine is.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Topology { get; set; }

    /// <summary>Lists the steps that were run by hand, instead of failovers.</summary>
    [Parameter(Mandatory = true, ParameterSetName = Hand)]
    public SwitchParameter ByHand { get; set; }

    /// <summary>The bound on each request to the cluster, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <inheritdoc/>
    protected override Task RunAsync(CancellationToken cancellationToken) => ByHand
        ? ListAsync<DalpHandStep>(HandJournal.DefaultStore, (catalog, cluster, space) => catalog.ListStepsAsync(cluster, space, cancellationToken), step => step.Id, "step by hand")
        : ListAsync<DalpFailover>(FailoverStore.Default, (catalog, cluster, space) => catalog.ListAsync(cluster, space, TimeProvider.System, cancellationToken), failover => failover.Id, "failover");

    private async Task ListAsync<T>(FailoverStore store, Func<FailoverCatalog, IClusterControl?, string, Task<IReadOnlyList<T>>> listAsync, Func<T, string> idOf, string what)
        where T : class
    {
        var source = await AskAsync(() => TopologySource.Find(this, Topology)).ConfigureAwait(false);
        var catalog = new FailoverCatalog(store, EmitError, EmitWarning);
        var found = source is null
            ? await listAsync(catalog, null, "").ConfigureAwait(false)
            : await WithClusterAsync(source.Read().Standby, (cluster, space) => listAsync(catalog, cluster, space)).ConfigureAwait(false);
        var wanted = found.Where(one => Id is null || idOf(one) == Id).ToList();
        if (Id is not null && wanted.Count == 0)
        {
            throw new DalpException(
                "FailoverNotFound", FaultKind.NotFound, $"There is no journal of {what} {Id}.",
                "Get-DalpFailover lists those that are known, with -ByHand the steps by hand; give -Topology to ask the standby's cluster too.", Id);
        }
        wanted.ForEach(Emit);
    }

    private async Task<T> WithClusterAsync<T>(DalpSite standby, Func<IClusterControl, string, Task<T>> askAsync)
    {
        var cluster = InfrastructureContext.Infrastructure.OpenCluster(standby.Cluster, TimeSpan.FromSeconds(TimeoutSeconds));
        await using (cluster.ConfigureAwait(false))
        {
            return await askAsync(InfrastructureContext.Infrastructure.OpenClusterControl(cluster), standby.Namespace).ConfigureAwait(false);
        }
    }
}
