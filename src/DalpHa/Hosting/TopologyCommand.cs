using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Errors;
using DalpHa.Core.Topology;

namespace DalpHa.Hosting;

/// <summary>
/// A cmdlet that works on a topology: the one given, else the contexts given, else the runspace's default (<c>Use-DalpTopology</c>), else the
/// file that DALPHA_TOPOLOGY names or <c>./dalpha.yaml</c>, else the contexts of the environment.
/// </summary>
public abstract class TopologyCommand : AsyncCommand
{
    /// <summary>A topology object, the path of a topology file, or a lab. Without it the runspace's default is used.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Topology { get; set; }

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

    /// <summary>The bound on each request to a site, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <summary>The bound on each request to a site.</summary>
    protected TimeSpan Timeout => TimeSpan.FromSeconds(TimeoutSeconds);

    /// <summary>The work for one topology.</summary>
    protected abstract Task RunAsync(DalpTopology topology, CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected sealed override async Task RunAsync(CancellationToken cancellationToken) =>
        await RunAsync(await ResolveAsync().ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private bool HasContext => (ActiveContext ?? StandbyContext ?? Namespace) is not null;

    private async Task<DalpTopology> ResolveAsync()
    {
        if (HasContext)
        {
            return Topology is not null ? throw GivenTwice() : TopologyLocator.FromContexts(ActiveContext, StandbyContext, Namespace);
        }
        var source = await AskAsync(() => TopologySource.Find(this, Topology)).ConfigureAwait(false);
        return source?.Read() ?? TopologyLocator.FromContexts();
    }

    private static DalpException GivenTwice() => new(
        "TopologyGivenTwice",
        FaultKind.InvalidInput,
        "Both a topology and contexts are given: it is not clear which holds.",
        "Give -Topology, or -ActiveContext, -StandbyContext and -Namespace.");
}
