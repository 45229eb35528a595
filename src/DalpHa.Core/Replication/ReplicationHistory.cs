namespace DalpHa.Core.Replication;

/// <summary>Where the primary was at one moment.</summary>
/// <param name="Position">Its write position.</param>
/// <param name="PrimaryTime">Its clock, read just before: every earlier commit lies before <paramref name="Position"/>.</param>
/// <param name="ObservedAt">Our clock, read before asking.</param>
public sealed record PrimaryPoint(Lsn Position, DateTimeOffset PrimaryTime, DateTimeOffset ObservedAt);

/// <summary>What is remembered of one standby and its primary between measurements, and between runs. Immutable.</summary>
public sealed record ReplicationHistory
{
    /// <summary>What this DalpHa writes as <see cref="Version"/>, and the newest that it understands.</summary>
    public const int CurrentVersion = 1;

    private const int MaxPoints = 240;

    /// <summary>Nothing yet.</summary>
    public static ReplicationHistory Empty { get; } = new();

    /// <summary>The meaning of what is kept; a later DalpHa that changes it counts on.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The cluster whose positions these are; null when there are none.</summary>
    public string? SystemIdentifier { get; init; }

    /// <summary>The timeline that the positions are on.</summary>
    public int Timeline { get; init; }

    /// <summary>Positions of the primary, oldest first; neither positions nor times ever decrease.</summary>
    public IReadOnlyList<PrimaryPoint> Points { get; init; } = [];

    /// <summary>What the standby had replayed when it was last asked, or null.</summary>
    public Lsn? LastReplayLsn { get; init; }

    /// <summary>The slot that the standby last used, or null.</summary>
    public string? Slot { get; init; }

    /// <summary>When the standby was last within its thresholds, or null.</summary>
    public DateTimeOffset? LastHealthyAt { get; init; }

    /// <summary>
    /// Adds a primary's position. Positions of another cluster or timeline, or of a clock or position that went backwards since, are forgotten:
    /// nothing can be concluded from them.
    /// </summary>
    public ReplicationHistory Add(DatabaseSample primary, DateTimeOffset observedAt)
    {
        if (primary.CurrentLsn is not { } position)
        {
            return this;
        }
        var point = new PrimaryPoint(position, primary.ServerTime, observedAt);
        var continues = SystemIdentifier == primary.SystemIdentifier
            && Timeline == primary.Timeline
            && (Points.Count == 0 || (Points[^1].Position <= position && Points[^1].PrimaryTime <= point.PrimaryTime));
        return this with
        {
            SystemIdentifier = primary.SystemIdentifier,
            Timeline = primary.Timeline,
            Points = continues ? Append(Points, point) : [point],
        };
    }

    /// <summary>What of it a clock can stand for that shows <paramref name="now"/>: moments ahead of it are of a clock that was wrong then, or is now.</summary>
    public ReplicationHistory Until(DateTimeOffset now) => this with
    {
        Points = [.. Points.Where(point => point.ObservedAt <= now)],
        LastHealthyAt = LastHealthyAt <= now ? LastHealthyAt : null,
    };

    /// <summary>The newest remembered position that lies at or before <paramref name="reached"/>, or null.</summary>
    public PrimaryPoint? NewestReached(Lsn reached) => Points.LastOrDefault(point => point.Position <= reached);

    /// <summary>The oldest remembered position that lies after <paramref name="reached"/>, or null.</summary>
    public PrimaryPoint? OldestBeyond(Lsn reached) => Points.FirstOrDefault(point => point.Position > reached);

    private static List<PrimaryPoint> Append(IReadOnlyList<PrimaryPoint> points, PrimaryPoint point)
    {
        var list = new List<PrimaryPoint>(points.Count + 1);
        list.AddRange(points);
        // Of an idle stretch its first and last moment say everything.
        if (list.Count >= 2 && list[^1].Position == point.Position && list[^2].Position == point.Position)
        {
            list.RemoveAt(list.Count - 1);
        }
        list.Add(point);
        if (list.Count > MaxPoints)
        {
            // Every subset of points bounds honestly; the recent ones bound tightly. So the older half is thinned.
            var index = 0;
            list.RemoveAll(_ => index++ is var i && i < MaxPoints / 2 && i % 2 == 1);
        }
        return list;
    }
}
