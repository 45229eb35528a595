namespace DalpHa.Core.Clusters;

/// <summary>A small text that DalpHa keeps in a cluster: a ConfigMap of its own, labelled <c>app.kubernetes.io/managed-by=dalpha</c>.</summary>
/// <param name="Name">The ConfigMap.</param>
/// <param name="Labels">Labels beside the one that says whose it is.</param>
/// <param name="Entries">Its data. All of it together stays below the API's limit of 1 MiB.</param>
/// <param name="Version">The <c>resourceVersion</c> that it was read or written with; null for one that is not there yet.</param>
public sealed record ClusterNote(string Name, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Entries, string? Version);

/// <summary>A Lease (<c>coordination.k8s.io/v1</c>): who holds something, and until when.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Holder">Who holds it (<c>spec.holderIdentity</c>); null when nobody does.</param>
/// <param name="Duration">How long it holds without being renewed (<c>spec.leaseDurationSeconds</c>).</param>
/// <param name="AcquiredAt">When the holder took it.</param>
/// <param name="RenewedAt">When the holder renewed it last, by the holder's clock.</param>
/// <param name="Transitions">How often it went from one holder to another.</param>
/// <param name="Version">The <c>resourceVersion</c> that it was read or written with; null for one that is not there yet.</param>
public sealed record ClusterLease(string Name, string? Holder, TimeSpan Duration, DateTimeOffset? AcquiredAt, DateTimeOffset? RenewedAt, int Transitions, string? Version);
