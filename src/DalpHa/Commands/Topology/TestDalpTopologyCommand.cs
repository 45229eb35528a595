using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Clusters;
using DalpHa.Core.Documents;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Topology;

/// <summary>Checks a topology file, and with -Online all that it names.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DalpTopology")]
[OutputType(typeof(DocumentDiagnostic), typeof(bool))]
public sealed class TestDalpTopologyCommand : AsyncCommand
{
    /// <summary>The file. Without it: the one that DALPHA_TOPOLOGY names, else ./dalpha.yaml, else the contexts of the environment.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "TopologyPath")]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Connects to what the topology names, and asks for every permission that DalpHa needs.</summary>
    [Parameter]
    public SwitchParameter Online { get; set; }

    /// <summary>Whose account looks: a Reader is not asked for the permissions of a failover.</summary>
    [Parameter]
    public DalpAccount Account { get; set; } = DalpAccount.Operator;

    /// <summary>Returns only whether nothing failed and nothing is unknown.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>The bound on each request of -Online, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var isGood = true;
        void Tell(DocumentDiagnostic diagnostic)
        {
            isGood &= diagnostic.Status is CheckStatus.Pass or CheckStatus.Warn;
            if (!Quiet)
            {
                Emit(diagnostic);
            }
        }

        var file = await AskAsync(() => TopologyLocator.FindFile(this, Path)).ConfigureAwait(false);
        var reading = file is null ? TopologyReader.ReadingOf(TopologyLocator.FromContexts()) : TopologyFiles.Read(file);
        foreach (var diagnostic in reading.Conclusions)
        {
            Tell(diagnostic);
        }
        if (Online && reading.Value is { } topology)
        {
            var probe = new TopologyProbe(InfrastructureContext.Infrastructure, Account, TimeSpan.FromSeconds(TimeoutSeconds));
            await foreach (var diagnostic in probe.RunAsync(topology, reading.PositionOf, cancellationToken).ConfigureAwait(false))
            {
                Tell(diagnostic);
            }
        }
        if (Quiet)
        {
            Emit(isGood);
        }
    }
}
