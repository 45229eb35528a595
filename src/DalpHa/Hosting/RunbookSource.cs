using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;

namespace DalpHa.Hosting;

/// <summary>The runbook that a cmdlet is to follow: the object itself, or the file that it is yet to be read from.</summary>
internal sealed record RunbookSource
{
    private readonly DalpRunbook? runbook;
    private readonly string? file;

    private RunbookSource(DalpRunbook? runbook, string? file) => (this.runbook, this.file) = (runbook, file);

    /// <summary>The one given; else the file that DALPHA_RUNBOOK names or <c>./runbook.yaml</c>. Call it on the pipeline thread.</summary>
    /// <exception cref="DalpException">What is given is no runbook (<c>RunbookNotUsable</c>).</exception>
    public static RunbookSource Find(PSCmdlet cmdlet, object? given) => ((given as PSObject)?.BaseObject ?? given) switch
    {
        null => new RunbookSource(null, RunbookFiles.Find(cmdlet, null)),
        DalpRunbook runbook => new RunbookSource(runbook, null),
        string path => new RunbookSource(null, PowerShellPath.Resolve(cmdlet, path)),
        FileInfo file => new RunbookSource(null, file.FullName),
        var other => throw new DalpException("RunbookNotUsable", FaultKind.InvalidInput, $"A {other.GetType().Name} is no runbook.", "Give a path, or what Get-DalpRunbook returns.", other),
    };

    /// <summary>The runbook. Reads the file now, when it is one.</summary>
    /// <exception cref="DalpException">The file can't be read, or has errors.</exception>
    public DalpRunbook Read() => runbook ?? RunbookReader.Read(RunbookFiles.Read(file!)).Require();
}
