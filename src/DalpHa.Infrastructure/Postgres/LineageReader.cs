using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DalpHa.Core.Errors;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>Reads the documents of <see cref="LineageQuery"/>.</summary>
internal static class LineageReader
{
    /// <exception cref="JsonException">It is not that document.</exception>
    /// <exception cref="FormatException">A value of it does not mean what it should.</exception>
    public static DatabaseLineage Read(string json)
    {
        var row = JsonSerializer.Deserialize(json, LineageJson.Default.LineageRow) ?? throw new JsonException("The document is empty.");
        return new DatabaseLineage(
            row.System,
            row.InRecovery,
            // Without the role the columns of others' sessions are empty, and an empty column would read as a server on which nobody writes.
            row.MayWrite || (!row.InRecovery && !row.SeesAll),
            row.Timeline,
            Lsn.Parse(row.Position) ?? throw new FormatException("It tells no position."),
            row.NextId is { } next ? unchecked((uint)ulong.Parse(next, CultureInfo.InvariantCulture)) : null,
            new LineageCheckpoint(Lsn.Parse(row.Redo)!.Value, uint.Parse(row.OldestId, CultureInfo.InvariantCulture)))
        {
            Replayed = Lsn.Parse(row.Replayed),
            MayHoldMore = row.InRecovery && row.Received is null,
        };
    }

    /// <summary>Reads the history file of a timeline.</summary>
    /// <exception cref="DalpException">The login may not, or it is no such file.</exception>
    public static async Task<TimelineHistory> ReadHistoryAsync(KeptConnection connection, DatabaseAddress address, TimeSpan timeout, int timeline, CancellationToken cancellationToken)
    {
        // The first timeline has no file.
        var file = timeline == 1 ? "" : await connection.ReadAsync(LineageQuery.History(timeline), Need.History, cancellationToken).ConfigureAwait(false);
        return DatabaseFaults.WhenUnreadable(address, timeout, () => TimelineHistory.Parse(file, timeline));
    }

    /// <exception cref="JsonException">It is not that document.</exception>
    public static CommitCount ReadCommits(string json)
    {
        var row = JsonSerializer.Deserialize(json, LineageJson.Default.CommitRow) ?? throw new JsonException("The document is empty.");
        return new CommitCount(row.Count, row.First, row.Last);
    }
}

/// <summary>What <see cref="LineageQuery.Sql"/> gives.</summary>
internal sealed record LineageRow(string System, bool InRecovery, bool MayWrite, int Timeline, string? Position, string? Received, string? Replayed, string? NextId, string Redo, string OldestId, bool SeesAll);

/// <summary>What <see cref="LineageQuery.Commits"/> gives.</summary>
internal sealed record CommitRow(long Count, DateTimeOffset? First, DateTimeOffset? Last);

/// <summary>Serialisation of the lineage without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LineageRow))]
[JsonSerializable(typeof(CommitRow))]
internal sealed partial class LineageJson : JsonSerializerContext;
