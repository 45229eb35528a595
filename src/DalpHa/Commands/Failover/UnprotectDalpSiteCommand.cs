using System.Management.Automation;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>Takes the isolation of a site back: its database runs, what was stopped starts again, its routes open last. Refused while the other site may write or sign.</summary>
[Cmdlet(VerbsSecurity.Unprotect, "DalpSite", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DalpActionResult))]
public sealed class UnprotectDalpSiteCommand : GatedStepCommand
{
    /// <summary>The site that is let free.</summary>
    [Parameter(Mandatory = true)]
    public SiteRole Site { get; set; }

    /// <summary>The CloudNativePG Cluster of that site, whose fence is lifted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? PostgresCluster { get; set; }

    private protected override string? WayBack => $"Protect-DalpSite -Site {Site}{(PostgresCluster is null ? "" : $" -PostgresCluster {PostgresCluster}")}";

    /// <inheritdoc/>
    protected override Task RunAsync(CancellationToken cancellationToken) =>
        RunOnAsync(Site, FailoverInput.DatabaseOf(PostgresCluster), new Unprotect(ActionTimeout), cancellationToken);
}
