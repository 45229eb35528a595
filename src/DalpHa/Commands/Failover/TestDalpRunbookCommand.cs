using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Documents;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Checks a runbook file: itself, its dates, the scripts that it names, and whether it fits the topology.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DalpRunbook")]
[OutputType(typeof(DocumentDiagnostic), typeof(bool))]
public sealed class TestDalpRunbookCommand : AsyncCommand
{
    /// <summary>The file. Without it: the one that DALPHA_RUNBOOK names, else ./runbook.yaml.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The topology that it is for: an object, or a file. Without it the runspace's default is used.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Topology { get; set; }

    /// <summary>Returns only whether nothing failed and nothing is unknown.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var (file, topology) = await AskAsync(() => (RunbookFiles.Find(this, Path), TopologySource.Find(this, Topology))).ConfigureAwait(false);
        var reading = RunbookReader.Test(RunbookFiles.Read(file), topology?.Read(), TimeProvider.System);
        if (Quiet)
        {
            Emit(reading.Conclusions.All(diagnostic => diagnostic.Status is CheckStatus.Pass or CheckStatus.Warn));
            return;
        }
        foreach (var diagnostic in reading.Conclusions)
        {
            Emit(diagnostic);
        }
    }
}
