using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Topology;

/// <summary>Reads a topology: the file given, else the one that a cmdlet without a topology would use.</summary>
[Cmdlet(VerbsCommon.Get, "DalpTopology")]
[OutputType(typeof(DalpTopology))]
public sealed class GetDalpTopologyCommand : AsyncCommand
{
    /// <summary>The file. Without it: the one that DALPHA_TOPOLOGY names, else ./dalpha.yaml, else the contexts of the environment.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "TopologyPath")]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Gives it with the sites' roles changed, as they are after a failover, until the file says so.</summary>
    [Parameter]
    public SwitchParameter Swapped { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var file = await AskAsync(() => TopologyLocator.FindFile(this, Path)).ConfigureAwait(false);
        var topology = file is null ? TopologyLocator.FromContexts() : TopologyFiles.Read(file).Require();
        Emit(Swapped ? topology.Swapped() : topology);
    }
}
