namespace DalpHa.Core.Replication;

/// <summary>How a standby's link fares, and why it is not simply streaming.</summary>
/// <param name="Link">How the standby gets its WAL.</param>
/// <param name="Reason">Why, when it is not Streaming; else empty.</param>
/// <param name="Upstream">The server that the standby streams from, where one was recognised.</param>
internal sealed record LinkFinding(ReplicationLink Link, string Reason, DatabaseSample? Upstream = null);

/// <summary>
/// Decides whether a link is alive. PostgreSQL goes on saying <c>streaming</c> at both ends of a dead connection until its timeouts end it, so each end's
/// word counts only while something was heard of the other. Every age is taken on one clock: the standby's, which stamps both what it receives and
/// what it answers.
/// </summary>
internal static class LinkJudge
{
    /// <summary>What is granted over the intervals that the servers promise, for scheduling and the network.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    /// <param name="standby">The standby's sample, taken before the others'.</param>
    /// <param name="primary">The primary's, or null when it is not known.</param>
    /// <param name="servers">Every server that answered, the primary first.</param>
    /// <param name="sawAll">Whether every server of the topology answered.</param>
    /// <param name="history">What is remembered.</param>
    public static LinkFinding Judge(DatabaseSample standby, DatabaseSample? primary, IReadOnlyList<DatabaseSample> servers, bool sawAll, ReplicationHistory history)
    {
        var receiver = standby.Receiver;
        if (receiver is null || receiver.Status is not ("" or "streaming"))
        {
            return JudgeWithoutStream(standby, primary, history, receiver is null ? "it has no WAL receiver" : $"its WAL receiver is {receiver.Status}");
        }
        var (upstream, sender) = FindSender(standby, receiver, servers);
        if (Deafness(standby, receiver, primary, history) is { } deaf)
        {
            return new LinkFinding(ReplicationLink.Broken, deaf, upstream);
        }
        if (sender is null || upstream is null)
        {
            return JudgeWithoutSender(standby, receiver, primary, servers, sawAll);
        }
        if (sender.State == "")
        {
            return new LinkFinding(
                ReplicationLink.Unknown,
                receiver.Status == "streaming"
                    ? $"its end says streaming, and {upstream.Server} does not show its end to this login: it lacks pg_monitor there"
                    : "neither end shows the link to this login: it lacks pg_monitor",
                upstream);
        }
        var silence = standby.ServerTime - sender.LastReplyAt;
        if (standby.StatusInterval > TimeSpan.Zero && silence > standby.StatusInterval + Slack)
        {
            return new LinkFinding(
                ReplicationLink.Broken,
                $"{upstream.Server} has not heard of it for {Text.Of(silence.Value)}, and it reports every {Text.Of(standby.StatusInterval)}",
                upstream);
        }
        return sender.State switch
        {
            "streaming" => new LinkFinding(ReplicationLink.Streaming, "", upstream),
            "catchup" or "startup" => new LinkFinding(ReplicationLink.CatchingUp, $"{upstream.Server} still sends it what it missed", upstream),
            _ => new LinkFinding(ReplicationLink.Broken, $"the connection that {upstream.Server} has to it is {sender.State}", upstream),
        };
    }

    // A standby whose receiver hears nothing asks after half its timeout; who answers within that and the slack is alive. And a primary that wrote
    // sends at once: something written long ago that has not come means that nothing comes.
    private static string? Deafness(DatabaseSample standby, WalReceiver receiver, DatabaseSample? primary, ReplicationHistory history)
    {
        if (receiver.Status != "streaming")
        {
            return null;
        }
        var silence = standby.ServerTime - receiver.LastMessageAt;
        if (silence is null)
        {
            return "its WAL receiver has heard nothing yet";
        }
        if (standby.ReceiverTimeout > TimeSpan.Zero && silence > (standby.ReceiverTimeout / 2) + Slack)
        {
            return $"it has heard nothing for {Text.Of(silence.Value)}";
        }
        var waiting = primary is not null && Received(standby) is { } received ? primary.ServerTime - history.OldestBeyond(received)?.PrimaryTime : null;
        return silence > Slack && waiting > Slack
            ? $"it has heard nothing for {Text.Of(silence.Value)}, while {primary!.Server} has had WAL for it for {Text.Of(waiting.Value)}"
            : null;
    }

