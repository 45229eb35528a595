using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.Seed;
using k8s;

namespace DalpHa.Lab.Faults;

/// <summary>One way in which a lab can be broken. It breaks things from the outside, as an administrator or an accident would.</summary>
internal interface ILabFault
{
    LabFault Name { get; }

    /// <summary>Breaks it.</summary>
    Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken);
}

/// <summary>What a fault did.</summary>
/// <param name="Target">What it touched, as <c>Secret/dalp-keys</c>.</param>
/// <param name="UndoAsync">Puts back exactly what was there, and returns when that shows.</param>
/// <param name="ShowsAsync">Returns when the fault shows; null when it does at once. Apart from the rest, so that a fault that never shows can still be undone.</param>
internal sealed record Injection(string Target, Func<CancellationToken, Task> UndoAsync, Func<CancellationToken, Task>? ShowsAsync = null);

/// <summary>Where a fault happens.</summary>
/// <param name="Region">The region.</param>
/// <param name="Databases">The database pair.</param>
/// <param name="Time">The clock.</param>
/// <param name="IsInForce">Whether another fault is in force on this site.</param>
/// <param name="Length">How long what is slow shall take; null when nobody said.</param>
internal sealed record FaultScene(Region Region, PostgresPair Databases, TimeProvider Time, Func<LabFault, bool> IsInForce, TimeSpan? Length = null)
{
    public SiteRole Site => Region.Site.Role;

    public IKubernetes Cluster => Region.Admin;

    public static string Namespace => LabSite.Namespace;
}
