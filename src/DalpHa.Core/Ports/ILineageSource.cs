using DalpHa.Core.Replication;

namespace DalpHa.Core.Ports;

/// <summary>
/// Tells where one PostgreSQL server's data come from and what was committed in them: the server itself, or its files while it is stopped. Bounded in time; throws
/// <see cref="Errors.DalpException"/> for every failure.
/// </summary>
public interface ILineageSource : IAsyncDisposable
{
    /// <summary>The server's name in the topology.</summary>
    string Name { get; }

    /// <summary>Reads where its data come from and how far they reach. A history that can't be seen is told with its reason, and is no exception.</summary>
    Task<DatabaseLineage> ReadLineageAsync(CancellationToken cancellationToken);

    /// <summary>Counts the commits in a stretch of the server's own WAL.</summary>
    /// <param name="lineage">What <see cref="ReadLineageAsync"/> told; the stretch ends at its position.</param>
    /// <param name="from">Where it begins: where another server's history left this one's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when it is a running server whose database lacks the extension <c>pg_walinspect</c> (PostgreSQL 15 and later).</returns>
    Task<CommitCount?> CountCommitsAsync(DatabaseLineage lineage, Lsn from, CancellationToken cancellationToken);
}
