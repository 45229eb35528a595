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
    [ArgumentCompleter(typeof(FailoverIdCompleter))]
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
        var catalog = new FailoverCatalog(FailoverStore.Default, EmitError, EmitWarning);
        Task<JournalChain?> FindAsync(FailoverWorld world) => catalog.FindAsync(Id!, world.Standby.Control, world.Standby.Namespace, cancellationToken);
        if (await AskAsync(() => IsWhatIf).ConfigureAwait(false))
        {
            await RehearseAsync(
                settings, async world => await FailoverRun.GoingOnAsync(world, Id!, await FindAsync(world).ConfigureAwait(false), EmitWarning, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            return;
        }
        await RunAsync(settings, run => run.ResumeAsync(Id!, Until, cancellationToken), async world => await AgreesAsync(world, await FindAsync(world).ConfigureAwait(false), cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    // Who is asked has before him what it is, and where and why it stands still.
    private async Task<bool> AgreesAsync(FailoverWorld world, JournalChain? chain, CancellationToken cancellationToken)
    {
        if (await FailoverRun.GoingOnAsync(world, Id!, chain, _ => { }, cancellationToken).ConfigureAwait(false) is null)
        {
            // The run itself tells that it is finished.
            return true;
        }
        var failover = DalpFailover.Read(Id!, chain!, null);
        var text = string.Join(Environment.NewLine,
        [
            $"{failover.Kind} {failover.Id} of {failover.Topology}, declared {failover.DeclaredAt:u} by {failover.DecisionOwner}: {failover.Reason}",
            failover.NextStep is { } next ? $"Next: {next}." : "Every step is done.",
            .. failover.StoppedBecause is { } why ? [$"Stopped because: {why}"] : failover.IsEnded ? (string[])[] : ["It did not end: its process died, or still runs."],
        ]);
        return await AskAsync(() => ShouldProcess(text, $"{text}{Environment.NewLine}Go on with it?", $"Go on with failover {failover.Id}")).ConfigureAwait(false)
            && await IsAttendedAsync(world.Runbook, chain).ConfigureAwait(false);
    }
}
