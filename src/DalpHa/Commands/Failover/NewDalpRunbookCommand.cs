using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Failover;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Writes a commented runbook file to start from.</summary>
[Cmdlet(VerbsCommon.New, "DalpRunbook", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class NewDalpRunbookCommand : ScaffoldCommand
{
    /// <summary>The file to write.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = RunbookFiles.FileName;

    /// <summary>The topology whose owners are taken over: an object, or a file. Without it the runspace's default is used.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Topology { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var (path, topology) = await AskAsync(() => (PowerShellPath.Resolve(this, Path), TopologySource.Find(this, Topology))).ConfigureAwait(false);
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        await WriteAsync(path, RunbookScaffold.Write(today, topology?.Read()), "Write a runbook file").ConfigureAwait(false);
    }
}
