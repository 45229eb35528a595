namespace DalpHa.Core.Tests.Failover;

/// <summary>The process is gone at this point.</summary>
internal sealed class CrashException() : Exception("The process is gone.");

/// <summary>Ends the process at one of the moments at which something outside it changes: before the change, or right after it.</summary>
internal sealed class Crash
{
    private int moment;
    private bool isDead;

    /// <summary>The moment at which it ends; null for never.</summary>
    public int? At { get; init; }

    /// <summary>How many moments there were.</summary>
    public int Moments => moment;

    /// <summary>Ends it now.</summary>
    public void Die()
    {
        isDead = true;
        throw new CrashException();
    }

    public void Around(Action change)
    {
        Pass();
        change();
        Pass();
    }

    private void Pass()
    {
        // A dead process changes nothing more.
        if (isDead || moment++ == At)
        {
            isDead = true;
            throw new CrashException();
        }
    }
}
