using System.Management.Automation;
using DalpHa.Core.Topology;

namespace DalpHa.Hosting;

/// <summary>
/// A cmdlet that works on a topology: the one given, else the runspace's default (<c>Use-DalpTopology</c>), else one made of the contexts.
/// </summary>
public abstract class TopologyCommand : AsyncCommand
{
    /// <summary>A topology object, or the path of a topology file. Without it the runspace's default is used.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Topology")]
    [ValidateNotNull]
    public object? Topology { get; set; }

    /// <summary>The active site's kubeconfig context. Defaults to ACTIVE_CONTEXT.</summary>
    [Parameter(ParameterSetName = "Context")]
    [ValidateNotNullOrEmpty]
    public string? ActiveContext { get; set; }

    /// <summary>The standby's kubeconfig context. Defaults to STANDBY_CONTEXT.</summary>
    [Parameter(ParameterSetName = "Context")]
    [ValidateNotNullOrEmpty]
    public string? StandbyContext { get; set; }

    /// <summary>The platform's namespace on both sites. Defaults to DALP_NAMESPACE.</summary>
    [Parameter(ParameterSetName = "Context")]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The bound on each request to a site, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <summary>The bound on each request to a site.</summary>
    protected TimeSpan Timeout => TimeSpan.FromSeconds(TimeoutSeconds);

    /// <summary>The work for one topology.</summary>
    protected abstract Task RunAsync(DalpTopology topology, CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected sealed override Task RunAsync(CancellationToken cancellationToken) => RunAsync(Resolve(), cancellationToken);

    private DalpTopology Resolve() => throw new NotImplementedException();
}
