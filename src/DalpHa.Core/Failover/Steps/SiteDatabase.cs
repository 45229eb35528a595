using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The database servers of one site as a failover changes them, and the actions that do.</summary>
internal sealed class SiteDatabase
{
    private static readonly TimeSpan SettingPoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan SettingPatience = TimeSpan.FromSeconds(60);

    private readonly FailoverSite site;
    private readonly ClusterDefault? cluster;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;

    private SiteDatabase(FailoverSite site, string? cluster, TimeSpan timeout, TimeProvider time)
    {
        this.site = site;
        this.cluster = cluster is null ? null : new ClusterDefault(site, cluster, time);
        this.timeout = timeout;
        this.time = time;
    }

    /// <summary>That of the world's active site.</summary>
    public static SiteDatabase OfActive(FailoverWorld world, TimeSpan timeout) =>
        new(world.Active, world.Runbook.Promotion is { UsesCloudNativePg: true, ActiveCluster: var name } ? name : null, timeout, world.Time);

    /// <summary>That of the world's standby site.</summary>
    public static SiteDatabase OfStandby(FailoverWorld world, TimeSpan timeout) =>
        new(world.Standby, world.Runbook.Promotion is { UsesCloudNativePg: true, StandbyCluster: var name } ? name : null, timeout, world.Time);

    // How long nothing may be written before a database counts as frozen. A session can overrule the default; one that does, and is busy, shows within it.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SilenceStep = TimeSpan.FromMilliseconds(250);

    /// <summary>How the name of each action begins that freezes a database.</summary>
    public const string FreezeOf = "Freeze writes on ";

    /// <summary>
    /// Keeps a server from writing, whatever else could not be done; done when it is read-only, no session is older than that, no transaction that writes is under way, and
    /// none has been given an id for a while. One in recovery is frozen as well: whoever looks after the site's servers promotes it when the primary dies.
    /// </summary>
    public FailoverAction Freeze(DatabaseServerSettings server) => new()
    {
        Name = FreezeOf + server.Name,
        Site = site.Name,
        Outcome = $"{server.Name} is read-only by default, and nothing was written for {Silence.TotalSeconds:0.#} s",
        LookAsync = cancellationToken => LookFrozenAsync(server, cancellationToken),
        ActAsync = cancellationToken => FreezeAsync(server, cancellationToken),
        Timeout = timeout,
        RunsRegardless = true,
    };

    /// <summary>Lets a server write again.</summary>
    public FailoverAction Thaw(DatabaseServerSettings server) => new()
    {
        Name = $"Let {server.Name} take writes",
        Site = site.Name,
        Outcome = $"{server.Name} is not read-only by default",
        LookAsync = async cancellationToken => (await ReadAsync(server, cancellationToken).ConfigureAwait(false)).IsReadOnlyByDefault
            ? Sighting.NotYet("It is read-only.")
            // A freeze that the operator has not come to yet would come to pass later.
            : cluster is not null && await cluster.IsFrozenAsync(cancellationToken).ConfigureAwait(false)
                ? Sighting.NotYet("It is not read-only, and its Cluster asks for that.")
                : Sighting.Yes("It is not read-only."),
        ActAsync = cancellationToken => SetReadOnlyAsync(server, false, cancellationToken),
        Timeout = timeout,
    };

