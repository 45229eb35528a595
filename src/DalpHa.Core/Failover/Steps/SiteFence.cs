using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Whether a site can write or sign, as it shows itself. Only when it does not answer does a named person's word count, and it counts no longer than the
/// silence lasts.
/// </summary>
/// <param name="site">The site.</param>
/// <param name="topology">Says which workloads write and sign.</param>
/// <param name="word">Who vouches for a site that does not answer; null when nobody does.</param>
/// <param name="vouchBy">How such a word is given: <c>-ActiveIsGone</c>; null where none can be.</param>
/// <param name="cluster">The CloudNativePG Cluster that runs the site's database; null where none is named.</param>
/// <param name="time">The clock.</param>
internal sealed class SiteFence(FailoverSite site, DalpTopology topology, Attestation? word, string? vouchBy, string? cluster, TimeProvider time)
{
    // What begins within a second of a freeze may not have heard of it, and most of that is gone before anybody could end it.
    private static readonly TimeSpan Passing = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);
    private const string Frozen = "frozen";

    /// <summary>Whether the site is the standby of the other one: its servers are in recovery, and must be able to take over. In any other site one in recovery is frozen too.</summary>
    public bool IsStandby { get; init; }

    /// <summary>That of the site that serves, or served.</summary>
    /// <param name="world">Both sites.</param>
    /// <param name="takesWord">Whether whoever asks takes a word for it: what does not is not to advise one.</param>
    public static SiteFence OfActive(FailoverWorld world, bool takesWord = true) =>
        new(world.Active, world.Topology, world.ActiveIsGone, takesWord && world.Active.Site.Role == SiteRole.Active ? "-ActiveIsGone" : null, world.Runbook.Promotion is { UsesCloudNativePg: true, ActiveCluster: var name } ? name : null, world.Time);

    /// <summary>That nothing runs which writes to the database or the chain.</summary>
    public Task<Finding> WritersAsync(CancellationToken cancellationToken) => RunningAsync(
        "writers", rule => rule.Writes(), "What they write after the promotion is lost, or forks the data.", "Freeze them: Suspend-DalpWrite, or run the step freeze.", cancellationToken);

    /// <summary>That nothing of a role runs which two must not run of at once.</summary>
    public Task<Finding> SignersAsync(WorkloadRole role, CancellationToken cancellationToken) => role == WorkloadRole.Validator
        ? RunningAsync("validators", rule => rule.Role == role, "Two validators with one key sign conflicting blocks.", "Stop them there, and see their pods gone: Stop-DalpWorkload.", cancellationToken)
        : RunningAsync("signers", rule => rule.Role == role, "Two transaction signers use one nonce twice.", "Stop them there, and see their pods gone: Stop-DalpWorkload.", cancellationToken);

    /// <summary>That no database of the site takes writes: one finding for each server.</summary>
    public async Task<IReadOnlyList<Finding>> DatabasesAsync(CancellationToken cancellationToken) =>
        await DatabasesAsync(await site.ReadServersAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>The same of servers that were just read.</summary>
    public async Task<IReadOnlyList<Finding>> DatabasesAsync(IReadOnlyList<ServerSight> servers, CancellationToken cancellationToken)
    {
        var isClusterAsked = servers.Any(one => one.IsSilent || one.Now is { IsInRecovery: true, WhyNotFrozen: not null });
        var kept = isClusterAsked ? await FindClusterAsync(cancellationToken).ConfigureAwait(false) : null;
        return servers.Count > 0 ? await Task.WhenAll(servers.Select(one => DatabaseAsync(one, kept, cancellationToken))).ConfigureAwait(false) :
        [
            Finding.Unknown(
                site.Name, "database", "not named", Frozen, "The topology names no database server of the site, so nobody can see whether it writes.",
                $"Name it: sites.{(site.Site.Role == SiteRole.Active ? "active" : "standby")}.database.servers."),
        ];
    }

    /// <summary>
    /// Whether a person's word counts for what failed so. Only silence can be vouched for, and an API server that says itself that it serves nobody. A site that answers, and
    /// refuses to be looked at, is there; so is one that has too much to do, and one that only takes nobody new.
    /// </summary>
    public static bool CanBeVouched(DalpException exception) => IsSilence(exception) || exception.ErrorId is "ApiServerError";

    private static bool IsSilence(DalpException exception) => exception.Kind is FaultKind.Unreachable or FaultKind.TimedOut;

    /// <summary>What stands for the writers, or the validators, of a cluster that could not be read.</summary>
    public Finding Unseen(string what, DalpException exception) => Unseen(what, NoPodOf(what), exception);

    private async Task<Finding> RunningAsync(string what, Func<WorkloadRule, bool> counts, string harm, string remediation, CancellationToken cancellationToken)
    {
        var expected = NoPodOf(what);
        try
        {
            var load = await site.ReadClusterAsync((_, token) => SiteLoad.ReadAsync(site, token), cancellationToken).ConfigureAwait(false);
            var running = Remnants.Of(site, topology, load, [.. topology.Workloads.Where(counts)], remediation);
            return running.Count == 0
                ? Finding.Pass(site.Name, what, "none runs", expected)
                : Finding.Fail(
                    site.Name, what, $"{Wording.List(running.Select(one => one.Target))} {(running.Count == 1 ? "runs" : "run")}", expected, harm, string.Join(" ", running.Select(one => one.Remedy).Distinct()));
        }
        catch (DalpException exception)
        {
            return Unseen(what, expected, exception);
        }
    }

    private static string NoPodOf(string what) => $"no pod of {what}";

    private async Task<Finding> DatabaseAsync(ServerSight first, PostgresCluster? kept, CancellationToken cancellationToken)
    {
        // A Cluster that is a replica by its specification has nobody who promotes its servers by himself.
        if (first.Now is { IsInRecovery: true } && (IsStandby || kept is { IsReplica: true }))
        {
            return Finding.Pass(site.Name, first.Server.Name, "in recovery", Frozen);
        }
        var (one, why) = await SettleAsync(first, cancellationToken).ConfigureAwait(false);
        return one switch
        {
            { Now: { IsInRecovery: true } } when why is null => Finding.Pass(site.Name, one.Server.Name, "in recovery, and read-only when it is promoted", Frozen),
            { Now: { } now } when why is null => Finding.Pass(site.Name, one.Server.Name, $"read-only at {now.CurrentLsn}", Frozen),
            { Now: { } now } => Finding.Fail(
                site.Name,
                one.Server.Name,
                now.IsInRecovery ? "may be promoted, and write" : now.IsReadOnly ? "may write" : "takes writes",
                Frozen,
                $"{why} Two databases that take writes can't be merged again.",
                "Freeze it: Suspend-DalpWrite, or run the step freeze."),
            // A fenced Cluster's PostgreSQL is stopped by its operator: that it does not answer is how it should be. The annotation alone only asks for that, and an
            // operator that is down stops nothing: its status must say that no instance is ready.
            { IsSilent: true } when kept is { IsFenced: true, ReadyInstances: 0 } => Finding.Pass(site.Name, one.Server.Name, $"Cluster/{cluster} is fenced, and it does not answer", Frozen),
            _ => Unseen(one.Server.Name, Frozen, one.Failure!, one.Server),
        };
    }

    // Whoever is seen once, is gone at the next look and was given no transaction id meanwhile has written nothing: that is no writer, and stops nobody.
    private async Task<(ServerSight Sight, string? WhyNotFrozen)> SettleAsync(ServerSight first, CancellationToken cancellationToken)
    {
        var (started, sight) = (time.GetTimestamp(), first);
        while (sight.Now is { IsReadOnly: true, WhyNotFrozen: not null } && time.GetElapsedTime(started) < Passing)
        {
            await Task.Delay(LookAgain, time, cancellationToken).ConfigureAwait(false);
            sight = await site.ReadServerAsync(first.Server, cancellationToken).ConfigureAwait(false);
        }
        var hasWritten = sight.Now is { IsInRecovery: false } now && now.NextTransactionId != first.Now?.NextTransactionId;
        return (sight, sight.Now?.WhyNotFrozen ?? (hasWritten ? $"{first.Now?.WhyNotFrozen} It is gone, and something was written meanwhile." : null));
    }

    // What can't be seen of it excuses nobody.
    private async Task<PostgresCluster?> FindClusterAsync(CancellationToken cancellationToken)
    {
        if (cluster is null)
        {
            return null;
        }
        try
        {
            return await site.ReadClusterAsync((_, token) => site.CloudNativePg.FindAsync(site.Namespace, cluster, token), cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException)
        {
            return null;
        }
    }

    private Finding Unseen(string target, string expected, DalpException exception, DatabaseServerSettings? server = null)
    {
        var (isSilent, canBeVouched) = (IsSilence(exception), CanBeVouched(exception));
        var isComingUp = server is not null && ServerSight.SaysItComesUp(exception);
        var observed = isSilent ? "can't be reached" : canBeVouched ? "serves nobody now" : isComingUp ? "comes up" : "can't be seen";
        return canBeVouched && word is not null
            ? Finding.Warn(
                site.Name, target, observed, expected, $"{(isSilent ? "" : $"{exception.Message} ")}{word.Person} vouches: {word.Statement}", "Isolate the site as soon as it answers: Protect-DalpSite -Wait.")
            : Finding.Unknown(
                site.Name,
                target,
                isSilent ? "can't be seen" : observed,
                expected,
                exception.Message,
                canBeVouched
                    ? $"Reach it and freeze it{(vouchBy is null ? "" : $"; or let a person who knows that it serves nobody vouch for it: {vouchBy} '<name>: <how he knows>'")}."
                    : isComingUp ? UntilItAnswers(server!) : exception.RecommendedAction);
    }

    // A database that says that it starts will answer, and take writes: a word is no fence for that. Nor can anybody outside tell a replica that comes up from a former
    // primary that does: both say the same, and the latter writes a moment later.
    private string UntilItAnswers(DatabaseServerSettings server)
    {
        var instance = server.Forward?.Pod ?? server.Name;
        var stop = (cluster, server.Host) switch
        {
            ({ } name, _) => $"fence its instance (kubectl cnpg --context {site.Site.Cluster.Context} -n {site.Namespace} fencing on {name} {instance})",
            (_, { } host) => $"on {host}, stop what starts it again (its service, Patroni, repmgrd), then pg_ctl stop -m immediate",
            _ => $"take away what runs {instance} (scale it to 0)",
        };
        return $"Wait until {server.Name} answers, then freeze it (Suspend-DalpWrite, or resume) and go on. If it never does, see that it stays stopped: {stop}. Or cut it off from everybody, not from here alone.{(vouchBy is null ? "" : $" It is silent then, and only then does a word for it count: {vouchBy} '<name>: <how he knows>'.")}";
    }
}
