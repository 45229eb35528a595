using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Failover;

/// <summary>What one look at both ends of a replication shows of a drain.</summary>
/// <param name="Seen">What was seen, in a sentence.</param>
/// <param name="LevelAt">Where both ends stand; null while they do not stand at the same position.</param>
/// <param name="IsPromoted">Whether the standby is a primary already, and the former one can't write.</param>
public sealed record DrainSight(string Seen, Lsn? LevelAt = null, bool IsPromoted = false)
{
    /// <summary>The primary as it is where both ends stand; null while they do not, and when it does not tell its next transaction.</summary>
    public DrainedPrimary? Drained { get; init; }
}

/// <summary>
/// Decides whether all that a frozen primary ever wrote is on its standby: received and replayed, exactly up to where the primary's log ends. One byte less, and
/// something may be lost; one byte more, and the standby follows another primary.
/// </summary>
public static class DrainRule
{
    /// <summary>Judges one look.</summary>
    /// <param name="actives">Each server of the active site.</param>
    /// <param name="standby">The standby that is to take over.</param>
    public static DrainSight Judge(IReadOnlyList<(string Name, WriteActivity Now)> actives, WriteActivity standby)
    {
        if (actives.Select(one => one.Now.WhyNotFrozen is { } why ? $"{one.Name}: {why}" : null).FirstOrDefault(why => why is not null) is { } open)
        {
            return new DrainSight(open);
        }
        if (!standby.IsInRecovery)
        {
            return new DrainSight("It is promoted, and the former primary can't write.", IsPromoted: true);
        }
        var primaries = actives.Where(one => !one.Now.IsInRecovery).ToList();
        if (primaries.Count != 1)
        {
            return new DrainSight($"{primaries.Count} servers of the active site are primaries.");
        }
        var (name, primary) = primaries[0];
        return (primary.EndLsn, standby.ReceivedLsn, standby.ReplayedLsn) switch
        {
            (null, _, _) => new DrainSight($"Where the log of {name} ends can't be seen."),
            (_, null, _) or (_, _, null) => new DrainSight("The standby receives nothing."),
            var (end, received, replayed) when received > end || replayed > end => new DrainSight($"The standby is past the end of {name}'s log at {end}: it follows another primary."),
            _ when primary.Timeline != standby.Timeline => new DrainSight($"The standby is on timeline {standby.Timeline}, {name} on {primary.Timeline}."),
            ({ } end, { } received, _) when received < end => new DrainSight($"{Wording.Bytes(end - received)} to receive."),
            ({ } end, _, { } replayed) when replayed < end => new DrainSight($"{Wording.Bytes(end - replayed)} to replay."),
            ({ } end, _, _) => new DrainSight($"Level at {end}.", LevelAt: end) { Drained = primary.NextTransactionId is { } next ? new DrainedPrimary(name, next, end) : null },
        };
    }

    /// <summary>What two looks, one after the other, show together: only what both saw alike counts, since what was about to be written shows in the second.</summary>
    public static Sighting Conclude(DrainSight first, DrainSight second) => (first, second) switch
    {
        ({ IsPromoted: true }, { IsPromoted: true }) => Sighting.Yes(second.Seen),
        ({ LevelAt: { } then }, { LevelAt: { } now }) when then == now => Sighting.Yes($"Frozen, and received and replayed up to its last position {now}, seen twice."),
        ({ LevelAt: { } then }, { LevelAt: { } now }) => Sighting.NotYet($"Level at {then}, then at {now}: something is still written."),
        _ => Sighting.NotYet(second.Seen),
    };
}
