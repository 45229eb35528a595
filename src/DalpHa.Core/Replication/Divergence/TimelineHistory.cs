using System.Globalization;

namespace DalpHa.Core.Replication;

/// <summary>A timeline that a server's data came through, and where they left it for the next.</summary>
/// <param name="Timeline">The timeline.</param>
/// <param name="End">Where the next one begins.</param>
public readonly record struct TimelineSwitch(int Timeline, Lsn End);

/// <summary>Where two histories part: up to there both servers hold the same.</summary>
/// <param name="Timeline">The last timeline that they share.</param>
/// <param name="Lsn">The position on it.</param>
public readonly record struct TimelineFork(int Timeline, Lsn Lsn);

/// <summary>The timelines that a server's data came through, up to the one that it is on. A number alone does not name a timeline: two promotions may take the same.</summary>
/// <remarks>The form of the file and the search for the fork are those of timeline.c and pg_rewind.c in PostgreSQL's source.</remarks>
public sealed record TimelineHistory
{
    private readonly IReadOnlyList<TimelineSwitch> ancestors;

    /// <summary>Makes a history.</summary>
    /// <param name="ancestors">The former timelines, the oldest first.</param>
    /// <param name="current">The timeline that the server is on.</param>
    public TimelineHistory(IReadOnlyList<TimelineSwitch> ancestors, int current)
    {
        this.ancestors = ancestors;
        Current = current;
    }

    /// <summary>The timeline that the server is on.</summary>
    public int Current { get; }

    /// <summary>Where it left the timeline before; null on the first.</summary>
    public TimelineSwitch? LastSwitch => ancestors.Count > 0 ? ancestors[^1] : null;

    /// <summary>Reads a history file: <c>timeline TAB position TAB reason</c> a line.</summary>
    /// <param name="text">The file of the timeline that the server is on; empty on the first timeline, which has none.</param>
    /// <param name="current">That timeline.</param>
    /// <exception cref="FormatException">It is not such a file.</exception>
    public static TimelineHistory Parse(string text, int current)
    {
        var ancestors = new List<TimelineSwitch>();
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'))
        {
            var fields = line.Split((char[])['\t', ' '], 3, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 2 || !int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var timeline)
                || timeline <= (ancestors.Count > 0 ? ancestors[^1].Timeline : 0) || timeline >= current)
            {
                throw new FormatException($"'{line}' is no line of the history of timeline {current}.");
            }
            ancestors.Add(new TimelineSwitch(timeline, Lsn.Parse(fields[1])!.Value));
        }
        return ancestors.Count > 0 || current == 1 ? new TimelineHistory(ancestors, current) : throw new FormatException($"The history of timeline {current} is empty.");
    }

    /// <summary>Whether both are on the same timeline, and came to it the same way.</summary>
    public bool IsSameAs(TimelineHistory other) => Current == other.Current && ancestors.SequenceEqual(other.ancestors);

    /// <summary>Where two histories part; null when they share nothing, or don't part.</summary>
    public TimelineFork? ForkFrom(TimelineHistory other)
    {
        var (mine, theirs) = (Stretches(), other.Stretches());
        // A timeline is the same one only if it also began at the same place.
        var shared = mine.Zip(theirs).TakeWhile(pair => (pair.First.Timeline, pair.First.Begin) == (pair.Second.Timeline, pair.Second.Begin)).LastOrDefault();
        var ends = new[] { shared.First.End, shared.Second.End }.OfType<Lsn>().ToList();
        return ends.Count > 0 ? new TimelineFork(shared.First.Timeline, ends.Min()) : null;
    }

    /// <summary>The timelines that lead from one position to another, each with its part of the way.</summary>
    /// <param name="from">Where the way begins.</param>
    /// <param name="to">Where it ends, on the last timeline.</param>
    public IReadOnlyList<(int Timeline, Lsn From, Lsn To)> Between(Lsn from, Lsn to) =>
        [.. Stretches().Select(one => (one.Timeline, one.Begin > from ? one.Begin : from, one.End is { } end && end < to ? end : to)).Where(part => part.Item2 < part.Item3)];

    private List<(int Timeline, Lsn Begin, Lsn? End)> Stretches()
    {
        var begins = ancestors.Select(ancestor => ancestor.End).Prepend(default);
        var stretches = ancestors.Select(ancestor => (ancestor.Timeline, (Lsn?)ancestor.End)).Append((Current, null));
        return [.. begins.Zip(stretches, (begin, stretch) => (stretch.Item1, begin, stretch.Item2))];
    }
}
