using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Topology;

/// <summary>Writes a commented topology file to start from.</summary>
[Cmdlet(VerbsCommon.New, "DalpTopology", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class NewDalpTopologyCommand : ScaffoldCommand
{
    /// <summary>The file to write.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = TopologyLocator.FileName;

    /// <summary>The active site's kubeconfig context. Defaults to ACTIVE_CONTEXT.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ActiveContext { get; set; }

    /// <summary>The standby's kubeconfig context. Defaults to STANDBY_CONTEXT.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? StandbyContext { get; set; }

    /// <summary>The platform's namespace on both sites. Defaults to DALP_NAMESPACE.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The platform's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "production";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var path = await AskAsync(() => PowerShellPath.Resolve(this, Path)).ConfigureAwait(false);
        var text = TopologyScaffold.Write(
            Name,
            ActiveContext ?? TopologyLocator.EnvironmentActiveContext ?? "dalp-active",
            StandbyContext ?? TopologyLocator.EnvironmentStandbyContext ?? "dalp-standby",
            Namespace ?? TopologyLocator.EnvironmentNamespace ?? "dalp");
        await WriteAsync(path, text, "Write a topology file").ConfigureAwait(false);
    }
}
