using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>Stops workloads of a site, against the order of the topology, and notes on each how many there were. Done when no pod is left.</summary>
[Cmdlet(VerbsLifecycle.Stop, "DalpWorkload", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DalpActionResult))]
public sealed class StopDalpWorkloadCommand : StepCommand
{
    /// <summary>Which: the name of a rule of the topology, or of a workload.</summary>
    [Parameter(Mandatory = true)]
    [ArgumentCompleter(typeof(WorkloadNameCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    /// <summary>The site that they are on.</summary>
    [Parameter(Mandatory = true)]
    public SiteRole Site { get; set; }

    private protected override string? WayBack => $"Start-DalpWorkload -Site {Site} -Name {string.Join(", ", Name!)}";

    /// <inheritdoc/>
    protected override Task RunAsync(CancellationToken cancellationToken) =>
        RunOnAsync(Site, new PromotionProcedure(PromotionMethod.SelfRun), new StopWorkloads(new WorkloadChoice(Name!), ActionTimeout), cancellationToken);
}
