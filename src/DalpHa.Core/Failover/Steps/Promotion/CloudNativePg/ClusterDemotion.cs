using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// The active Cluster gives its role up: its operator stops it with all that it wrote sent, and leaves a token of where it stopped. One whose PostgreSQL is dead leaves none.
/// That it is a replica by its specification outlives that; the token is then done without where somebody vouches for the site, and where nothing of it is seen to write.
/// </summary>
/// <param name="world">Both sites.</param>
/// <param name="standby">The server that is to take over.</param>
/// <param name="timeout">How long it may take.</param>
internal sealed class ClusterDemotion(FailoverWorld world, DatabaseServerSettings standby, TimeSpan timeout)
{
    private const string DemotionOf = "Demote Cluster/";
    private static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(60);

    private readonly string active = world.Runbook.Promotion.ActiveCluster!;
    private bool wasAsked;
    private long? hopelessSince;
    private TimeSpan longest;
    private Lsn? furthest;

    /// <summary>Why the standby is promoted without the token; null as long as it is not.</summary>
    public string? WithoutToken { get; private set; }

    /// <summary>Whether an action is the demotion of a Cluster.</summary>
    public static bool IsDemotion(string action) => action.StartsWith(DemotionOf, StringComparison.Ordinal);

    /// <summary>How long a token is waited for while nothing is seen that could still leave one. A demotion that works takes seconds, and its own time does not count.</summary>
    /// <param name="timeout">How long the demotion may take.</param>
    public static TimeSpan PatienceOf(TimeSpan timeout) => timeout / 2 < MostPatience ? timeout / 2 : MostPatience;

    // A token that is there, or that the operator says it is about, is given up last of all.
    private static TimeSpan LongPatienceOf(TimeSpan timeout) => timeout * 0.75;

    /// <summary>The action. A token that can't be used ends it too: the promotion then says why it is refused, and asks for nothing.</summary>
    public FailoverAction Action() => new()
    {
        Name = DemotionOf + active,
        Site = world.Active.Name,
        Outcome = world.ActiveIsGone is null
            ? $"Cluster/{active} has stopped as primary and left its token, and Cluster/{world.Runbook.Promotion.StandbyCluster} has all that it wrote"
            : $"Cluster/{active} has given its role up, with its token where it leaves one",
        LookAsync = LookAsync,
        ActAsync = async cancellationToken =>
        {
            try
            {
                await ClusterChange.OnNewestAsync(DemoteAsync, world.Time, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                wasAsked = true;
            }
            await ShowAsync(cancellationToken).ConfigureAwait(false);
        },
        Timeout = timeout,
        LookEvery = TimeSpan.FromMilliseconds(100),
        Facts = () => WithoutToken is { } why ? new Dictionary<string, string> { [JournalFact.WithoutToken] = why } : null,
    };

    private async Task<Sighting> LookAsync(CancellationToken cancellationToken)
    {
        if (WithoutToken is { } why)
        {
            return Sighting.Yes(why);
        }
        switch (await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false))
        {
            case null:
                return await WithoutTokenAsync($"Whether Cluster/{active} was told can't be seen: {world.Active.Name} does not show it.", PatienceOf(timeout), isThere: false, cancellationToken).ConfigureAwait(false);
            case { Active.IsReplica: false }:
                hopelessSince = null;
                return Sighting.NotYet("It is primary.");
            // Who was promoted has used its token, or done without, and stands where it wants since.
            case { Standby.IsReplica: false }:
                return Primary(await world.Active.ReadServersAsync(cancellationToken).ConfigureAwait(false)) is { } left
                    ? Sighting.NotYet($"It is being demoted, and {left} still answers as a primary.")
                    : Sighting.Yes("It has given its role up, and the other one has taken it.");
            case { Active.IsSwitching: false, Token: not null } pair:
                var replayed = await ClusterPair.ReplayedAsync(world, standby, cancellationToken).ConfigureAwait(false);
                var check = pair.Check(replayed);
                return check.Verdict != TokenVerdict.Wait
                    ? Sighting.Yes($"It follows, and its token is there. {check.Reason}".TrimEnd())
                    : ComesUp(pair, replayed)
                        ? Hopeful(check.Reason)
                        : await WithoutTokenAsync(check.Reason, LongPatienceOf(timeout), isThere: true, cancellationToken).ConfigureAwait(false);
            case { Active: var told }:
                return await WithoutTokenAsync($"It is being demoted, and there is no token: {told.Phase ?? "its operator says nothing"}.", told.IsSwitching ? LongPatienceOf(timeout) : PatienceOf(timeout), isThere: true, cancellationToken).ConfigureAwait(false);
        }
    }

