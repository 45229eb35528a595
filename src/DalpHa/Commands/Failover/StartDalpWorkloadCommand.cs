using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>Starts workloads of a site in the order of the topology, each once those before it are ready. What signs is refused while the other site may sign.</summary>
[Cmdlet(VerbsLifecycle.Start, "DalpWorkload", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DalpActionResult))]
public sealed class StartDalpWorkloadCommand : GatedStepCommand
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

    /// <summary>How many replicas of each. Without it: what it had.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int? Replicas { get; set; }

    private protected override string? WayBack => $"Stop-DalpWorkload -Site {Site} -Name {string.Join(", ", Name!)}";

    /// <inheritdoc/>
    protected override Task RunAsync(CancellationToken cancellationToken) => RunOnAsync(
        Site, new PromotionProcedure(PromotionMethod.SelfRun), new StartWorkloads(new WorkloadChoice(Name!), Replicas, ActionTimeout), cancellationToken);
}
