using System.Runtime.CompilerServices;

namespace DalpHa.Core.Readiness;

/// <summary>A check that each site answers for itself. The run asks both at the same time, so that a dead site does not keep the other's answer back.</summary>
public abstract class SiteCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <summary>Looks at one site.</summary>
    public abstract IAsyncEnumerable<Finding> RunAsync(SiteView site, ReadinessContext context, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var site in context.Sites)
        {
            await foreach (var finding in RunAsync(site, context, cancellationToken).ConfigureAwait(false))
            {
                yield return finding;
            }
        }
    }
}
