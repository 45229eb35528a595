using DalpHa.Core.Replication;

namespace DalpHa.Core.Ports;

/// <summary>One PostgreSQL server, as DalpHa reads it. Bounded in time; throws <see cref="Errors.DalpException"/> for every failure.</summary>
public interface IDatabaseServer : IAsyncDisposable
{
    /// <summary>The server's name in the topology.</summary>
    string Name { get; }

    /// <summary>Reads the server's replication state in one round trip. Keeps its connection for the next call.</summary>
    Task<DatabaseSample> SampleAsync(CancellationToken cancellationToken);

    /// <summary>Reads where its data come from and how far they reach. A history that can't be seen is told with its reason, and is no exception.</summary>
    Task<DatabaseLineage> ReadLineageAsync(CancellationToken cancellationToken);

    /// <summary>Counts the commits in a stretch of the server's own WAL (extension <c>pg_walinspect</c>, PostgreSQL 15 and later).</summary>
    /// <param name="from">Where it begins.</param>
    /// <param name="to">Where it ends; not beyond what the server has flushed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when the extension is not installed in the database that is connected to.</returns>
    Task<CommitCount?> CountCommitsAsync(Lsn from, Lsn to, CancellationToken cancellationToken);
}