    // Who vouches for a site says that nothing comes from it any more. A primary that answers is no silence: its operator can still stop it in order.
    private async Task<Sighting> WithoutTokenAsync(string seen, TimeSpan patience, bool isThere, CancellationToken cancellationToken)
    {
        if (!wasAsked || world.ActiveIsGone is not { } word)
        {
            return Sighting.NotYet(seen);
        }
        if (await HopeAsync(isThere, cancellationToken).ConfigureAwait(false) is { } hope)
        {
            return Hopeful($"{seen} {hope}");
        }
        hopelessSince ??= world.Time.GetTimestamp();
        // What was seen to be about once is not given up sooner because it can't be seen for a moment.
        longest = patience > longest ? patience : longest;
        if (world.Time.GetElapsedTime(hopelessSince.Value) < longest)
        {
            return Sighting.NotYet(seen);
        }
        return Sighting.Yes(WithoutToken = $"No token was to be had for {longest.TotalSeconds:0.#} s. {seen} {word.Person} vouches: {DalpException.Sentence(word.Statement)} The standby is promoted without it: what Cluster/{active} wrote beyond it is lost, and it has to be built anew.");
    }

    private Sighting Hopeful(string seen)
    {
        hopelessSince = null;
        return Sighting.NotYet(seen);
    }

    // How far it is from the token is not known while it can't be seen; as long as it replays, it is on its way.
    private bool ComesUp(ClusterPair pair, Lsn? replayed)
    {
        if (replayed is not { } now || pair.Standby is not { SystemIdentifier: not null, Timeline: not null })
        {
            return true;
        }
        var isFurther = furthest is not { } before || now > before;
        furthest = isFurther ? now : furthest;
        return isFurther;
    }

    /// <returns>What is seen there that may still leave a token, or write; null when there is nothing.</returns>
    private async Task<string?> HopeAsync(bool isThere, CancellationToken cancellationToken)
    {
        var servers = await world.Active.ReadServersAsync(cancellationToken).ConfigureAwait(false);
        if (isThere && Primary(servers) is { } primary)
        {
            return $"{primary} answers as a primary, so no word counts for it: see what its operator says, or stop it.";
        }
        return (await SiteFence.OfActive(world).DatabasesAsync(servers, cancellationToken).ConfigureAwait(false)).FirstOrDefault(finding => finding.Status is not (CheckStatus.Pass or CheckStatus.Warn)) is { } unmet
            ? $"{unmet.Target}: {unmet.Observed}. {unmet.Detail} {unmet.Remediation}"
            : null;
    }

    private static string? Primary(IEnumerable<ServerSight> servers) => servers.FirstOrDefault(one => one.Now is { IsInRecovery: false })?.Server.Name;

    private async Task DemoteAsync(CancellationToken cancellationToken)
    {
        if (await ClusterPair.ReadAsync(world, cancellationToken).ConfigureAwait(false) is { Active.IsReplica: false } pair)
        {
            await world.Active.CloudNativePg.DemoteAsync(pair.Active, pair.Standby.NameInTopology, cancellationToken).ConfigureAwait(false);
        }
    }

    // In a rehearsal no server follows what an operator was only told, and a dead one leaves no token however long one waits.
    private async Task ShowAsync(CancellationToken cancellationToken)
    {
        if (world.Active.CloudNativePg is not TellingCloudNativePg)
        {
            return;
        }
        var servers = await world.Active.ReadServersAsync(cancellationToken).ConfigureAwait(false);
        WithoutToken = world.ActiveIsGone is not null && Primary(servers) is null ? "No primary answers, so no token is to be expected." : null;
        foreach (var (server, _, _) in servers.Where(one => one.Now is not null))
        {
            (await world.Active.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false) as TellingDatabaseControl)?.ShowDemoted();
        }
    }
}
