using DalpHa.Core.Errors;
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

    public async Task<DatabaseLineage> ReadLineageAsync(CancellationToken cancellationToken)
    {
        var document = await connection.ReadAsync(LineageQuery.Sql, Need.Replication, cancellationToken).ConfigureAwait(false);
        var lineage = DatabaseFaults.WhenUnreadable(address, timeout, () => LineageReader.Read(document));
        try
        {
            return lineage with { History = await LineageReader.ReadHistoryAsync(connection, address, timeout, lineage.Timeline, cancellationToken).ConfigureAwait(false) };
        }
        catch (DalpException exception)
        {
            return lineage with { HistoryFailure = exception };
        }
    }

    public async Task<CommitCount?> CountCommitsAsync(DatabaseLineage lineage, Lsn from, CancellationToken cancellationToken)
    {
        var schema = await connection.ReadAsync(LineageQuery.WalInspectSchema, Need.WalRecords, cancellationToken).ConfigureAwait(false);
        if (schema.Length == 0)
        {
            return null;
        }
        var document = await connection.ReadAsync(LineageQuery.Commits(schema, from, lineage.Position), Need.WalRecords, cancellationToken).ConfigureAwait(false);
        return DatabaseFaults.WhenUnreadable(address, timeout, () => LineageReader.ReadCommits(document));
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
