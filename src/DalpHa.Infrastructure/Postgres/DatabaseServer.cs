using DalpHa.Core.Ports;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>A PostgreSQL server over Npgsql, as it is read.</summary>
internal sealed class DatabaseServer(DatabaseAddress address, TimeSpan timeout) : IDatabaseServer
{
    private readonly KeptConnection connection = new(address, timeout, SampleQuery.PrepareSession(timeout));

    public string Name => address.Name;

    public async Task<DatabaseSample> SampleAsync(CancellationToken cancellationToken)
    {
        var document = await connection.ReadAsync(SampleQuery.Sql, Need.Replication, cancellationToken).ConfigureAwait(false);
        return DatabaseFaults.WhenUnreadable(address, timeout, () => SampleReader.Read(address.Name, document));
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
