using System.Management.Automation;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Replication;

/// <summary>Compares the database of the former active site with the primary that was promoted on the other: what it committed that the primary lacks.</summary>
[Cmdlet(VerbsData.Compare, "DalpDatabase")]
[OutputType(typeof(DalpDivergence))]
public sealed class CompareDalpDatabaseCommand : TopologyCommand
{
    /// <summary>The site whose database is compared: the former active one.</summary>
    [Parameter]
    public SiteRole Site { get; set; } = SiteRole.Active;

    /// <summary>The CloudNativePG Cluster of that site. Where it is fenced, and its PostgreSQL so stopped, the files of its primary are read in its pod.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? PostgresCluster { get; set; }

    /// <summary>Who logs in to the databases of both sites. Without it the topology says: its administrator's login, else the other.</summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    public PSCredential? DatabaseCredential { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(DalpTopology topology, CancellationToken cancellationToken)
    {
        var login = DatabaseCredential?.GetNetworkCredential() is { } credential ? new DatabaseLogin(credential.UserName, credential.Password) : null;
        var clusters = new SiteClusters(topology, Timeout);
        await using (clusters.ConfigureAwait(false))
        {
            var comparison = new DatabaseComparison(topology, Site, InfrastructureContext.Infrastructure, clusters.Open, login, Timeout, TimeProvider.System, PostgresCluster);
            foreach (var divergence in await comparison.CompareAsync(cancellationToken).ConfigureAwait(false))
            {
                Emit(divergence);
            }
        }
    }
}
