namespace DalpHa.Core.Readiness;

/// <summary>What a check found. Ordered from good to bad; Unknown is its own state and never counts as good.</summary>
public enum CheckStatus
{
    /// <summary>As it should be.</summary>
    Pass,
    /// <summary>Acceptable now, and somebody should look.</summary>
    Warn,
    /// <summary>It could not be seen: nothing may rest on it.</summary>
    Unknown,
    /// <summary>Not as it should be: a failover now would fail, lose data or be unsafe.</summary>
    Fail,
}
