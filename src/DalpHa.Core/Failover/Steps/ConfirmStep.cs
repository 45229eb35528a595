using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>Step 2: the replica that will be promoted has all that it can get, and what would be lost is known and accepted.</summary>
public sealed class ConfirmStep : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => FailoverSteps.Confirm;

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var listing = world.ListRecoveryPointsAsync(cancellationToken);
        var candidate = await PromotionCandidate.MeasureAsync(world, cancellationToken).ConfigureAwait(false);
        var others = await listing.ConfigureAwait(false);
        return new FailoverStep
        {
            Name = Name,
            Measured = $"{candidate.Measured} {Others(others)}".TrimEnd(),
            Preconditions = world.Kind.IsPlanned()
                ? [.. await PlannedConditions.MeasureAsync(world, candidate, cancellationToken).ConfigureAwait(false), .. candidate.Preconditions]
                : [.. await SoleWriter.MeasureAsync(world, cancellationToken).ConfigureAwait(false), .. candidate.Preconditions],
            Facts = candidate.Facts,
            // Before a planned promotion all is drained, when nothing more can come.
            Stages = candidate.IsUsable && !world.Kind.IsPlanned() ? [[ReplayAll(world, candidate)]] : [],
        };
    }

    // What is left when the replica is not the way: shown, and never taken by itself.
    private static string Others(IReadOnlyList<DalpRecoveryPoint> points)
    {
        var backups = points.Where(point => point.Kind != RecoveryPointKind.Replica).ToList();
        var usable = backups.Where(point => point.Status == RecoveryPointStatus.Usable).Take(2)
            .Select(point => $"{point.Name} ({(point.LossTime is { } loss ? $"loses at most the last {Wording.Duration(loss)}" : "loss not known")})").ToList();
        var unseen = backups.Where(point => point.Status == RecoveryPointStatus.Unknown).Select(point => point.Name).ToList();
        return backups.Count == 0 ? ""
            : $"Backups: {(usable.Count == 0 ? "none is known to be usable" : string.Join(", ", usable))}{(unseen.Count == 0 ? "" : $"; not seen: {string.Join(", ", unseen)}")}.";
    }

    private FailoverAction ReplayAll(FailoverWorld world, PromotionCandidate candidate) => new()
    {
        Name = $"Wait until {candidate.Server.Name} has replayed what it received",
        Site = world.Standby.Name,
        Outcome = $"{candidate.Server.Name} has replayed all that it received",
        LookAsync = async cancellationToken =>
        {
            var now = await PromotionCandidate.MeasureAsync(world, cancellationToken).ConfigureAwait(false);
            return now.Lag switch
            {
                null => now.IsPromoted ? Sighting.Yes("It is promoted already.") : Sighting.NotYet(now.Measured),
                { ReplayLagBytes: 0 } lag => Sighting.Yes($"All up to {lag.ReplayLsn}."),
                { ReplayLagBytes: { } left } => Sighting.NotYet($"{Wording.Bytes(left)} to replay."),
                // Nothing was streamed since its start: what it has, it has replayed.
                { ReceiveLsn: null, Link: not ReplicationLink.Unknown } lag => Sighting.Yes($"Nothing is streamed; replayed up to {lag.ReplayLsn}."),
                var lag => Sighting.NotYet(lag.Detail),
            };
        },
        ActAsync = _ => Task.CompletedTask,
        Timeout = world.Runbook.StepOf(Name).Timeout,
    };
}
