using System.Management.Automation;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>Takes a freeze back: the site's database takes writes, and the writers that were stopped start again with their counts. Refused while the other site may write.</summary>
[Cmdlet(VerbsLifecycle.Resume, "DalpWrite", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DalpActionResult))]
public sealed class ResumeDalpWriteCommand : GatedStepCommand
{
    /// <summary>The site that writes again.</summary>
    [Parameter]
    public SiteRole Site { get; set; } = SiteRole.Active;

    /// <summary>The CloudNativePG Cluster that runs that site's database. Its operator forbids ALTER SYSTEM by default, and is asked instead.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? PostgresCluster { get; set; }

    private protected override string? WayBack => $"Suspend-DalpWrite -Site {Site}{(PostgresCluster is null ? "" : $" -PostgresCluster {PostgresCluster}")}";

    /// <inheritdoc/>
    protected override Task RunAsync(CancellationToken cancellationToken) =>
        RunOnAsync(Site, FailoverInput.DatabaseOf(PostgresCluster), new ResumeWrites(ActionTimeout), cancellationToken);
}
