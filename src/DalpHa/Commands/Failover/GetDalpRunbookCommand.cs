using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Failover;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Reads a runbook.</summary>
[Cmdlet(VerbsCommon.Get, "DalpRunbook")]
[OutputType(typeof(DalpRunbook))]
public sealed class GetDalpRunbookCommand : AsyncCommand
{
    /// <summary>The file. Without it: the one that DALPHA_RUNBOOK names, else ./runbook.yaml.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var file = await AskAsync(() => RunbookFiles.Find(this, Path)).ConfigureAwait(false);
        Emit(RunbookReader.Read(RunbookFiles.Read(file)).Require());
    }
}