    private static LinkFinding JudgeWithoutStream(DatabaseSample standby, DatabaseSample? primary, ReplicationHistory history, string why)
    {
        if (standby.HasRestoreCommand is null)
        {
            return new LinkFinding(ReplicationLink.Unknown, $"{why}, and whether it restores from an archive can't be seen by this login");
        }
        if (standby.HasRestoreCommand == false)
        {
            return new LinkFinding(ReplicationLink.Broken, why);
        }
        var advances = standby.ReplayLsn > history.LastReplayLsn;
        var isFed = primary?.Archiver is { LastArchivedAt: { } archived } archiver && !(archiver.LastFailedAt > archived);
        return advances || isFed
            ? new LinkFinding(ReplicationLink.Archive, $"{why}; it restores segments from the archive")
            : new LinkFinding(ReplicationLink.Broken, $"{why}, and nothing new comes from the archive");
    }

    private static LinkFinding JudgeWithoutSender(
        DatabaseSample standby, WalReceiver receiver, DatabaseSample? primary, IReadOnlyList<DatabaseSample> servers, bool sawAll)
    {
        if (primary is null)
        {
            return new LinkFinding(ReplicationLink.Unknown, "its end says streaming, and the other end can't be seen");
        }
        if (receiver.SlotName is { } slot && primary.Slots.Any(s => s.Name == slot && !s.IsActive))
        {
            return new LinkFinding(ReplicationLink.Broken, $"nothing uses its slot '{slot}' at {primary.Server}, though its own end says streaming");
        }
        if (!sawAll || receiver.Status == "" || servers.Any(server => !server.CanSeeAll))
        {
            // It may stream from a server that did not answer, or over a connection that this login is not shown.
            return new LinkFinding(
                ReplicationLink.Unknown,
                receiver.Status == "streaming"
                    ? "its end says streaming, and the other end was not found among the servers and connections that can be seen"
                    : $"the login at {standby.Server} lacks pg_monitor");
        }
        return new LinkFinding(ReplicationLink.Broken, "its end says streaming, and no server of the topology has a connection to it");
    }

    private static (DatabaseSample? Upstream, WalSender? Sender) FindSender(DatabaseSample standby, WalReceiver receiver, IReadOnlyList<DatabaseSample> servers)
    {
        foreach (var server in servers.Where(server => server != standby))
        {
            var sender = receiver.SlotName is { } name
                ? server.Slots.FirstOrDefault(slot => slot.Name == name && slot.IsActive) is { } slot
                    ? server.Senders.FirstOrDefault(sender => sender.ProcessId == slot.ActiveProcessId)
                    : null
                : server.Senders.FirstOrDefault(sender => sender.ApplicationName == (receiver.ApplicationName ?? standby.Server));
            if (sender is not null)
            {
                return (server, sender);
            }
        }
        // The receiver gave no name, or may not be seen; one connection and one standby need none.
        var only = servers.Where(server => server != standby).SelectMany(server => server.Senders.Select(sender => (server, sender))).ToList();
        return only.Count == 1 && receiver.SlotName is null && receiver.ApplicationName is null ? only[0] : (null, null);
    }

    /// <summary>What reached the standby, by stream or archive. The stream's position begins at a segment's start, before what is replayed.</summary>
    public static Lsn? Received(DatabaseSample standby) => standby.ReceiveLsn > standby.ReplayLsn ? standby.ReceiveLsn : standby.ReplayLsn;
}
