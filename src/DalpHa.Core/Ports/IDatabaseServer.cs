using DalpHa.Core.Replication;

namespace DalpHa.Core.Ports;

/// <summary>One PostgreSQL server, as DalpHa reads it. Bounded in time; throws <see cref="Errors.DalpException"/> for every failure.</summary>
public interface IDatabaseServer : ILineageSource
{
    /// <summary>Reads the server's replication state in one round trip. Keeps its connection for the next call.</summary>
    Task<DatabaseSample> SampleAsync(CancellationToken cancellationToken);
}
