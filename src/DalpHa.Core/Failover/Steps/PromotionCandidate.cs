using System.Globalization;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The standby server that the runbook promotes, as it stands now, and what a promotion now would lose.</summary>
internal sealed record PromotionCandidate
{
    /// <summary>The server; meaningless when <see cref="IsUsable"/> is false for the reason that none is named.</summary>
    public required DatabaseServerSettings Server { get; init; }

    /// <summary>Its lag; null when it is promoted already, or can't be seen.</summary>
    public DalpReplicationLag? Lag { get; init; }

    /// <summary>Whether it is a primary already.</summary>
    public bool IsPromoted { get; init; }

    /// <summary>What was measured, in a sentence.</summary>
    public required string Measured { get; init; }

    /// <summary>What must hold for it to be promoted.</summary>
    public required IReadOnlyList<Precondition> Preconditions { get; init; }

    /// <summary>Facts for the journal: the loss bound, and the positions that it rests on.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it may be promoted as far as it itself goes.</summary>
    public bool IsUsable => Preconditions.All(precondition => precondition.IsMet);

    /// <summary>Measures it.</summary>
    public static async Task<PromotionCandidate> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var servers = world.Standby.Site.Database?.Servers ?? [];
        var named = world.Runbook.Promotion.Server is { } name ? servers.Where(server => server.Name == name).ToList() : servers;
        if (named.Count != 1)
        {
            return NotNamed(world, servers.Count);
        }
        var server = named[0];
        var measuring = world.MeasureLagAsync(cancellationToken);
        try
        {
            if (!(await world.Standby.ReadActivityAsync(server, cancellationToken).ConfigureAwait(false)).IsInRecovery)
            {
                return new PromotionCandidate { Server = server, Measured = $"{server.Name} is promoted already; what it lacks of the former primary, if anything, is not measured here (Compare-DalpDatabase).", Preconditions = [], IsPromoted = true };
            }
        }
        catch (DalpException exception)
        {
            return Unseen(world, server, exception);
        }
        var lag = (await measuring.ConfigureAwait(false)).First(one => one.Standby == server.Name);
        return world.Kind.IsPlanned() ? Planned(world, server, lag) : Of(world, server, lag);
    }

    // What a promotion now would lose does not matter: it only comes when nothing would be lost any more.
    private static PromotionCandidate Planned(FailoverWorld world, DatabaseServerSettings server, DalpReplicationLag lag) => new()
    {
        Server = server,
        Lag = lag,
        Measured = $"{server.Name}: {lag.Link}, replayed up to {lag.ReplayLsn?.ToString() ?? "an unknown position"}; it is promoted when it has all, and nothing is lost.",
        Preconditions = [new Precondition("ReplicaUsable", Usable(world, server, lag))],
        Facts = FactsOf(server, lag, TimeSpan.Zero, 0),
    };

    private static PromotionCandidate Of(FailoverWorld world, DatabaseServerSettings server, DalpReplicationLag lag)
    {
        var loss = RecoveryPoints.LossOf(lag);
        var accepted = world.AcceptedLoss;
        var expected = accepted == TimeSpan.MaxValue ? "any loss" : $"at most {Wording.Duration(accepted)}";
        var bytes = lag.ReceiveLagBytes is { } missing ? $", {Wording.Bytes(missing)}" : "";
        var bound = loss is { } time ? $"at most the last {Wording.Duration(time)}{bytes}" : "not known";
        return new PromotionCandidate
        {
            Server = server,
            Lag = lag,
            Measured = $"{server.Name}: {lag.Link}, replayed up to {lag.ReplayLsn?.ToString() ?? "an unknown position"}; {(loss is null ? "what a promotion now loses is not known" : $"a promotion now loses {(loss == TimeSpan.Zero ? "nothing" : bound)}")}.",
            Preconditions =
            [
                new Precondition("ReplicaUsable", Usable(world, server, lag)),
                new Precondition("LossAccepted", loss <= accepted || accepted == TimeSpan.MaxValue
                    ? Finding.Pass(world.Standby.Name, server.Name, loss == TimeSpan.Zero ? "nothing is lost" : bound, expected)
                    : loss is null
                        ? Finding.Unknown(world.Standby.Name, server.Name, bound, expected, "Neither the primary's position nor the time of the last replayed commit is known.", "Find out what the former primary had; to go on without knowing, the decision owner gives -MaxDataLoss ([timespan]::MaxValue).")
                        : Finding.Fail(world.Standby.Name, server.Name, bound, expected, "The loss is larger than was accepted.", $"Let the replica catch up, or restore from a backup; to accept it, the decision owner gives -MaxDataLoss '{loss}'.")),
            ],
            Facts = FactsOf(server, lag, loss, lag.ReceiveLagBytes),
        };
    }

    private static Dictionary<string, string> FactsOf(DatabaseServerSettings server, DalpReplicationLag lag, TimeSpan? loss, long? lossBytes) => new()
    {
        ["server"] = server.Name,
        ["replayLsn"] = lag.ReplayLsn?.ToString() ?? "",
        ["primaryLsn"] = lag.PrimaryLsn?.ToString() ?? "",
        ["lossBytes"] = lossBytes?.ToString(CultureInfo.InvariantCulture) ?? "",
        ["lossSeconds"] = loss?.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) ?? "",
    };

    private static Finding Usable(FailoverWorld world, DatabaseServerSettings server, DalpReplicationLag lag) => lag switch
    {
        { ReplayLsn: null } => Finding.Unknown(world.Standby.Name, server.Name, "can't be seen", "a standby that replays", lag.Detail, "Reach it first: nothing is promoted unseen."),
        // Who is told to become the primary leaves the former one before he takes writes, and looks like a standby that can't follow.
        { Link: ReplicationLink.Broken, Primary: not null } when world.HasPromoted => Finding.Unknown(
            world.Standby.Name, server.Name, "its promotion was begun", "out of recovery",
            $"This failover has begun to promote it, and it has no link to {lag.Primary} any more: it may be about to take writes.",
            "Wait until it is out of recovery, and resume. Until its log shows that it was not promoted, do not rewind or rebuild it, and promote no other."),
        { Link: ReplicationLink.Broken, Primary: not null } => Finding.Fail(world.Standby.Name, server.Name, "the link is broken", "a standby of this primary", lag.Detail, "Mend the link and let it catch up, or promote another."),
        _ => Finding.Pass(world.Standby.Name, server.Name, $"replays up to {lag.ReplayLsn}", "a standby that replays", lag.Detail),
    };

    private static PromotionCandidate Unseen(FailoverWorld world, DatabaseServerSettings server, DalpException failure) => new()
    {
        Server = server,
        Measured = $"{server.Name} can't be seen: {failure.Message}",
        Preconditions = [new Precondition("ReplicaUsable", Finding.Unknown(world.Standby.Name, server.Name, "can't be seen", "a standby that replays", failure.Message, failure.RecommendedAction))],
    };

    private static PromotionCandidate NotNamed(FailoverWorld world, int servers) => new()
    {
        Server = new DatabaseServerSettings { Name = "" },
        Measured = "Which server to promote is not clear.",
        Preconditions =
        [
            new Precondition("ReplicaNamed", Finding.Unknown(
                world.Standby.Name,
                "database",
                $"{servers} servers in the topology",
                "one, or one named by the runbook",
                "DalpHa never chooses the server to promote.",
                "Name it in the runbook: promotion.server.")),
        ],
    };
}
