using System.Globalization;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>What <c>pg_controldata</c> says of a stopped server. Only what is asked for is kept: the rest holds the server's nonce for logins.</summary>
/// <remarks>Source of the words: pg_controldata.c of PostgreSQL 13 to 18.</remarks>
internal sealed record ControlData
{
    private const string ShutDown = "shut down";
    private const string ShutDownInRecovery = "shut down in recovery";

    // What may stand there while no server runs: the last four are left by one that was killed.
    private static readonly string[] States = [ShutDown, ShutDownInRecovery, "shutting down", "in crash recovery", "in archive recovery", "in production"];

    private ControlData()
    {
    }

    public required string SystemIdentifier { get; init; }

    /// <summary>Whether it shut down in order as a primary: then its last checkpoint is the last thing that it wrote.</summary>
    public required bool IsShutDown { get; init; }

    public required bool IsInRecovery { get; init; }

    public required int Timeline { get; init; }

    /// <summary>Where the record of the last checkpoint begins.</summary>
    public required Lsn Checkpoint { get; init; }

    public required Lsn Redo { get; init; }

    /// <summary>Up to here at least its WAL was there once.</summary>
    public required Lsn Reached { get; init; }

    /// <summary>The next transaction id as of the last checkpoint, without its epoch.</summary>
    public required uint NextTransactionId { get; init; }

    public required uint OldestActiveTransactionId { get; init; }

    public required uint WalBlockSize { get; init; }

    public required uint SegmentSize { get; init; }

    /// <exception cref="FormatException">It is not what the program says of a whole control file.</exception>
    public static ControlData Parse(IEnumerable<string> lines)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.Where(line => line.Length > 0))
        {
            if (line.StartsWith("WARNING", StringComparison.Ordinal) || line.IndexOf(':') is not (> 0 and var colon))
            {
                throw new FormatException($"pg_controldata says '{line}'");
            }
            values[line[..colon]] = line[(colon + 1)..].Trim();
        }
        var state = Value("Database cluster state");
        if (!States.Contains(state))
        {
            throw new FormatException($"the state '{state}' is not known");
        }
        // Until the first checkpoint after a promotion only the second of them names the new timeline.
        var timeline = Math.Max(Number<int>("Latest checkpoint's TimeLineID"), Number<int>("Min recovery ending loc's timeline"));
        var next = Value("Latest checkpoint's NextXID").Split(':');
        return new ControlData
        {
            SystemIdentifier = Number<ulong>("Database system identifier").ToString(CultureInfo.InvariantCulture),
            IsShutDown = state == ShutDown,
            IsInRecovery = state is ShutDownInRecovery or "in archive recovery",
            Timeline = timeline > 0 ? timeline : throw new FormatException("it names no timeline"),
            Checkpoint = Position("Latest checkpoint location"),
            Redo = Position("Latest checkpoint's REDO location"),
            // No recovery was under way where this is 0/0.
            Reached = new Lsn(Math.Max(Position("Latest checkpoint location").Value, Lsn.Parse(Value("Minimum recovery ending location"))!.Value.Value)),
            NextTransactionId = next.Length == 2 ? uint.Parse(next[1], NumberStyles.None, CultureInfo.InvariantCulture) : throw new FormatException($"'{string.Join(':', next)}' is no transaction id"),
            OldestActiveTransactionId = Number<uint>("Latest checkpoint's oldestActiveXID"),
            WalBlockSize = Number<uint>("WAL block size"),
            SegmentSize = Number<uint>("Bytes per WAL segment"),
        };

        string Value(string name) => values.GetValueOrDefault(name) ?? throw new FormatException($"'{name}' is missing");

        T Number<T>(string name)
            where T : System.Numerics.INumberBase<T> =>
            T.TryParse(Value(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"'{name}' is '{Value(name)}'");

        Lsn Position(string name) => Lsn.Parse(Value(name)) is { Value: > 0 } position ? position : throw new FormatException($"'{name}' is '{Value(name)}'");
    }
}
