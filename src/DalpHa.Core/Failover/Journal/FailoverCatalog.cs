using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Failover;

/// <summary>Finds all failovers that are known, by whichever copy of each journal tells more.</summary>
/// <param name="store">The journals of this machine.</param>
/// <param name="fail">Is told of a journal that can't be read; the others are listed all the same.</param>
/// <param name="warn">Is told when the cluster can't be asked.</param>
public sealed class FailoverCatalog(FailoverStore store, Action<DalpException> fail, Action<string> warn)
{
    /// <summary>Lists them, the oldest first.</summary>
    /// <param name="cluster">The standby's cluster; null to list only what this machine has.</param>
    /// <param name="namespace">The platform's namespace there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<DalpFailover>> ListAsync(IClusterControl? cluster, string @namespace, CancellationToken cancellationToken)
    {
        var mirrored = cluster is null ? [] : await MirroredAsync(cluster, @namespace, cancellationToken).ConfigureAwait(false);
        var found = new List<DalpFailover>();
        foreach (var id in store.Ids.Union(mirrored, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            try
            {
                if (await ReadAsync(id, mirrored.Contains(id) ? cluster : null, @namespace, cancellationToken).ConfigureAwait(false) is { } failover)
                {
                    found.Add(failover);
                }
            }
            catch (DalpException exception)
            {
                fail(exception);
            }
        }
        return found;
    }

    private async Task<IReadOnlyList<string>> MirroredAsync(IClusterControl cluster, string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            return await JournalMirror.ListAsync(cluster, @namespace, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception)
        {
            warn($"The standby's cluster can't be asked for journals, so only this machine's are listed: {exception.Message}");
            return [];
        }
    }

    private async Task<DalpFailover?> ReadAsync(string id, IClusterControl? cluster, string @namespace, CancellationToken cancellationToken)
    {
        var path = store.PathOf(id);
        var own = File.Exists(path) ? JournalFile.Read(path) : null;
        var copy = cluster is null ? null : await new JournalMirror(cluster, @namespace, id).ReadAsync(cancellationToken).ConfigureAwait(false);
        if (own is not null && copy is not null)
        {
            FailoverStore.RequireOneStory(id, own, path, copy, @namespace);
        }
        var chain = own is null || copy?.Records.Count > own.Records.Count ? copy : own;
        // A file that holds nothing yet is of a failover that died before its declaration.
        return chain is { Records.Count: > 0 } ? DalpFailover.Read(id, chain, own is null ? null : path) : null;
    }
}
