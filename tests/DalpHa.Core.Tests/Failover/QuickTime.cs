namespace DalpHa.Core.Tests.Failover;

/// <summary>A clock that does not let its users wait: a short wait moves it forward and is over at once, a long one (a bound) is over when the short ones have added up to it.</summary>
internal sealed class QuickTime : TimeProvider
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(29);
    private readonly Lock turn = new();
    private readonly List<Waiting> bounds = [];
    private TimeSpan asleep;
    private DateTimeOffset now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (turn)
        {
            return now;
        }
    }

    public override long GetTimestamp()
    {
        lock (turn)
        {
            return (now - asleep).Ticks;
        }
    }

    /// <summary>The machine sleeps, or its clock is set back: the steady clock knows nothing of it, and no timer rings.</summary>
    public void Sleep(TimeSpan by)
    {
        lock (turn)
        {
            (now, asleep) = (now + by, asleep + by);
            bounds.ForEach(one => one.Postpone(by));
        }
    }

    public void Advance(TimeSpan by)
    {
        List<Waiting> due;
        lock (turn)
        {
            now += by;
            due = [.. bounds.Where(one => one.Due <= now)];
            bounds.RemoveAll(one => one.Due <= now);
        }
        due.ForEach(one => one.Ring());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Waiting(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Waiting(QuickTime time, Action ring) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Ring() => ring();

        public void Postpone(TimeSpan by) => Due += by;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan || (period != Timeout.InfiniteTimeSpan && period > TimeSpan.Zero))
            {
                return true;
            }
            if (dueTime <= Short)
            {
                ThreadPool.UnsafeQueueUserWorkItem(_ =>
                {
                    time.Advance(dueTime);
                    ring();
                }, null);
                return true;
            }
            lock (time.turn)
            {
                Due = time.now + dueTime;
                time.bounds.Add(this);
            }
            return true;
        }

        public void Dispose()
        {
            lock (time.turn)
            {
                time.bounds.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
