using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The database servers of one site as a failover changes them, and the actions that do.</summary>
internal sealed class SiteDatabase(FailoverSite site, TimeSpan timeout, TimeProvider time)
{
    // How long nothing may be written before a database counts as frozen: longer than any application waits between two attempts of a busy writer.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    /// <summary>Keeps a server from writing; done when no transaction has been given an id for a while and none is under way.</summary>
    public FailoverAction Freeze(DatabaseServerSettings server)
    {
        (ulong? Id, long Since) still = (null, 0);
        return new FailoverAction
        {
            Name = $"Freeze writes on {server.Name}",
            Site = site.Name,
            Outcome = $"{server.Name} is read-only by default, and nothing was written for {Silence.TotalSeconds:0} s",
            LookAsync = async cancellationToken =>
            {
                var activity = await ReadAsync(server, cancellationToken).ConfigureAwait(false);
                if (activity.IsInRecovery)
                {
                    return Sighting.Yes("It is in recovery: it takes no writes.");
                }
                if (activity.NextTransactionId != still.Id || activity.WritersRunning > 0)
                {
                    still = (activity.NextTransactionId, time.GetTimestamp());
                }
                var silence = time.GetElapsedTime(still.Since);
                return Describe(activity, silence) is { } why ? Sighting.NotYet(why) : Sighting.Yes($"Read-only, no write for {silence.TotalSeconds:0.#} s, at {activity.CurrentLsn}.");
            },
            ActAsync = async cancellationToken =>
            {
                var control = await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
                await control.SetReadOnlyAsync(true, cancellationToken).ConfigureAwait(false);
                await control.EndSessionsAsync(cancellationToken).ConfigureAwait(false);
            },
            Timeout = timeout,
        };
    }

    /// <summary>Lets a server write again.</summary>
    public FailoverAction Thaw(DatabaseServerSettings server) => new()
    {
        Name = $"Let {server.Name} take writes",
        Site = site.Name,
        Outcome = $"{server.Name} is not read-only by default",
        LookAsync = async cancellationToken =>
            (await ReadAsync(server, cancellationToken).ConfigureAwait(false)).IsReadOnly ? Sighting.NotYet("It is read-only.") : Sighting.Yes("It is not read-only."),
        ActAsync = async cancellationToken =>
            await (await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false)).SetReadOnlyAsync(false, cancellationToken).ConfigureAwait(false),
        Timeout = timeout,
    };

    /// <summary>
    /// Promotes a standby by <c>pg_promote</c>; done when it is out of recovery and has committed a write of ours. It is asked once: an answer that was
    /// lost is looked for.
    /// </summary>
    public FailoverAction Promote(DatabaseServerSettings server, string mark) => new()
    {
        Name = $"Promote {server.Name}",
        Site = site.Name,
        Outcome = $"{server.Name} is out of recovery and has committed a write",
        LookAsync = async cancellationToken =>
        {
            var control = await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
            var activity = await control.ReadActivityAsync(cancellationToken).ConfigureAwait(false);
            if (activity.IsInRecovery)
            {
                return Sighting.NotYet("It is in recovery.");
            }
            var proof = await control.ProveWriteAsync(mark, cancellationToken).ConfigureAwait(false);
            return Sighting.Yes($"Timeline {proof.Timeline}; transaction {proof.TransactionId} committed at {proof.Lsn}.");
        },
        ActAsync = async cancellationToken => await (await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false)).PromoteAsync(cancellationToken).ConfigureAwait(false),
        Timeout = timeout,
        LookEvery = TimeSpan.FromMilliseconds(5),
        CanBeUndone = false,
    };

    /// <summary>What a server does with writes.</summary>
    /// <exception cref="DalpException">It can't be seen.</exception>
    public async Task<WriteActivity> ReadAsync(DatabaseServerSettings server, CancellationToken cancellationToken) =>
        await (await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false)).ReadActivityAsync(cancellationToken).ConfigureAwait(false);

    private static string? Describe(WriteActivity activity, TimeSpan silence) => activity switch
    {
        { IsReadOnly: false } => "It takes writes.",
        { PreparedTransactions: > 0 } => $"{activity.PreparedTransactions} prepared transactions wait for their commit, which any session can give.",
        { WritersRunning: > 0 } => $"{activity.WritersRunning} writing transactions are under way.",
        _ when silence < Silence => $"The last write was seen {silence.TotalSeconds:0.#} s ago.",
        _ => null,
    };
}
