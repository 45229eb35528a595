using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Failover;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Goes on with a failover that stopped, or whose process or machine died: from its journal, and from what the sites show.</summary>
[Cmdlet(VerbsLifecycle.Resume, "DalpFailover", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DalpFailover))]
public sealed class ResumeDalpFailoverCommand : FailoverRunCommand
{
    /// <summary>The failover's id; Get-DalpFailover lists them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>A topology object, or the path of a topology file: the one that it was begun with. Without it the runspace's default is used.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Topology { get; set; }

    /// <summary>A runbook object, or the path of a runbook file. Without it the one that DALPHA_RUNBOOK names, else ./runbook.yaml.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Runbook { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var (topology, runbook) = await AskAsync(() => (TopologySource.Find(this, Topology), RunbookSource.Find(this, Runbook))).ConfigureAwait(false);
        var settings = Settings(topology?.Read() ?? TopologyLocator.FromContexts(), runbook.Read(), FailoverKind.Failover, cancellationToken);
        if (await AskAsync(() => IsWhatIf).ConfigureAwait(false))
        {
            var catalog = new FailoverCatalog(FailoverStore.Default, EmitError, EmitWarning);
            await RehearseAsync(
                settings,
                async world => FailoverRun.GoingOn(world, Id!, await catalog.FindAsync(Id!, world.Standby.Control, world.Standby.Namespace, cancellationToken).ConfigureAwait(false)),
                cancellationToken).ConfigureAwait(false);
            return;
        }
        if (await AskAsync(() => ShouldProcess(Id, "Go on with the failover")).ConfigureAwait(false))
        {
            await RunAsync(settings, run => run.ResumeAsync(Id!, Until, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }
}
