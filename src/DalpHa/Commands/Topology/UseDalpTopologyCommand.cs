using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Topology;

/// <summary>Sets the topology that this runspace's cmdlets use when they are given none.</summary>
[Cmdlet(VerbsOther.Use, "DalpTopology", DefaultParameterSetName = PathSet)]
[OutputType(typeof(DalpTopology))]
public sealed class UseDalpTopologyCommand : AsyncCommand
{
    private const string PathSet = "Path";
    private const string ObjectSet = "InputObject";
    private const string ClearSet = "Clear";

    /// <summary>The file. Without it: the one that DALPHA_TOPOLOGY names, else ./dalpha.yaml, else the contexts of the environment.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [Alias("FullName", "TopologyPath")]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The topology, as Get-DalpTopology returns it.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    [ValidateNotNull]
    public DalpTopology? InputObject { get; set; }

    /// <summary>Forgets the default.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ClearSet)]
    public SwitchParameter Clear { get; set; }

    /// <summary>Returns the topology.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = ObjectSet)]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var topology = Clear ? null : InputObject ?? await ReadAsync().ConfigureAwait(false);
        await AskAsync(() => RunspaceTopology.Current = topology).ConfigureAwait(false);
        if (PassThru && topology is not null)
        {
            Emit(topology);
        }
    }

    private async Task<DalpTopology> ReadAsync()
    {
        var file = await AskAsync(() => TopologyLocator.FindFile(this, Path)).ConfigureAwait(false);
        return file is null ? TopologyLocator.FromContexts() : TopologyFiles.Read(file).Require();
    }
}
