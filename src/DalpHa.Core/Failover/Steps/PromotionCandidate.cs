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

    /// <summary>Whether what a promotion does can be done, or looked at because it is done already.</summary>
    public bool CanBeLookedAt => IsUsable || IsPromoted;

    /// <summary>Measures it.</summary>
    public static async Task<PromotionCandidate> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var servers = world.Standby.Site.Database?.Servers ?? [];
        var named = world.Runbook.Promotion.Server is { } name ? servers.Where(server => server.Name == name).ToList() : servers;
        if (named.Count != 1)
        {
            return NotNamed(world, servers);
        }
        var server = named[0];
        var reading = Task.WhenAll(servers.Where(other => other != server).Select(other => world.Standby.ReadServerAsync(other, cancellationToken)));
        var candidate = await MeasureAsync(world, server, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Precondition> beside = [.. (await reading.ConfigureAwait(false)).Select(other => Beside(world, other)).OfType<Finding>().Select(finding => new Precondition("OthersFollow", finding)), .. AskedBefore(world, candidate)];
        return candidate with { Preconditions = [.. candidate.Preconditions, .. beside] };
    }

    private static async Task<PromotionCandidate> MeasureAsync(FailoverWorld world, DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        var measuring = world.MeasureLagAsync(cancellationToken);
        try
        {
            if (!(await world.Standby.ReadActivityAsync(server, cancellationToken).ConfigureAwait(false)).IsInRecovery)
            {
                return Promoted(world, server);
            }
        }
        catch (DalpException exception)
        {
            return Unseen(world, server, exception);
        }
        var lag = (await measuring.ConfigureAwait(false)).First(one => one.Standby == server.Name);
        return world.Kind.IsPlanned() ? Planned(world, server, lag) : Of(world, server, lag);
    }

    // Two primaries of one site are two histories as well. One that is silent may be gone for good: its owner is told, and decides.
    private static Finding? Beside(FailoverWorld world, ServerSight other)
    {
        const string Expected = "a standby";
        var site = world.Standby.Name;
        return other switch
        {
            { Now.IsInRecovery: true } => null,
            { TakesWrites: true } => Finding.Fail(
                site, other.Server.Name, "takes writes", Expected, "It was promoted, and a second server beside it would be a second history.",
                $"Promote that one (promotion.server: {other.Server.Name}); or find out what wrote to it, and freeze it first: Suspend-DalpWrite -Site Standby."),
            { Now: not null } => Finding.Warn(site, other.Server.Name, "a primary that is frozen", Expected, "It follows nobody.", "Leave it frozen until it is rebuilt."),
            { Failure: var failure } => Finding.Warn(site, other.Server.Name, "can't be seen", Expected, failure!.Message, "See that it does not take writes."),
        };
    }

    // A script of a provider's, or an operator, may still be at it: who has it asked again must know.
    private static IEnumerable<Precondition> AskedBefore(FailoverWorld world, PromotionCandidate candidate) =>
        world.Promotion is { Server: { } name } begun && name == candidate.Server.Name && !candidate.IsPromoted
            ? [new Precondition("AskedOnce", Finding.Warn(
                world.Standby.Name, name, $"was told to become the primary at {begun.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z", "not told yet",
                begun.Outcome ?? "What came of it, nobody has written down.",
                $"See that the earlier attempt is over before it is told again{(world.Runbook.Promotion.Hook is null ? "" : ": the script is run a second time")}."))]
            : [];

    // Whoever promoted it, and whenever, only this failover's own promotion rests on what was measured and accepted for it.
    private static PromotionCandidate Promoted(FailoverWorld world, DatabaseServerSettings server)
    {
        const string Observed = "a primary already, and not by this failover";
        const string Parted = "It follows nobody: what the other site has written since they parted, it lacks. How much that is, nobody has measured.";
        const string GoOn = "Where a failover has promoted it, go on with that one (Get-DalpFailover).";
        var site = world.Standby.Name;
        return new PromotionCandidate
        {
            Server = server,
            IsPromoted = true,
            Facts = new Dictionary<string, string> { [JournalFact.Server] = server.Name, [JournalFact.PromotedBefore] = "true" },
            Measured = $"{server.Name} is promoted already; what it lacks of the former primary, if anything, is not measured here (Compare-DalpDatabase).",
            Preconditions = world switch
            {
                { Promotion: { } begun } when begun.IsOf(server.Name) => [],
                { Kind: FailoverKind.Failover } when world.AcceptedLoss == TimeSpan.MaxValue =>
                    [new Precondition("LossAccepted", Finding.Warn(site, server.Name, Observed, "any loss", Parted, "Compare-DalpDatabase shows it, where the former primary can be seen."))],
                { Kind: FailoverKind.Failover } => [new Precondition("LossAccepted", Finding.Unknown(
                    site, server.Name, Observed, $"at most {Wording.Duration(world.AcceptedLoss)}", Parted,
                    $"{GoOn} Else find out what it lacks (Compare-DalpDatabase); to go on without knowing, the decision owner gives -MaxDataLoss ([timespan]::MaxValue)."))],
                _ => [new Precondition("ReplicaUsable", Finding.Fail(
                    site, server.Name, Observed, "a standby that streams from the active site", Parted, $"{GoOn} Else make it a standby first: Restore-DalpStandby."))],
            },
        };
    }

    // What a promotion now would lose does not matter: it only comes when nothing would be lost any more.
    private static PromotionCandidate Planned(FailoverWorld world, DatabaseServerSettings server, DalpReplicationLag lag) => new()
    {
        Server = server,
        Lag = lag,
        Measured = $"{server.Name}: {lag.Link}, replayed up to {lag.ReplayLsn?.ToString() ?? "an unknown position"}; it is promoted when it has all, and nothing is lost.",
        Preconditions = [new Precondition("ReplicaUsable", Usable(world, server, lag))],
        Facts = FactsOf(server, lag, new MeasuredLoss(TimeSpan.Zero, 0)),
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
            Facts = FactsOf(server, lag, new MeasuredLoss(loss, lag.ReceiveLagBytes)),
        };
    }

    private static Dictionary<string, string> FactsOf(DatabaseServerSettings server, DalpReplicationLag lag, MeasuredLoss loss) => new(loss.Facts)
    {
        [JournalFact.Server] = server.Name,
        [JournalFact.ReplayLsn] = lag.ReplayLsn?.ToString() ?? "",
        [JournalFact.PrimaryLsn] = lag.PrimaryLsn?.ToString() ?? "",
    };

    private static Finding Usable(FailoverWorld world, DatabaseServerSettings server, DalpReplicationLag lag) => lag switch
    {
        { ReplayLsn: null } => Finding.Unknown(world.Standby.Name, server.Name, "can't be seen", "a standby that replays", lag.Detail, "Reach it first: nothing is promoted unseen."),
        // Who is told to become the primary leaves the former one before he takes writes, and looks like a standby that can't follow.
        { Link: ReplicationLink.Broken, Primary: not null } when world.Promotion?.IsOf(server.Name) is true => Finding.Unknown(
            world.Standby.Name, server.Name, "its promotion was begun", "out of recovery",
            $"This failover has begun to promote it, and it has no link to {lag.Primary} any more: it may be about to take writes.",
            "Wait until it is out of recovery, and resume. Until its log shows that it was not promoted, do not rewind or rebuild it, and promote no other."),
        // That the regions do not see each other is what a failover is for, and what was not sent is what it loses. Positions that compare tell a standby of this very primary.
        { Link: ReplicationLink.Broken, Primary: not null, ReceiveLagBytes: not null } => Finding.Warn(
            world.Standby.Name, server.Name, "nothing reaches it any more", "a standby that replays", lag.Detail, "Mend the link if there is time to: what has not reached it is lost by a promotion."),
        { Link: ReplicationLink.Broken, Primary: not null } => Finding.Fail(world.Standby.Name, server.Name, "the link is broken", "a standby of this primary", lag.Detail, "Mend the link and let it catch up, or promote another."),
        _ => Finding.Pass(world.Standby.Name, server.Name, $"replays up to {lag.ReplayLsn}", "a standby that replays", lag.Detail),
    };

    private static PromotionCandidate Unseen(FailoverWorld world, DatabaseServerSettings server, DalpException failure) => new()
    {
        Server = server,
        Measured = $"{server.Name} can't be seen: {failure.Message}",
        Preconditions = [new Precondition("ReplicaUsable", Finding.Unknown(world.Standby.Name, server.Name, "can't be seen", "a standby that replays", failure.Message, failure.RecommendedAction))],
    };

    private static PromotionCandidate NotNamed(FailoverWorld world, IReadOnlyList<DatabaseServerSettings> servers)
    {
        var site = world.Standby.Name;
        var known = servers.Count == 0 ? "none" : Wording.List([.. servers.Select(server => server.Name)]);
        return new PromotionCandidate
        {
            Server = new DatabaseServerSettings { Name = "" },
            Measured = "Which server to promote is not clear.",
            Preconditions =
            [
                new Precondition("ReplicaNamed", world.Runbook.Promotion.Server is { } name
                    ? Finding.Fail(
                        site, name, $"no server of {site} in the topology", known, "The runbook names a server that the site which is to take over does not have.",
                        "Correct promotion.server. The way back needs a runbook of its own: it promotes another server.")
                    : Finding.Unknown(
                        site, "database", $"{known} in the topology", "one, or one named by the runbook", "DalpHa never chooses the server to promote.", "Name it in the runbook: promotion.server.")),
            ],
        };
    }
}
