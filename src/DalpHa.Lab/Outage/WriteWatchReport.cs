using System.Diagnostics;
using System.Text.Json.Serialization;

namespace DalpHa.Lab.Outage;

/// <summary>What a <see cref="WriteWatch"/> saw.</summary>
/// <param name="Acknowledged">How many rows each server acknowledged.</param>
/// <param name="Lost">How many of all these rows the server that acknowledged the last one does not have.</param>
/// <param name="Changes">Each time that another server acknowledged than before. More than were made means that two servers took writes at once.</param>
internal sealed record WriteWatchReport(IReadOnlyList<int> Acknowledged, int Lost, IReadOnlyList<WriteChange> Changes)
{
    /// <summary>Makes it of the rows in the order of their acknowledgement.</summary>
    public static WriteWatchReport Of(IReadOnlyList<AcknowledgedRow> rows, int servers, int lost) => new(
        [.. Enumerable.Range(0, servers).Select(server => rows.Count(row => row.Server == server))],
        lost,
        [.. rows.Zip(rows.Skip(1)).Where(pair => pair.First.Server != pair.Second.Server).Select(pair => new WriteChange(pair.First.Server, pair.Second.Server, pair.First.At, pair.Second.At))]);
}

/// <summary>The time between the last row that one server acknowledged and the first of the next.</summary>
/// <param name="From">The server's place in the list.</param>
/// <param name="To">The next one's.</param>
/// <param name="LastAt">When the last row was acknowledged, as <see cref="Stopwatch.GetTimestamp"/> tells it: on Linux another process can compare it with its own.</param>
/// <param name="FirstAt">When the next server's first was.</param>
internal sealed record WriteChange(int From, int To, long LastAt, long FirstAt)
{
    /// <summary>Between the two.</summary>
    public double Milliseconds => Stopwatch.GetElapsedTime(LastAt, FirstAt).TotalMilliseconds;
}

/// <summary>Serialisation of the report without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(WriteWatchReport))]
internal sealed partial class WriteWatchJson : JsonSerializerContext;
