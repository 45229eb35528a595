namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>A moment at which something outside the process changes: before the change reaches its server, or after it is done there and before the process hears of it.</summary>
/// <param name="Number">Its number in the run, from 0.</param>
/// <param name="Write">The write.</param>
/// <param name="IsAfter">Whether the change is done.</param>
internal sealed record WriteMoment(int Number, string Write, bool IsAfter)
{
    public override string ToString() => $"{Number}: {(IsAfter ? "after" : "before")} {Write}";
}

/// <summary>
/// All that a process under test changes goes through here: it stands on the wire to both clusters and both databases, where the shipped code does not know of
/// it, and sees each write twice. So a process can be ended at any of these moments exactly, and nobody has to be believed about what was done.
/// </summary>
internal sealed class WriteGates
{
    private readonly Lock turn = new();
    private readonly List<string> done = [];
    private int moments;
    private bool isShut;

    /// <summary>Is called at each moment; the write waits for it.</summary>
    public Func<WriteMoment, Task>? OnMoment { get; set; }

    /// <summary>The writes that were done, in their order.</summary>
    public IReadOnlyList<string> Done
    {
        get
        {
            lock (turn)
            {
                return [.. done];
            }
        }
    }

    /// <summary>How many moments there were.</summary>
    public int Moments => Volatile.Read(ref moments);

    /// <summary>Lets the next process write, counted from 0. What was done before it is kept.</summary>
    public void Open()
    {
        lock (turn)
        {
            (moments, isShut, OnMoment) = (0, false, null);
        }
    }

    /// <summary>Forgets what was done.</summary>
    public void Clear()
    {
        lock (turn)
        {
            done.Clear();
        }
        Open();
    }

    /// <summary>Lets nothing through from now on: who wrote is dead, and what he had on the way never arrives.</summary>
    public void Shut()
    {
        lock (turn)
        {
            isShut = true;
        }
    }

    /// <summary>A write is about to reach its server.</summary>
    /// <returns>Whether it may.</returns>
    public Task<bool> BeforeAsync(string write) => PassAsync(write, isAfter: false);

    /// <summary>A write has been done.</summary>
    /// <returns>Whether its writer may hear of it.</returns>
    public Task<bool> AfterAsync(string write)
    {
        lock (turn)
        {
            done.Add(write);
        }
        return PassAsync(write, isAfter: true);
    }

    private async Task<bool> PassAsync(string write, bool isAfter)
    {
        WriteMoment moment;
        Func<WriteMoment, Task>? told;
        lock (turn)
        {
            if (isShut)
            {
                return false;
            }
            moment = new WriteMoment(moments++, write, isAfter);
            told = OnMoment;
        }
        await (told?.Invoke(moment) ?? Task.CompletedTask);
        lock (turn)
        {
            return !isShut;
        }
    }
}
