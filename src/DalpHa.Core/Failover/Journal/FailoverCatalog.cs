using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Failover;

/// <summary>Finds all failovers that are known, or all steps by hand, by whichever copy of each journal tells more.</summary>
/// <param name="store">The journals of this machine.</param>
/// <param name="fail">Is told of a journal that can't be read; the others are listed all the same.</param>
/// <param name="warn">Is told when the cluster can't be asked.</param>
public sealed class FailoverCatalog(FailoverStore store, Action<DalpException> fail, Action<string> warn)
{
    private static readonly ILookup<string, ClusterNote> None = Array.Empty<ClusterNote>().ToLookup(note => note.Name);

    /// <summary>Lists the failovers, the oldest first.</summary>
    /// <param name="cluster">The standby's cluster; null to list only what this machine has.</param>
    /// <param name="namespace">The platform's namespace there.</param>
    /// <param name="time">The clock that a lease is held against.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<DalpFailover>> ListAsync(IClusterControl? cluster, string @namespace, TimeProvider time, CancellationToken cancellationToken)
    {
        var found = await ListAsync(cluster, @namespace, JournalMirror.Label, id => new JournalMirror(cluster!, @namespace, id), DalpFailover.Read, cancellationToken).ConfigureAwait(false);
        return cluster is not null && await HeldAsync(cluster, @namespace, time, cancellationToken).ConfigureAwait(false) is { } held
            ? [.. found.Select(failover => held.FailoverId == failover.Id ? failover with { HeldBy = held.By } : failover)]
            : found;
    }

    private async Task<(string FailoverId, string By)?> HeldAsync(IClusterControl cluster, string @namespace, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.FindLeaseAsync(@namespace, FailoverLease.Name, cancellationToken).ConfigureAwait(false) is { Holder: { Length: > 0 } holder } lease && lease.RenewedAt + lease.Duration > time.GetUtcNow()
                ? LeaseHolder.Parse(holder)
                : null;
        }
        catch (DalpException exception)
        {
            warn($"The standby's cluster can't be asked who runs a failover: {exception.Message}");
            return null;
        }
    }

    /// <summary>Lists the steps by hand of a store of such, the oldest first.</summary>
    /// <param name="cluster">The standby's cluster; null to list only what this machine has.</param>
    /// <param name="namespace">The platform's namespace there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<DalpHandStep>> ListStepsAsync(IClusterControl? cluster, string @namespace, CancellationToken cancellationToken) =>
        ListAsync(cluster, @namespace, JournalMirror.StepLabel, id => JournalMirror.OfStep(cluster!, @namespace, id), DalpHandStep.Read, cancellationToken);

    private async Task<IReadOnlyList<T>> ListAsync<T>(
        IClusterControl? cluster, string @namespace, string label, Func<string, JournalMirror> mirrorOf, Func<string, JournalChain, string?, T> read, CancellationToken cancellationToken)
    {
        var mirrored = cluster is null ? None : await MirroredAsync(cluster, @namespace, label, cancellationToken).ConfigureAwait(false);
        var found = new List<T>();
        foreach (var id in store.Ids.Union(mirrored.Select(parts => parts.Key), StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            try
            {
                var path = store.PathOf(id);
                var own = File.Exists(path) ? JournalFile.Read(path) : null;
                var copy = mirrored.Contains(id) ? mirrorOf(id).Read([.. mirrored[id]], own) : null;
                // A file that holds nothing yet is of one that died before it began.
                if (Longer(id, own, path, copy, @namespace) is { Records.Count: > 0 } chain)
                {
                    found.Add(read(id, chain, own is null ? null : path));
                }
            }
            catch (DalpException exception)
            {
                fail(exception);
            }
        }
        return found;
    }

    /// <summary>One failover's journal, by whichever copy tells more; null when neither this machine nor the cluster has any.</summary>
    /// <exception cref="DalpException">A copy is broken or can't be read, or the two tell different stories.</exception>
    public async Task<JournalChain?> FindAsync(string id, IClusterControl cluster, string @namespace, CancellationToken cancellationToken)
    {
        var path = store.PathOf(id);
        var own = File.Exists(path) ? JournalFile.Read(path) : null;
        var copy = await new JournalMirror(cluster, @namespace, id).ReadAsync(own, cancellationToken).ConfigureAwait(false);
        return Longer(id, own, path, copy, @namespace) is { Records.Count: > 0 } chain ? chain : null;
    }

    private static JournalChain? Longer(string id, JournalChain? own, string path, JournalChain? copy, string @namespace)
    {
        if (own is not null && copy is not null)
        {
            FailoverStore.RequireOneStory(id, own, path, copy, @namespace);
        }
        return own is null || copy?.Records.Count > own.Records.Count ? copy : own;
    }

    private async Task<ILookup<string, ClusterNote>> MirroredAsync(IClusterControl cluster, string @namespace, string label, CancellationToken cancellationToken)
    {
        try
        {
            return await JournalMirror.ListAsync(cluster, @namespace, label, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception)
        {
            warn($"The standby's cluster can't be asked for journals, so only this machine's are listed: {exception.Message}");
            return None;
        }
    }
}
