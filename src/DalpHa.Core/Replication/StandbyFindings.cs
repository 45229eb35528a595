using DalpHa.Core.Readiness;

namespace DalpHa.Core.Replication;

/// <summary>What is found of one standby; the worst decides.</summary>
internal sealed class Findings
{
    private readonly List<(CheckStatus Status, string Text)> found = [];

    public void Add(CheckStatus status, string text) => found.Add((status, text));

    public (CheckStatus Status, string Detail) Conclude(string whenFine)
    {
        if (found.Count == 0)
        {
            return (CheckStatus.Pass, whenFine);
        }
        var worstFirst = found.OrderByDescending(finding => finding.Status).ToList();
        return (worstFirst[0].Status, string.Join(". ", worstFirst.Select(finding => finding.Text)) + ".");
    }
}

/// <summary>What must be said of a standby that is in recovery, given its lag and link.</summary>
internal static class StandbyFindings
{
    public static void Collect(DalpReplicationLag lag, LinkFinding link, DatabaseSample standby, DatabaseSample? primary, ReplicationSlot? slot, Findings findings)
    {
        if (primary is not null)
        {
            OfLink(lag, link, standby, primary, findings);
            OfHistory(lag, standby, primary, findings);
            OfLag(lag, standby, primary, findings);
            OfSlot(lag, slot, findings);
            if (primary.Archiver is { LastFailedAt: { } failed } archiver && !(archiver.LastArchivedAt >= failed))
            {
                findings.Add(CheckStatus.Warn, $"Archiving fails at {primary.Server}");
            }
        }
        else if (link.Reason.Length > 0)
        {
            findings.Add(CheckStatus.Unknown, $"Of {standby.Server}: {link.Reason}");
        }
        if (lag.PossibleLoss is { } loss)
        {
            findings.Add(CheckStatus.Unknown, $"No commit older than {Text.Of(loss)} can be lost, by what was last seen");
        }
        if (standby.IsReplayPaused)
        {
            findings.Add(CheckStatus.Warn, $"Replay is paused at {standby.Server}; resume it with pg_wal_replay_resume()");
        }
    }

    private static void OfLink(DalpReplicationLag lag, LinkFinding link, DatabaseSample standby, DatabaseSample primary, Findings findings)
    {
        var healthy = lag.LastHealthyAt is { } at ? $"; last healthy {at.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z" : "; never seen healthy";
        switch (link.Link)
        {
            case ReplicationLink.Broken:
                findings.Add(CheckStatus.Fail, $"The link from {primary.Server} is dead: {link.Reason}{healthy}");
                break;
            case ReplicationLink.Unknown:
                findings.Add(CheckStatus.Unknown, $"Whether the link lives can't be seen: {link.Reason}");
                break;
            case ReplicationLink.Archive:
                findings.Add(CheckStatus.Warn, $"{standby.Server} does not stream: {link.Reason}");
                break;
            case ReplicationLink.CatchingUp:
                findings.Add(CheckStatus.Warn, $"{standby.Server} is catching up: {link.Reason}");
                break;
        }
    }

    private static void OfHistory(DalpReplicationLag lag, DatabaseSample standby, DatabaseSample primary, Findings findings)
    {
        if (standby.Timeline > primary.Timeline)
        {
            findings.Add(
                CheckStatus.Fail,
                $"{standby.Server} is on timeline {standby.Timeline} and {primary.Server} on {primary.Timeline}: it can't follow; rebuild it, or rewind it with pg_rewind");
        }
        else if (LagEstimator.IsOnOlderTimeline(standby, primary) && lag.Link is ReplicationLink.Archive)
        {
            findings.Add(
                CheckStatus.Unknown,
                $"{standby.Server} is on timeline {standby.Timeline} and {primary.Server} on {primary.Timeline}: whether the archive leads it there, and how far it is behind, is not known; if it does not follow, rebuild it, or rewind it with pg_rewind");
        }
        else if (LagEstimator.IsOnOlderTimeline(standby, primary) && lag.Link is ReplicationLink.Broken)
        {
            // It follows by itself when it stopped before the point at which the timelines part, and then a rebuild would cost the only copy for nothing.
            findings.Add(
                CheckStatus.Fail,
                $"{standby.Server} is on timeline {standby.Timeline} and {primary.Server} on {primary.Timeline}: if it does not follow once the link is up, rebuild it, or rewind it with pg_rewind");
        }
        else if (standby.ReplayLsn > primary.CurrentLsn)
        {
            findings.Add(CheckStatus.Fail, $"{standby.Server} has replayed {standby.ReplayLsn}, which {primary.Server} (at {primary.CurrentLsn}) never wrote: their histories diverge");
        }
    }

    private static void OfLag(DalpReplicationLag lag, DatabaseSample standby, DatabaseSample primary, Findings findings)
    {
        // Of these the link or the history has told why nobody knows.
        if (lag.Link is ReplicationLink.Broken or ReplicationLink.Unknown || (lag.Link is ReplicationLink.Archive && LagEstimator.IsOnOlderTimeline(standby, primary)))
        {
            return;
        }
        if (lag.LagTime is not { } time)
        {
            findings.Add(CheckStatus.Unknown, "It is behind, and by how much time is not known: it has replayed no commit since its start");
        }
        else if (time >= lag.Threshold.Fail || time >= lag.Threshold.Warn)
        {
            var (status, limit) = time >= lag.Threshold.Fail ? (CheckStatus.Fail, lag.Threshold.Fail) : (CheckStatus.Warn, lag.Threshold.Warn);
            findings.Add(status, $"It is up to {Text.Of(time)} and {Text.OfBytes(lag.LagBytes ?? 0)} behind; the limit is {Text.Of(limit)}");
        }
    }

    // wal_status: view pg_replication_slots of the PostgreSQL manual.
    private static void OfSlot(DalpReplicationLag lag, ReplicationSlot? slot, Findings findings)
    {
        switch (slot)
        {
            case { WalStatus: "lost" }:
                findings.Add(CheckStatus.Fail, $"Its slot '{slot.Name}' is lost: the primary no longer has the WAL that it needs; rebuild the standby");
                break;
            case { WalStatus: "unreserved" }:
                findings.Add(CheckStatus.Warn, $"Its slot '{slot.Name}' is about to be lost: the primary may remove WAL that it needs at the next checkpoint");
                break;
            case { IsActive: false } when lag.Link != ReplicationLink.Broken:
                findings.Add(CheckStatus.Warn, $"Nothing uses its slot '{slot.Name}'");
                break;
        }
    }
}
