using System.Collections.Concurrent;
using System.Globalization;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Simulation;

/// <summary>Reads what is there, and tells what it would write. Notes and leases that it would have written are read back from memory.</summary>
/// <param name="inner">The real cluster; only read.</param>
/// <param name="context">The cluster's context, for what is told.</param>
/// <param name="changes">Keeps what would be changed.</param>
/// <param name="tell">Is told each write.</param>
public sealed class TellingClusterControl(IClusterControl inner, string context, SimulatedChanges changes, Action<ToldWrite> tell) : IClusterControl
{
    private readonly ConcurrentDictionary<(string Namespace, string Name), ClusterNote> notes = new();
    private readonly ConcurrentDictionary<(string Namespace, string Name), ClusterLease> leases = new();
    private int writes;

    /// <inheritdoc/>
    public Task ScaleAsync(string @namespace, WorkloadKind kind, string name, int replicas, int? remember, CancellationToken cancellationToken)
    {
        changes.Scaled[(@namespace, kind, name)] = (replicas, remember);
        Tell($"{kind}/{name}", string.Create(CultureInfo.InvariantCulture, $"Scale to {replicas}{(remember is { } count ? $", and remember {count}" : "")}."));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task SetSuspendedAsync(string @namespace, string name, bool suspended, CancellationToken cancellationToken)
    {
        changes.Suspended[(@namespace, name)] = suspended;
        Tell($"CronJob/{name}", suspended ? "Suspend it, and remember that it was not." : "Let it start Jobs again.");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task SetRouteOpenAsync(string @namespace, string kind, string name, bool open, CancellationToken cancellationToken)
    {
        changes.Opened[(@namespace, kind, name)] = open;
        Tell($"{kind}/{name}", (open, kind) switch
        {
            (true, "Ingress") => "Give it back to the controller that served it.",
            (false, "Ingress") => "Close it: give it a class that no controller serves.",
            (true, _) => "Give its services their weights back.",
            _ => "Close it: give its services no weight.",
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<ClusterNote?> FindNoteAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        notes.GetValueOrDefault((@namespace, name)) ?? await inner.FindNoteAsync(@namespace, name, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ClusterNote>> ListNotesAsync(string @namespace, string label, CancellationToken cancellationToken)
    {
        var selector = Topology.LabelSelector.Parse(label);
        var real = await inner.ListNotesAsync(@namespace, label, cancellationToken).ConfigureAwait(false);
        var written = notes.Where(note => note.Key.Namespace == @namespace).Select(note => note.Value).ToList();
        return
        [
            .. real.Where(note => written.TrueForAll(other => other.Name != note.Name))
                .Concat(written.Where(note => selector.Matches(note.Labels)))
                .OrderBy(note => note.Name, StringComparer.Ordinal),
        ];
    }

    /// <inheritdoc/>
    public async Task<ClusterNote> WriteNoteAsync(string @namespace, ClusterNote note, CancellationToken cancellationToken)
    {
        var there = await FindNoteAsync(@namespace, note.Name, cancellationToken).ConfigureAwait(false);
        RequireVersion($"ConfigMap/{note.Name}", note.Version, there?.Version);
        Tell($"ConfigMap/{note.Name}", there is null ? "Make it." : "Write it anew.");
        return notes[(@namespace, note.Name)] = note with { Version = NextVersion() };
    }

    /// <inheritdoc/>
    public async Task<ClusterLease?> FindLeaseAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        leases.GetValueOrDefault((@namespace, name)) ?? await inner.FindLeaseAsync(@namespace, name, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<ClusterLease> WriteLeaseAsync(string @namespace, ClusterLease lease, CancellationToken cancellationToken)
    {
        var there = await FindLeaseAsync(@namespace, lease.Name, cancellationToken).ConfigureAwait(false);
        RequireVersion($"Lease/{lease.Name}", lease.Version, there?.Version);
        Tell($"Lease/{lease.Name}", lease.Holder is { } holder ? $"Hold it as '{holder}'." : "Give it back.");
        return leases[(@namespace, lease.Name)] = lease with { Version = NextVersion() };
    }

    private void Tell(string target, string statement) => tell(new ToldWrite(context, target, statement));

    private string NextVersion() => string.Create(CultureInfo.InvariantCulture, $"told-{Interlocked.Increment(ref writes)}");

    // The real cluster would refuse it too.
    private void RequireVersion(string target, string? given, string? there)
    {
        if (given != there)
        {
            throw new DalpException("ApiConflict", FaultKind.Conflict, $"{target} in context '{context}' was made or changed by somebody else meanwhile.", "Look at it again, and decide anew.", target);
        }
    }
}
