namespace DalpHa.Core.Replication;

/// <summary>How a former primary stands to the primary that was promoted in its place.</summary>
public enum DivergenceVerdict
{
    /// <summary>It can't be told.</summary>
    Unknown,
    /// <summary>It follows, and holds exactly what the primary does.</summary>
    Identical,
    /// <summary>It holds nothing that the primary lacks, and lacks something itself.</summary>
    BehindOnly,
    /// <summary>It went on after the primary had left its timeline, and holds WAL that the primary lacks.</summary>
    Diverged,
    /// <summary>It is another database.</summary>
    Foreign,
}

/// <summary>What a former primary holds that the present one lacks. What is not known is null, never zero.</summary>
public sealed record DalpDivergence
{
    /// <summary>The former primary's site.</summary>
    public required string Site { get; init; }

    /// <summary>The former primary's name in the topology.</summary>
    public required string Server { get; init; }

    /// <summary>The present primary's site.</summary>
    public required string PrimarySite { get; init; }

    /// <summary>The present primary's name; null when none was found.</summary>
    public string? Primary { get; init; }

    /// <summary>How the one stands to the other.</summary>
    public required DivergenceVerdict Verdict { get; init; }

    /// <summary>The former primary's timeline, or null.</summary>
    public int? Timeline { get; init; }

    /// <summary>The present primary's timeline, or null.</summary>
    public int? PrimaryTimeline { get; init; }

    /// <summary>The last timeline that both share; null when they did not part, or it can't be seen.</summary>
    public int? ForkTimeline { get; init; }

    /// <summary>Where they parted: up to there both hold the same. Null when they did not part, or it can't be seen.</summary>
    public Lsn? ForkLsn { get; init; }

    /// <summary>How far the former primary reaches, or null.</summary>
    public Lsn? Lsn { get; init; }

    /// <summary>How far the present primary reaches, or null.</summary>
    public Lsn? PrimaryLsn { get; init; }

    /// <summary>WAL of the former primary that the present one lacks, in bytes: what it would lose as a standby. A server that nobody writes to still writes some of its own.</summary>
    public long? LostBytes { get; init; }

    /// <summary>The transactions that were committed in it; at most so many when <see cref="IsTransactionBound"/>. Null when unknown.</summary>
    public long? LostTransactions { get; init; }

    /// <summary>Whether <see cref="LostTransactions"/> is an upper bound, from transaction ids, and not a count of commits.</summary>
    public bool IsTransactionBound { get; init; }

    /// <summary>When the first of them was committed; null when there is none, or it is not known.</summary>
    public DateTimeOffset? FirstLostAt { get; init; }

    /// <summary>When the last of them was committed; null when there is none, or it is not known.</summary>
    public DateTimeOffset? LastLostAt { get; init; }

    /// <summary>WAL of the present primary that the former one lacks, in bytes, or null.</summary>
    public long? BehindBytes { get; init; }

    /// <summary>Whether the former primary may still write, so that all of this may grow; null when it can't be seen.</summary>
    public bool? TakesWrites { get; init; }

    /// <summary>What was found, and why what is missing could not be, in sentences.</summary>
    public required string Detail { get; init; }

    /// <summary>When it was measured.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether it is certain that nothing anybody committed is lost when the former primary becomes a standby.</summary>
    public bool LosesNothing => Verdict is DivergenceVerdict.Identical or DivergenceVerdict.BehindOnly || (Verdict == DivergenceVerdict.Diverged && LostTransactions == 0);
}