    /// <summary>Makes a server read-only by default, and ends the sessions that are older than that.</summary>
    public async Task FreezeAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        await SetReadOnlyAsync(server, true, cancellationToken).ConfigureAwait(false);
        await (await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false)).EndSessionsAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task SetReadOnlyAsync(DatabaseServerSettings server, bool isReadOnly, CancellationToken cancellationToken)
    {
        var control = await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
        if (cluster is null || !await cluster.AskAsync(isReadOnly, cancellationToken).ConfigureAwait(false))
        {
            await control.SetReadOnlyAsync(isReadOnly, cancellationToken).ConfigureAwait(false);
            return;
        }
        // In a rehearsal no server hears of what a Cluster was only told.
        (control as TellingDatabaseControl)?.ShowReadOnly(isReadOnly);
        // Within the action's own time, so that it is told why and not only that it was not seen.
        var patience = timeout * 0.75 < SettingPatience ? timeout * 0.75 : SettingPatience;
        var asked = time.GetTimestamp();
        while ((await control.ReadActivityAsync(cancellationToken).ConfigureAwait(false)).IsReadOnlyByDefault != isReadOnly)
        {
            if (time.GetElapsedTime(asked) > patience)
            {
                throw new DalpException(
                    "PostgresClusterSettingIgnored",
                    FaultKind.TimedOut,
                    $"The Cluster of {server.Name} was told that it is {(isReadOnly ? "" : "no longer ")}read-only, and {server.Name} does not go by it after {patience.TotalSeconds:0} s.",
                    "See what its operator says, and whether something stronger sets default_transaction_read_only there (postgresql.auto.conf, the command line). Resume-DalpWrite takes a freeze back.",
                    server.Name);
            }
            await Task.Delay(SettingPoll, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Makes a standby the primary by whatever procedure; done when it has committed a write of ours. The procedure is begun once: an answer that was lost is
    /// looked for.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="mark">What the proof of a write leaves in the log.</param>
    /// <param name="promoteAsync">Begins the procedure.</param>
    /// <param name="whyNotYetAsync">Tells what whoever carries it out says of it meanwhile; null when nobody does.</param>
    public FailoverAction BecomePrimary(DatabaseServerSettings server, string mark, Func<CancellationToken, Task> promoteAsync, Func<CancellationToken, Task<string>>? whyNotYetAsync = null) => new()
    {
        Name = $"Promote {server.Name}",
        Site = site.Name,
        Outcome = $"{server.Name} is out of recovery and has committed a write",
        LookAsync = async cancellationToken =>
        {
            var control = await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
            return await control.ProveWriteAsync(mark, cancellationToken).ConfigureAwait(false) is { } proof
                ? Sighting.Yes($"Timeline {proof.Timeline}; transaction {proof.TransactionId} committed at {proof.Lsn}.")
                : Sighting.NotYet(whyNotYetAsync is null ? "It is in recovery." : $"It is in recovery. {await whyNotYetAsync(cancellationToken).ConfigureAwait(false)}");
        },
        ActAsync = async cancellationToken =>
        {
            await promoteAsync(cancellationToken).ConfigureAwait(false);
            // In a rehearsal the server itself can't see what an operator or a script would have made of it.
            (await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false) as TellingDatabaseControl)?.ShowPromoted();
        },
        Timeout = timeout,
        LookEvery = TimeSpan.FromMilliseconds(2),
        CanBeUndone = false,
    };

    /// <summary>What a server does with writes.</summary>
    /// <exception cref="DalpException">It can't be seen.</exception>
    public Task<WriteActivity> ReadAsync(DatabaseServerSettings server, CancellationToken cancellationToken) => site.ReadActivityAsync(server, cancellationToken);

    private async Task<Sighting> LookFrozenAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var first = await ReadAsync(server, cancellationToken).ConfigureAwait(false);
        for (var now = first; ; now = await ReadAsync(server, cancellationToken).ConfigureAwait(false))
        {
            if (now.IsInRecovery && cluster is not null && await cluster.IsReplicaAsync(cancellationToken).ConfigureAwait(false))
            {
                return Sighting.Yes("It is in recovery, and its Cluster keeps it there.");
            }
            if (now.WhyNotFrozen is { } why)
            {
                return Sighting.NotYet(why);
            }
            if (now.IsInRecovery)
            {
                return Sighting.Yes("It is in recovery, and read-only when it is promoted.");
            }
            if (now.NextTransactionId != first.NextTransactionId)
            {
                return Sighting.NotYet("It is read-only by default, and something has written all the same.");
            }
            // What only a rehearsal has frozen is shown still, and writes nothing however long one looks.
            if (await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false) is TellingDatabaseControl { IsStill: true })
            {
                return Sighting.Yes("It was frozen in this rehearsal.");
            }
            if (time.GetElapsedTime(started) >= Silence)
            {
                return Sighting.Yes($"Read-only, nothing written for {Silence.TotalSeconds:0.#} s, at {now.CurrentLsn}.");
            }
            await Task.Delay(SilenceStep, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
