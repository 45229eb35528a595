using System.Management.Automation;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>Freezes a site: its writers are stopped, with their counts noted on them, and its database takes no writes. Done when nothing is seen to write.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "DalpWrite", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DalpActionResult))]
public sealed class SuspendDalpWriteCommand : StepCommand
{
    /// <summary>The site that is frozen.</summary>
    [Parameter]
    public SiteRole Site { get; set; } = SiteRole.Active;

    /// <summary>The CloudNativePG Cluster that runs that site's database. Its operator forbids ALTER SYSTEM by default, and is asked instead.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? PostgresCluster { get; set; }

    private protected override string? WayBack => $"Resume-DalpWrite -Site {Site}{(PostgresCluster is null ? "" : $" -PostgresCluster {PostgresCluster}")}";

    /// <inheritdoc/>
    protected override Task RunAsync(CancellationToken cancellationToken) =>
        RunOnAsync(Site, FailoverInput.DatabaseOf(PostgresCluster), new SuspendWrites(), cancellationToken);
}
