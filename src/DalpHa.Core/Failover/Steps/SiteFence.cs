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
/// <param name="vouchBy">How such a word is given: <c>-ActiveIsGone</c>.</param>
internal sealed class SiteFence(FailoverSite site, DalpTopology topology, Attestation? word, string vouchBy)
{
    /// <summary>That nothing runs which writes to the database or the chain.</summary>
    public Task<Finding> WritersAsync(CancellationToken cancellationToken) => RunningAsync(
        "writers", rule => rule.Writes(), "What they write after the promotion is lost, or forks the data.", "Freeze them: Suspend-DalpWrite, or run the step freeze.", cancellationToken);

    /// <summary>That nothing of a role runs which two must not run of at once.</summary>
    public Task<Finding> SignersAsync(WorkloadRole role, CancellationToken cancellationToken) => role == WorkloadRole.Validator
        ? RunningAsync("validators", rule => rule.Role == role, "Two validators with one key sign conflicting blocks.", "Stop them there, and see their pods gone: Stop-DalpWorkload.", cancellationToken)
        : RunningAsync("signers", rule => rule.Role == role, "Two transaction signers use one nonce twice.", "Stop them there, and see their pods gone: Stop-DalpWorkload.", cancellationToken);

    /// <summary>That no database of the site takes writes: one finding for each server.</summary>
    public async Task<IReadOnlyList<Finding>> DatabasesAsync(CancellationToken cancellationToken)
    {
        var servers = site.Site.Database?.Servers ?? [];
        return servers.Count > 0
            ? await Task.WhenAll(servers.Select(server => DatabaseAsync(server, cancellationToken))).ConfigureAwait(false)
            :
            [
                Finding.Unknown(
                    site.Name, "database", "not named", "frozen", "The topology names no database server of the site, so nobody can see whether it writes.",
                    $"Name it: sites.{(site.Site.Role == SiteRole.Active ? "active" : "standby")}.database.servers."),
            ];
    }

    private async Task<Finding> RunningAsync(string what, Func<WorkloadRule, bool> counts, string harm, string remediation, CancellationToken cancellationToken)
    {
        var expected = $"no pod of {what}";
        try
        {
            var (pods, workloads) = await site.ReadClusterAsync(
                async (cluster, token) => (await cluster.ListPodsAsync(site.Namespace, token).ConfigureAwait(false), await cluster.ListWorkloadsAsync(site.Namespace, token).ConfigureAwait(false)),
                cancellationToken).ConfigureAwait(false);
            var rules = topology.Workloads.Where(counts).ToList();
            var running = workloads.Where(workload => topology.RuleFor(workload) is { } rule && rules.Contains(rule) && (workload.Desired > 0 || workload.LivePods(pods).Count > 0))
                .Select(workload => workload.Target)
                .Concat(rules.SelectMany(rule => rule.PodsOfNone(workloads, pods)).Select(pod => $"Pod/{pod.Name}")).ToList();
            return running.Count == 0
                ? Finding.Pass(site.Name, what, "none runs", expected)
                : Finding.Fail(site.Name, what, $"{Wording.List(running)} {(running.Count == 1 ? "runs" : "run")}", expected, harm, remediation);
        }
        catch (DalpException exception)
        {
            return Unseen(what, expected, exception);
        }
    }

    private async Task<Finding> DatabaseAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        const string Expected = "frozen";
        try
        {
            var activity = await site.ReadActivityAsync(server, cancellationToken).ConfigureAwait(false);
            return activity switch
            {
                { IsInRecovery: true } => Finding.Pass(site.Name, server.Name, "in recovery", Expected),
                { WhyNotFrozen: null } => Finding.Pass(site.Name, server.Name, $"read-only at {activity.CurrentLsn}", Expected),
                _ => Finding.Fail(
                    site.Name,
                    server.Name,
                    activity.IsReadOnly ? "may write" : "takes writes",
                    Expected,
                    $"{activity.WhyNotFrozen} Two databases that take writes can't be merged again.",
                    "Freeze it: Suspend-DalpWrite, or run the step freeze."),
            };
        }
        catch (DalpException exception)
        {
            return Unseen(server.Name, Expected, exception);
        }
    }

    // Only silence can be vouched for. A site that answers, and refuses to be looked at, is there.
    private Finding Unseen(string target, string expected, DalpException exception)
    {
        var isSilent = exception.Kind is FaultKind.Unreachable or FaultKind.TimedOut;
        if (isSilent && word is not null)
        {
            return Finding.Warn(site.Name, target, "can't be reached", expected, $"{word.Person} vouches: {word.Statement}", "Isolate the site as soon as it answers: Protect-DalpSite -Wait.");
        }
        return Finding.Unknown(
            site.Name,
            target,
            "can't be seen",
            expected,
            exception.Message,
            isSilent ? $"Reach it and freeze it; or let a person who knows that it serves nobody vouch for it: {vouchBy} '<name>: <how he knows>'." : exception.RecommendedAction);
    }
}
