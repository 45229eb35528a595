using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The database servers of one site as a failover changes them, and the actions that do.</summary>
internal sealed class SiteDatabase(FailoverSite site, TimeSpan timeout, TimeProvider time)
{
    // How long nothing may be written before a database counts as frozen. A session can overrule the default; one that does, and is busy, shows within it.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SilenceStep = TimeSpan.FromMilliseconds(250);

    /// <summary>How the name of each action begins that freezes a database.</summary>
    public const string FreezeOf = "Freeze writes on ";

    /// <summary>Keeps a server from writing; done when it is read-only, no session is older than that, no transaction that writes is under way, and none has been given an id for a while.</summary>
    public FailoverAction Freeze(DatabaseServerSettings server) => new()
    {
        Name = FreezeOf + server.Name,
        Site = site.Name,
        Outcome = $"{server.Name} is read-only by default, and nothing was written for {Silence.TotalSeconds:0.#} s",
        LookAsync = cancellationToken => LookFrozenAsync(server, cancellationToken),
        ActAsync = async cancellationToken =>
        {
            var control = await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
            await control.SetReadOnlyAsync(true, cancellationToken).ConfigureAwait(false);
            await control.EndSessionsAsync(cancellationToken).ConfigureAwait(false);
        },
        Timeout = timeout,
    };

    /// <summary>Lets a server write again.</summary>
    public FailoverAction Thaw(DatabaseServerSettings server) => new()
    {
        Name = $"Let {server.Name} take writes",
        Site = site.Name,
        Outcome = $"{server.Name} is not read-only by default",
        LookAsync = async cancellationToken =>
            (await ReadAsync(server, cancellationToken).ConfigureAwait(false)).IsReadOnlyByDefault ? Sighting.NotYet("It is read-only.") : Sighting.Yes("It is not read-only."),
        ActAsync = async cancellationToken =>
            await (await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false)).SetReadOnlyAsync(false, cancellationToken).ConfigureAwait(false),
        Timeout = timeout,
    };

    /// <summary>
    /// Makes a standby the primary by whatever procedure; done when it has committed a write of ours. The procedure is begun once: an answer that was lost is
    /// looked for.
    /// </summary>
    public FailoverAction BecomePrimary(DatabaseServerSettings server, string mark, Func<CancellationToken, Task> promoteAsync) => new()
    {
        Name = $"Promote {server.Name}",
        Site = site.Name,
        Outcome = $"{server.Name} is out of recovery and has committed a write",
        LookAsync = async cancellationToken =>
        {
            var control = await site.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
            return await control.ProveWriteAsync(mark, cancellationToken).ConfigureAwait(false) is { } proof
                ? Sighting.Yes($"Timeline {proof.Timeline}; transaction {proof.TransactionId} committed at {proof.Lsn}.")
                : Sighting.NotYet("It is in recovery.");
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
            if (now.IsInRecovery)
            {
                return Sighting.Yes("It is in recovery: it takes no writes.");
            }
            if (now.WhyNotFrozen is { } why)
            {
                return Sighting.NotYet(why);
            }
            if (now.NextTransactionId != first.NextTransactionId)
            {
                return Sighting.NotYet("It is read-only by default, and something has written all the same.");
            }
            if (time.GetElapsedTime(started) >= Silence)
            {
                return Sighting.Yes($"Read-only, nothing written for {Silence.TotalSeconds:0.#} s, at {now.CurrentLsn}.");
            }
            await Task.Delay(SilenceStep, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
