using DalpHa.Core.Clusters;

namespace DalpHa.Core.Ports;

/// <summary>
/// What DalpHa changes on one cluster. Each change is written so that doing it twice is doing it once, is bounded in time, and throws
/// <see cref="Errors.DalpException"/> for every failure. None of them waits for its outcome: that is looked for by <see cref="ICluster"/>.
/// </summary>
public interface IClusterControl
{
    /// <summary>
    /// Sets a workload's replicas, and in the same write what it remembers as its count (annotation <c>dalpha.io/replicas</c>), so that
    /// whoever starts it again, from whichever machine, knows how many there were.
    /// </summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="kind">Deployment or StatefulSet.</param>
    /// <param name="name">The workload.</param>
    /// <param name="replicas">The new count.</param>
    /// <param name="remember">The count to remember; null forgets it.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    Task ScaleAsync(string @namespace, WorkloadKind kind, string name, int replicas, int? remember, CancellationToken cancellationToken);

    /// <summary>
    /// Suspends a CronJob and notes on it in the same write that DalpHa did (annotation <c>dalpha.io/suspend</c>), or lets it start Jobs and takes the note off. One that
    /// is suspended already stays as it is, without a note: whoever resumes what DalpHa suspended leaves it alone.
    /// </summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="name">The CronJob.</param>
    /// <param name="suspended">Whether it is to start no Job.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    Task SetSuspendedAsync(string @namespace, string name, bool suspended, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a route out of service and remembers in the same write how it was, or gives it back: an Ingress by a class that no controller serves, an OpenShift Route
    /// by weights of 0, with which its router answers 503 (route.openshift.io/v1, RouteSpec).
    /// </summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="kind"><c>Ingress</c> or <c>Route</c>.</param>
    /// <param name="name">The route.</param>
    /// <param name="open">Whether it is to serve.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    Task SetRouteOpenAsync(string @namespace, string kind, string name, bool open, CancellationToken cancellationToken);

    /// <summary>One of DalpHa's notes, or null when there is none of that name.</summary>
    Task<ClusterNote?> FindNoteAsync(string @namespace, string name, CancellationToken cancellationToken);

    /// <summary>DalpHa's notes with a label, ordered by name.</summary>
    Task<IReadOnlyList<ClusterNote>> ListNotesAsync(string @namespace, string label, CancellationToken cancellationToken);

    /// <summary>Writes a note: makes it when it has no version, else replaces the version that it has.</summary>
    /// <returns>The note with its new version.</returns>
    /// <exception cref="Errors.DalpException">Somebody else made or changed it meanwhile (<c>ApiConflict</c>).</exception>
    Task<ClusterNote> WriteNoteAsync(string @namespace, ClusterNote note, CancellationToken cancellationToken);

    /// <summary>A Lease, or null when there is none of that name.</summary>
    Task<ClusterLease?> FindLeaseAsync(string @namespace, string name, CancellationToken cancellationToken);

    /// <summary>Writes a Lease: makes it when it has no version, else replaces the version that it has.</summary>
    /// <returns>The Lease with its new version.</returns>
    /// <exception cref="Errors.DalpException">Somebody else made or changed it meanwhile (<c>ApiConflict</c>).</exception>
    Task<ClusterLease> WriteLeaseAsync(string @namespace, ClusterLease lease, CancellationToken cancellationToken);
}
