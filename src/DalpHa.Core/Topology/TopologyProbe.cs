using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;
using DalpHa.Core.Documents;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Topology;

/// <summary>Connects to what a topology names, and tells of each thing whether it was reached and may be used.</summary>
/// <param name="infrastructure">Opens clusters, databases and validators.</param>
/// <param name="account">Whose account looks.</param>
/// <param name="timeout">The bound on each request.</param>
public sealed class TopologyProbe(IInfrastructure infrastructure, DalpAccount account, TimeSpan timeout)
{
    private const int Parallelism = 8;

    /// <summary>Probes both sites in parallel. One diagnostic for each thing, in the order in which they answer.</summary>
    /// <param name="topology">The topology.</param>
    /// <param name="positionOf">Where in the file a key stands; null without a file.</param>
    /// <param name="cancellationToken">Ends the probing.</param>
    public async IAsyncEnumerable<DocumentDiagnostic> RunAsync(
        DalpTopology topology, Func<string, (int Line, int Column)>? positionOf, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var gate = new SemaphoreSlim(Parallelism);
        await using var active = new SiteProbe(topology.Active);
        await using var standby = new SiteProbe(topology.Standby);
        var probes = new[] { active, standby }.SelectMany(site => ProbesOf(site, cancellationToken)).Select(probe => ThroughGateAsync(gate, probe, cancellationToken)).ToList();
        try
        {
            await foreach (var done in Task.WhenEach(probes).WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                foreach (var (subject, outcome) in await done.ConfigureAwait(false))
                {
                    var (line, column) = positionOf?.Invoke(subject) ?? (0, 0);
                    yield return new DocumentDiagnostic(topology.Path ?? "", line, column, outcome.Status, outcome.ErrorId, outcome.Thing, outcome.Message, outcome.Expected);
                }
            }
        }
        finally
        {
            // Whoever stops listening waits for what still runs: nothing outlives the gate and the clusters.
            await ((Task)Task.WhenAll(probes)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IEnumerable<Func<Task<IReadOnlyList<Reached>>>> ProbesOf(SiteProbe probe, CancellationToken cancellationToken)
    {
        var (site, key) = (probe.Site, probe.Site.Role == SiteRole.Active ? "sites.active" : "sites.standby");
        var version = new Lazy<Task<(ICluster Cluster, ClusterVersion Version)>>(() => BoundedAsync(token => probe.ConnectAsync(infrastructure, timeout, token), cancellationToken));
        yield return () => OneAsync($"{key}.context", $"{site.Name}/API server", async () =>
        {
            var (cluster, seen) = await version.Value.ConfigureAwait(false);
            return $"{cluster.Server.Host} answers with {seen.GitVersion}.";
        });
        yield return () => OneAsync($"{key}.namespace", $"{site.Name}/namespace {site.Namespace}", async () =>
        {
            var (cluster, _) = await version.Value.ConfigureAwait(false);
            return await BoundedAsync(token => cluster.NamespaceExistsAsync(site.Namespace, token), cancellationToken).ConfigureAwait(false)
                ? "The namespace is there."
                : throw new DalpException("NamespaceNotFound", FaultKind.NotFound, $"The cluster has no namespace '{site.Namespace}'.", "Give the namespace that the platform runs in.");
        });
        yield return () => PermissionsAsync(site, key, async requests =>
        {
            var (cluster, _) = await version.Value.ConfigureAwait(false);
            return await BoundedAsync(token => cluster.ReviewAccessAsync(requests, token), cancellationToken).ConfigureAwait(false);
        });
        foreach (var (index, server) in (site.Database?.Servers ?? []).Index())
        {
            yield return () => OneAsync($"{key}.database.servers[{index}]", $"{site.Name}/database {server.Name}", async () =>
            {
                // Only a tunnel or a login from a Secret needs the cluster: a database of its own is reached without.
                var needsCluster = server.Forward is not null || site.Database!.Credentials is not null;
                var cluster = needsCluster ? (await version.Value.ConfigureAwait(false)).Cluster : null;
                await using var session = new DatabaseSession(site, server, infrastructure, _ => cluster!, login: null, timeout, SitePatience.Full);
                var seen = await BoundedAsync(session.SampleAsync, cancellationToken).ConfigureAwait(false);
                var sample = seen.Sample ?? throw seen.Failure!;
                return sample.CanSeeAll
                    ? $"PostgreSQL {sample.VersionNumber / 10000}.{sample.VersionNumber % 10000} answers as {(sample.IsInRecovery ? "a standby" : "a primary")}."
                    : throw new DalpException("MonitorRoleMissing", FaultKind.Forbidden, "The login lacks the role pg_monitor: replication can't be seen whole.", "GRANT pg_monitor to the login.");
            });
        }
        foreach (var (index, validator) in (site.Validators ?? []).Index().Where(v => v.Item.Rpc is not null))
        {
            yield return () => OneAsync($"{key}.validators[{index}]", $"{site.Name}/validator {validator.Name}", async () =>
            {
                await using var node = infrastructure.OpenValidator(validator.Rpc!, timeout);
                var sample = await BoundedAsync(node.SampleAsync, cancellationToken).ConfigureAwait(false);
                return $"{sample.Address} is at block {sample.BlockNumber} with {sample.PeerCount} peers.";
            });
        }
    }

    private async Task<IReadOnlyList<Reached>> PermissionsAsync(DalpSite site, string key, Func<IReadOnlyList<AccessRequest>, Task<IReadOnlyList<AccessDecision>>> review)
    {
        var isReader = account == DalpAccount.Reader;
        IReadOnlyList<AccessRequest> requests = [.. RequiredPermissions.ForReading(site), .. isReader ? [] : RequiredPermissions.ForFailover(site.Namespace)];
        string Thing(AccessRequest request) => $"{site.Name}/may {request}{(request.Namespace is null ? " in all namespaces" : "")}";
        try
        {
            var decisions = await review(requests).ConfigureAwait(false);
            var missing = decisions.Where(decision => !decision.IsAllowed).ToList();
            return missing.Count == 0
                ? [new Reached($"{key}.context", new Outcome(CheckStatus.Pass, "Allowed", $"{site.Name}/permissions", isReader
                    ? $"All {decisions.Count} that a reader needs are there. Those of a failover were not asked for."
                    : $"All {decisions.Count} that DalpHa needs are there."))]
                : [.. missing.Select(decision => new Reached($"{key}.context", new Outcome(
                    CheckStatus.Fail,
                    "PermissionMissing",
                    Thing(decision.Request),
                    $"Not allowed{(decision.Reason is { Length: > 0 } reason ? $" ({reason})" : "")}.",
                    $"it, to {decision.Request.Purpose}")))];
        }
        catch (DalpException failure)
        {
            return [new Reached($"{key}.context", new Outcome(CheckStatus.Unknown, failure.ErrorId, $"{site.Name}/permissions", $"They could not be asked: {failure.Message}"))];
        }
    }

    private static async Task<IReadOnlyList<Reached>> OneAsync(string key, string thing, Func<Task<string>> probe)
    {
        try
        {
            return [new Reached(key, new Outcome(CheckStatus.Pass, "Reached", thing, await probe().ConfigureAwait(false)))];
        }
        catch (DalpException failure)
        {
            // What did not answer is not known to be wrong.
            var status = failure.Kind is FaultKind.Unreachable or FaultKind.TimedOut or FaultKind.Unavailable ? CheckStatus.Unknown : CheckStatus.Fail;
            return [new Reached(key, new Outcome(status, failure.ErrorId, thing, failure.Message, failure.RecommendedAction.TrimEnd('.')))];
        }
    }

    // The adapters bound each request; a probe makes a few of them, and this bounds their sum.
    private async Task<T> BoundedAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(timeout * 3);
        try
        {
            return await work(bound.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DalpException("ProbeTimedOut", FaultKind.TimedOut, $"Nothing answered within {timeout.TotalSeconds * 3:0} s.", "Check the network path, or give a longer -TimeoutSeconds.");
        }
    }

    private static async Task<IReadOnlyList<Reached>> ThroughGateAsync(SemaphoreSlim gate, Func<Task<IReadOnlyList<Reached>>> probe, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await probe().ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }
    }

    private sealed record Reached(string Key, Outcome Outcome);

    private sealed record Outcome(CheckStatus Status, string ErrorId, string Thing, string Message, string Expected = "");

    /// <summary>One site's cluster, opened once for all of its probes.</summary>
    private sealed class SiteProbe(DalpSite site) : IAsyncDisposable
    {
        private ICluster? cluster;

        public DalpSite Site => site;

        public async Task<(ICluster, ClusterVersion)> ConnectAsync(IInfrastructure infrastructure, TimeSpan timeout, CancellationToken cancellationToken)
        {
            // Reading a kubeconfig may touch slow disks; the caller's thread does not wait for it.
            cluster = await Task.Run(() => infrastructure.OpenCluster(site.Cluster, timeout), cancellationToken).ConfigureAwait(false);
            return (cluster, await cluster.GetVersionAsync(cancellationToken).ConfigureAwait(false));
        }

        public ValueTask DisposeAsync() => cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
