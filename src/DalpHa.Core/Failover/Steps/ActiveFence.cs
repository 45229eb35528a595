using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Whether the active site can write: the gate before promotion and before anything that must not run twice. It is measured when the site answers. Only
/// when it does not does a named person's word count, and it counts no longer than the silence lasts.
/// </summary>
internal static class ActiveFence
{
    /// <summary>The gate's name among the preconditions.</summary>
    public const string Name = "ActiveFenced";

    /// <summary>Measures it now: one finding for the writers, and one for each database server.</summary>
    public static async Task<IReadOnlyList<Precondition>> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var writers = WritersAsync(world, cancellationToken);
        var databases = (world.Active.Site.Database?.Servers ?? []).Select(server => DatabaseAsync(world, server, cancellationToken)).ToList();
        List<Finding> findings = [await writers.ConfigureAwait(false), .. await Task.WhenAll(databases).ConfigureAwait(false)];
        if (databases.Count == 0)
        {
            findings.Add(Finding.Unknown(
                world.Active.Name, "database", "not named", "frozen", "The topology names no database server of the active site, so nobody can see whether it writes.", "Name it: sites.active.database.servers."));
        }
        return [.. findings.Select(finding => new Precondition(Name, finding))];
    }

    private static async Task<Finding> WritersAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        const string Expected = "no pod that writes";
        try
        {
            var site = world.Active;
            var pods = await site.Cluster.ListPodsAsync(site.Namespace, cancellationToken).ConfigureAwait(false);
            var workloads = await site.Cluster.ListWorkloadsAsync(site.Namespace, cancellationToken).ConfigureAwait(false);
            var running = workloads.Where(workload => world.Topology.RuleFor(workload)?.Writes() == true && (workload.Desired > 0 || workload.LivePods(pods).Count > 0)).ToList();
            return running.Count == 0
                ? Finding.Pass(site.Name, "writers", "none runs", Expected)
                : Finding.Fail(site.Name, "writers", $"{Wording.List(running.Select(workload => workload.Target).ToList())} run", Expected, "What they write after the promotion is lost, or forks the data.", "Freeze them: Suspend-DalpWrite, or run the step freeze.");
        }
        catch (DalpException exception)
        {
            return Unseen(world, "writers", Expected, exception);
        }
    }

    private static async Task<Finding> DatabaseAsync(FailoverWorld world, DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        const string Expected = "frozen";
        try
        {
            var control = await world.Active.OpenDatabaseAsync(server, cancellationToken).ConfigureAwait(false);
            var activity = await control.ReadActivityAsync(cancellationToken).ConfigureAwait(false);
            return activity switch
            {
                { IsInRecovery: true } => Finding.Pass(world.Active.Name, server.Name, "in recovery", Expected),
                { IsReadOnly: true, WritersRunning: 0, PreparedTransactions: 0 } => Finding.Pass(world.Active.Name, server.Name, $"read-only at {activity.CurrentLsn}", Expected),
                _ => Finding.Fail(
                    world.Active.Name,
                    server.Name,
                    activity.IsReadOnly ? $"{activity.WritersRunning} writing and {activity.PreparedTransactions} prepared transactions" : "takes writes",
                    Expected,
                    "Two databases that take writes can't be merged again.",
                    "Freeze it: Suspend-DalpWrite, or run the step freeze."),
            };
        }
        catch (DalpException exception)
        {
            return Unseen(world, server.Name, Expected, exception);
        }
    }

    // Only silence can be vouched for. A site that answers, and refuses to be looked at, is there.
    private static Finding Unseen(FailoverWorld world, string target, string expected, DalpException exception)
    {
        var isSilent = exception.Kind is FaultKind.Unreachable or FaultKind.TimedOut;
        if (isSilent && world.ActiveIsGone is { } word)
        {
            return Finding.Warn(world.Active.Name, target, "can't be reached", expected, $"{word.Person} vouches: {word.Statement}", "Isolate the site as soon as it answers: Protect-DalpSite.");
        }
        return Finding.Unknown(
            world.Active.Name,
            target,
            "can't be seen",
            expected,
            exception.Message,
            isSilent ? "Reach it and freeze it; or let a person who knows that it serves nobody vouch for it: -ActiveIsGone '<name>: <how he knows>'." : exception.RecommendedAction);
    }

    /// <summary>Whether a workload writes to the database or the chain.</summary>
    public static bool Writes(this WorkloadRule rule) => rule.Role is WorkloadRole.Writer or WorkloadRole.Signer;
}
