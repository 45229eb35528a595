using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness;

/// <summary>
/// Opens what the checks of one run look at: both clusters and the databases. A cluster that can't be opened is no error here: what it should
/// have answered is Unknown in the results, and the other site is looked at all the same.
/// </summary>
public sealed class ReadinessSession : IAsyncDisposable
{
    // A check reads several things one after the other, a list has several pages, and a database may lie behind a tunnel.
    private const int RequestsPerCheck = 3;

    private readonly CancellationTokenSource ending;
    private readonly IReadOnlyList<OpenedSite> sites;
    private readonly ReplicationProbe probe;
    private readonly ReadinessRun run;

    private ReadinessSession(
        DalpTopology topology,
        IReadOnlyList<OpenedSite> sites,
        IInfrastructure infrastructure,
        DatabaseLogin? login,
        DalpAccount account,
        ReplicationMemory memory,
        TimeSpan timeout,
        TimeProvider time,
        CancellationTokenSource ending)
    {
        this.sites = sites;
        this.ending = ending;
        var digestKey = new DigestKey();
        probe = new ReplicationProbe(topology, infrastructure, role => sites.First(site => site.Site.Role == role).Require(), login, memory, timeout, time, ending.Token);
        var views = sites.Select(opened => new SiteView(
            opened.Site, opened.Cluster, opened.Failure, digestKey, validator => infrastructure.OpenValidator(validator.Rpc!, timeout), ending.Token)).ToList();
        run = new ReadinessRun(new ReadinessContext(topology, views[0], views[1], probe, time) { Account = account }, timeout * RequestsPerCheck);
    }

    /// <summary>Opens both sites at the same time.</summary>
    /// <param name="infrastructure">Opens clusters, databases and validators.</param>
    /// <param name="topology">The topology.</param>
    /// <param name="login">Who logs in to the databases; null leaves it to the topology and the environment.</param>
    /// <param name="account">Whose account looks.</param>
    /// <param name="memory">What is known of the replication from earlier runs.</param>
    /// <param name="timeout">The bound on each request; a check may take three times as long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the session's reads.</param>
    /// <exception cref="DalpException">Neither site can be opened: then there is nothing to look at, and the reason is the caller's to mend.</exception>
    public static async Task<ReadinessSession> OpenAsync(
        IInfrastructure infrastructure,
        DalpTopology topology,
        DatabaseLogin? login,
        DalpAccount account,
        ReplicationMemory memory,
        TimeSpan timeout,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var opening = topology.Sites.Select(site => Task.Run(() => Open(site), CancellationToken.None)).ToList();
        try
        {
            var sites = await Task.WhenAll(opening).ConfigureAwait(false);
            if (sites.All(site => site.Failure is not null))
            {
                throw sites[0].Failure!;
            }
            var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            return new ReadinessSession(topology, sites, infrastructure, login, account, memory, timeout, time, ending);
        }
        catch
        {
            foreach (var opened in opening.Where(site => site.IsCompletedSuccessfully))
            {
                await CloseAsync(await opened.ConfigureAwait(false)).ConfigureAwait(false);
            }
            throw;
        }

        OpenedSite Open(DalpSite site)
        {
            try
            {
                return new OpenedSite(site, infrastructure.OpenCluster(site.Cluster, timeout), null);
            }
            catch (DalpException failure)
            {
                return new OpenedSite(site, null, failure);
            }
        }
    }

    /// <summary>Runs the checks; a session runs once, since its sites are read once.</summary>
    public IAsyncEnumerable<DalpCheckResult> RunAsync(IReadOnlyList<IReadinessCheck> checks, CancellationToken cancellationToken) =>
        run.RunAsync(checks, cancellationToken);

    /// <summary>Ends what is still being read, and closes everything that was opened.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await probe.DisposeAsync().ConfigureAwait(false);
        foreach (var site in sites)
        {
            await CloseAsync(site).ConfigureAwait(false);
        }
        ending.Dispose();
    }

    private static ValueTask CloseAsync(OpenedSite site) => site.Cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    private sealed record OpenedSite(DalpSite Site, ICluster? Cluster, DalpException? Failure)
    {
        public ICluster Require() => Cluster ?? throw Failure!;
    }
}
