using DalpHa.Core.Readiness;

namespace DalpHa.Core.Replication;

/// <summary>What two servers' lineages say of each other.</summary>
/// <param name="Verdict">How the former primary stands to the present one.</param>
/// <param name="Detail">Why, in sentences.</param>
public sealed record LineageFinding(DivergenceVerdict Verdict, string Detail)
{
    /// <summary>Where they part; null when they don't, or it can't be seen.</summary>
    public TimelineFork? Fork { get; init; }

    /// <summary>What the former primary holds beyond the fork, or null.</summary>
    public long? LostBytes { get; init; }

    /// <summary>What the present primary holds beyond the former one, or beyond the fork; null when it can't be seen.</summary>
    public long? BehindBytes { get; init; }
}

/// <summary>Whether a former primary was seen to stream from the present one.</summary>
/// <param name="Follows">Whether it was, by both ends.</param>
/// <param name="Why">Why not; empty when it was.</param>
public readonly record struct LinkSight(bool Follows, string Why);

/// <summary>Decides how a former primary stands to the one that was promoted in its place, from what both say of their lineage alone.</summary>
public static class DivergenceJudge
{
    /// <summary>How the former primary stands to the present one.</summary>
    /// <param name="former">The former primary's, read first.</param>
    /// <param name="primary">The present one's, which is out of recovery.</param>
    /// <param name="link">The link between them. One timeline is no proof that the one follows the other: a copy that is started by itself is on it too.</param>
    public static LineageFinding Judge(DatabaseLineage former, DatabaseLineage primary, LinkSight link)
    {
        if (former.SystemIdentifier != primary.SystemIdentifier)
        {
            return new(DivergenceVerdict.Foreign, $"Its system identifier is {former.SystemIdentifier}, the primary's {primary.SystemIdentifier}: they never were one database.");
        }
        if ((former.HistoryFailure ?? primary.HistoryFailure) is { } failure)
        {
            return Unknown($"Its timeline is {former.Timeline}, the primary's {primary.Timeline}; where they part can't be seen. {failure.Message} {failure.RecommendedAction}");
        }
        var (own, others) = (former.History!, primary.History!);
        if (own.IsSameAs(others))
        {
            return OnOneTimeline(former, primary, link);
        }
        return own.ForkFrom(others) is { } fork
            ? Parted(former, primary, fork)
            : Unknown($"The histories of its timeline {former.Timeline} and of the primary's {primary.Timeline} have no timeline in common, though they are of one database.");
    }

    /// <summary>
    /// At most how many transactions a former primary ended beyond the fork: the ids that were given since a checkpoint before it, and those that ran at it. Null when
    /// there has been a checkpoint since, or it is in recovery.
    /// </summary>
    public static long? TransactionBound(DatabaseLineage former, TimelineFork fork) => former.NextTransactionId is { } next && former.Checkpoint.Redo <= fork.Lsn
        ? unchecked(next - former.Checkpoint.OldestTransactionId)
        : null;

    private static LineageFinding OnOneTimeline(DatabaseLineage former, DatabaseLineage primary, LinkSight link)
    {
        if (!former.IsInRecovery)
        {
            return Unknown(
                $"Both are out of recovery on timeline {former.Timeline}, which each promotion leaves: either both addresses lead to one server, or one is a copy of the other that was started by itself. "
                + "Where they part can't be seen.");
        }
        if (!link.Follows)
        {
            return Unknown(
                $"Both are on timeline {former.Timeline}; it reaches to {former.Position}, the primary to {primary.Position}. That it follows this primary can't be seen: {link.Why.TrimEnd('.')}. "
                + "Mend the link between them, and compare again.");
        }
        var behind = primary.Position - former.Position;
        return behind switch
        {
            0 => new(DivergenceVerdict.Identical, $"It follows on timeline {former.Timeline} and holds all of the primary, up to {former.Position}.") { LostBytes = 0, BehindBytes = 0 },
            > 0 => new(DivergenceVerdict.BehindOnly, $"It follows on timeline {former.Timeline}, and {Wording.Bytes(behind)} have not reached it.") { LostBytes = 0, BehindBytes = behind },
            _ => Unknown($"It has received up to {former.Position}, past the primary's {primary.Position} on the one timeline {former.Timeline}: the primary has lost WAL. Where they part can't be seen."),
        };
    }

    private static LineageFinding Parted(DatabaseLineage former, DatabaseLineage primary, TimelineFork fork)
    {
        var where = $"They parted at {fork.Lsn} on timeline {fork.Timeline}";
        var lost = former.Position - fork.Lsn;
        if (former.MayHoldMore)
        {
            var more = $"It has replayed up to {former.Position} and streamed nothing since its start: whether its disk holds more than that can't be seen. Let it replay what it has (pg_wal_replay_resume(), recovery_min_apply_delay), and compare again.";
            return lost <= 0
                ? Unknown($"{where}. {more}") with { Fork = fork }
                : new(DivergenceVerdict.Diverged, $"{where}, and it went on: at least {Wording.Bytes(lost)} of WAL that the primary lacks. {more}") { Fork = fork, BehindBytes = primary.Position - fork.Lsn };
        }
        return lost <= 0
            ? new(DivergenceVerdict.BehindOnly, $"{where}; it reaches to {former.Position} and holds nothing beyond.") { Fork = fork, LostBytes = 0, BehindBytes = primary.Position - former.Position }
            : new(DivergenceVerdict.Diverged, $"{where}, and it went on to {former.Position}: {Wording.Bytes(lost)} of WAL that the primary lacks.") { Fork = fork, LostBytes = lost, BehindBytes = primary.Position - fork.Lsn };
    }

    private static LineageFinding Unknown(string detail) => new(DivergenceVerdict.Unknown, detail);
}
