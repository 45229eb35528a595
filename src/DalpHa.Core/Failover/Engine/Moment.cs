namespace DalpHa.Core.Failover;

/// <summary>
/// A moment, and how long ago it may be. The steady clock stands still while a laptop sleeps, and the other one may be set back: what may have grown old is as old as the
/// one that tells more.
/// </summary>
internal sealed class Moment
{
    private readonly TimeProvider time;
    private readonly long timestamp;

    private Moment(TimeProvider time)
    {
        this.time = time;
        timestamp = time.GetTimestamp();
        At = time.GetUtcNow();
    }

    /// <summary>When it was, by this machine's clock.</summary>
    public DateTimeOffset At { get; }

    /// <summary>How long ago it is, sleep included.</summary>
    public TimeSpan Age => TimeSpan.FromTicks(Math.Max(time.GetElapsedTime(timestamp).Ticks, (time.GetUtcNow() - At).Ticks));

    /// <summary>This moment.</summary>
    public static Moment Now(TimeProvider time) => new(time);
}
