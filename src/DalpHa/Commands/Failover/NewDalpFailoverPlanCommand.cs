using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Failover;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Measures both sites and rehearses a failover on them: what each step would do, what stands in the way, and what would be lost. Changes nothing.</summary>
[Cmdlet(VerbsCommon.New, "DalpFailoverPlan")]
[OutputType(typeof(DalpFailoverPlan))]
public sealed class NewDalpFailoverPlanCommand : FailoverCommand
{
    /// <summary>A topology object, or the path of a topology file. Without it the runspace's default is used.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Topology { get; set; }

    /// <summary>A runbook object, or the path of a runbook file. Without it the one that DALPHA_RUNBOOK names, else ./runbook.yaml.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Runbook { get; set; }

    /// <summary>What it is for.</summary>
    [Parameter]
    public FailoverKind Kind { get; set; } = FailoverKind.Failover;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var (topology, runbook) = await AskAsync(() => (TopologySource.Find(this, Topology), RunbookSource.Find(this, Runbook))).ConfigureAwait(false);
        Emit(await PlanAsync(Settings(topology?.Read() ?? TopologyLocator.FromContexts(), runbook.Read(), Kind, cancellationToken), cancellationToken).ConfigureAwait(false));
    }

    private async Task<DalpFailoverPlan> PlanAsync(FailoverSettings settings, CancellationToken cancellationToken)
    {
        var session = Open(settings, write => EmitVerbose($"Would {write.Where} {write.Target}: {write.Statement}"), cancellationToken);
        await using (session.ConfigureAwait(false))
        {
            return await new FailoverRehearsal(session.World).PlanAsync(DalpFailoverPlan.NewId(TimeProvider.System), cancellationToken).ConfigureAwait(false);
        }
    }
}
