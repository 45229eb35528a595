using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;

namespace DalpHa.Hosting;

/// <summary>The topology that a cmdlet is to work on: the object itself, or the file that it is yet to be read from.</summary>
internal sealed record TopologySource
{
    private readonly DalpTopology? topology;
    private readonly string? file;

    private TopologySource(DalpTopology topology) => this.topology = topology;

    private TopologySource(string file) => this.file = file;

    /// <summary>The one given; else the runspace's default; else the file that DALPHA_TOPOLOGY names or <c>./dalpha.yaml</c>; else null. Call it on the pipeline thread.</summary>
    /// <exception cref="DalpException">What is given is no topology (<c>TopologyNotUsable</c>).</exception>
    public static TopologySource? Find(PSCmdlet cmdlet, object? given) => Find(cmdlet.SessionState, given);

    /// <inheritdoc cref="Find(PSCmdlet, object)"/>
    public static TopologySource? Find(SessionState session, object? given)
    {
        if (given is not null)
        {
            return Of(session, (given as PSObject)?.BaseObject ?? given);
        }
        if (RunspaceTopology.Current is { } chosen)
        {
            return new TopologySource(chosen);
        }
        return TopologyLocator.FindFile(session) is { } file ? new TopologySource(file) : null;
    }

    /// <summary>The topology. Reads the file now, when it is one.</summary>
    /// <exception cref="DalpException">The file can't be read, or has errors.</exception>
    public DalpTopology Read() => topology ?? TopologyFiles.Read(file!).Require();

    private static TopologySource Of(SessionState session, object given) => given switch
    {
        DalpTopology topology => new TopologySource(topology),
        string path => new TopologySource(PowerShellPath.Resolve(session, path)),
        FileInfo file => new TopologySource(file.FullName),
        DalpLab lab => new TopologySource(lab.TopologyPath),
        var other => throw new DalpException(
            "TopologyNotUsable",
            FaultKind.InvalidInput,
            $"A {other.GetType().Name} is no topology.",
            "Give a path, or what Get-DalpTopology or Get-DalpLab returns.",
            other),
    };
}
