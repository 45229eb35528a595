namespace DalpHa.Core.Failover;

/// <summary>What a failover is for.</summary>
public enum FailoverKind
{
    /// <summary>The active site is lost or failing. What can't be saved is lost, as far as it was accepted.</summary>
    Failover,
    /// <summary>Planned: both sites are well, and the roles change without loss, or not at all.</summary>
    Switchover,
    /// <summary>Planned as well, by the same rules: a switchover that is made to practise and to leave evidence, and is called so wherever it is told.</summary>
    Drill,
}

/// <summary>What a kind means.</summary>
public static class FailoverKinds
{
    /// <summary>Whether nobody is forced to it: then both sites must be well, and nothing may be lost.</summary>
    public static bool IsPlanned(this FailoverKind kind) => kind is FailoverKind.Switchover or FailoverKind.Drill;
}
