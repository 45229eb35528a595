using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What a failover is opened with.</summary>
/// <param name="Topology">The topology.</param>
/// <param name="Runbook">The runbook.</param>
public sealed record FailoverSettings(DalpTopology Topology, DalpRunbook Runbook)
{
    /// <summary>What it is for.</summary>
    public FailoverKind Kind { get; init; }

    /// <summary>Who logs in to the databases, to read and to change; null leaves it to the topology.</summary>
    public DatabaseLogin? Login { get; init; }

    /// <summary>Who vouches that an active site that can't be reached serves nobody.</summary>
    public Attestation? ActiveIsGone { get; init; }

    /// <summary>For a step by hand: who vouches that the other site, which can't be reached, neither writes nor signs.</summary>
    public Attestation? OtherIsFenced { get; init; }

    /// <summary>For a step by hand: who has it done beside a failover that runs.</summary>
    public Attestation? BesideFailover { get; init; }

    /// <summary>The loss that was accepted explicitly.</summary>
    public TimeSpan? MaxDataLoss { get; init; }

    /// <summary>The bound on each request to a site.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Runs a script of the runbook's; null where there is no PowerShell session.</summary>
    public Func<HookCall, CancellationToken, Task>? RunHookAsync { get; init; }
}

/// <summary>
/// Opens both sites for a failover, or for its rehearsal. A site that can't be opened is no error here: what rests on it is then not met, and said to be so.
/// </summary>
public sealed class FailoverSession : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> opened;

    private FailoverSession(FailoverWorld world, List<IAsyncDisposable> opened)
    {
        World = world;
        this.opened = opened;
    }

    /// <summary>Both sites.</summary>
    public FailoverWorld World { get; }

    /// <summary>Opens both sites.</summary>
    /// <param name="infrastructure">Opens clusters and databases.</param>
    /// <param name="settings">What it is opened with.</param>
    /// <param name="memory">What is known of the replication from earlier runs.</param>
    /// <param name="tell">Null for a failover. For a rehearsal: is told each write, and none is sent.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends what the session measures.</param>
    /// <exception cref="DalpException">The kind does not go with a loss, or with a site that is gone (<c>PlannedLosesNothing</c>).</exception>
    public static FailoverSession Open(
        IInfrastructure infrastructure, FailoverSettings settings, ReplicationMemory memory, Action<ToldWrite>? tell, TimeProvider time, CancellationToken cancellationToken)
    {
        PlannedConditions.RequireNoExcuse(settings.Kind, settings.MaxDataLoss, settings.ActiveIsGone);
        var opened = new List<IAsyncDisposable>();
        var clusters = settings.Topology.Sites.ToDictionary(site => site.Role, site => OpenCluster(infrastructure, site, settings.Timeout, opened));
        ICluster Require(SiteRole role) => clusters[role].Cluster ?? throw clusters[role].Failure!;
        var patience = new SitePatience(settings.ActiveIsGone is not null, time);
        var probe = new ReplicationProbe(settings.Topology, infrastructure, Require, settings.Login, memory, settings.Timeout, time, cancellationToken, patience);
        opened.Add(probe);
        var world = new FailoverWorld
        {
            Topology = settings.Topology,
            Runbook = settings.Runbook,
            Kind = settings.Kind,
            Active = Site(settings.Topology.Active, patience),
            Standby = Site(settings.Topology.Standby, SitePatience.Full),
            MeasureLagAsync = probe.MeasureAsync,
            CompareAsync = new DatabaseComparison(
                settings.Topology, SiteRole.Standby, infrastructure, Require, settings.Login, settings.Timeout, time,
                settings.Runbook.Promotion is { UsesCloudNativePg: true, ActiveCluster: { } cluster } ? cluster : null).CompareAsync,
            ListRecoveryPointsAsync = new RecoveryPoints(settings.Topology, probe.MeasureAsync, () => infrastructure.OpenBackups(Require(SiteRole.Standby)), time).ListAsync,
            ActiveIsGone = settings.ActiveIsGone,
            OtherIsFenced = settings.OtherIsFenced,
            BesideFailover = settings.BesideFailover,
            MaxDataLoss = settings.MaxDataLoss,
            PostAsync = tell is null
                ? infrastructure.PostAsync
                : (address, _, _) =>
                {
                    tell(new ToldWrite("this session", address.Host, "Tell how the failover goes."));
                    return Task.CompletedTask;
                },
            Time = time,
        };
        // Ended first: what it still asks uses the others.
        opened.Add(patience);
        return new FailoverSession(settings.RunHookAsync is { } hook ? world with { RunHookAsync = tell is null ? hook : TellHook(tell) } : world, opened);

        FailoverSite Site(DalpSite site, SitePatience patience)
        {
            var databases = new SiteDatabaseControls(site, infrastructure, Require, settings.Login, settings.Timeout);
            opened.Add(databases);
            var (cluster, failure) = clusters[site.Role];
            return tell is null
                ? new FailoverSite(site, cluster, cluster is null ? null : infrastructure.OpenClusterControl(cluster), cluster is null ? null : infrastructure.OpenCloudNativePg(cluster), failure, databases.OpenAsync) { Patience = patience }
                : Rehearsed(infrastructure, site, cluster, failure, databases, patience, tell);
        }
    }

    /// <summary>Closes everything that was opened, the last first.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var index = opened.Count - 1; index >= 0; index--)
        {
            await opened[index].DisposeAsync().ConfigureAwait(false);
        }
    }

    private static FailoverSite Rehearsed(IInfrastructure infrastructure, DalpSite site, ICluster? cluster, DalpException? failure, SiteDatabaseControls databases, SitePatience patience, Action<ToldWrite> tell)
    {
        var told = new Dictionary<string, TellingDatabaseControl>(StringComparer.Ordinal);
        async Task<IDatabaseControl> OpenAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
        {
            var real = await databases.OpenAsync(server, cancellationToken).ConfigureAwait(false);
            lock (told)
            {
                return told.TryGetValue(server.Name, out var kept) ? kept : told[server.Name] = new TellingDatabaseControl(real, site.Name, tell);
            }
        }
        if (cluster is null)
        {
            return new FailoverSite(site, null, null, null, failure, OpenAsync) { Patience = patience };
        }
        var changes = new SimulatedChanges();
        return new FailoverSite(
            site,
            new SimulatedCluster(cluster, changes),
            new TellingClusterControl(infrastructure.OpenClusterControl(cluster), cluster.Context, changes, tell),
            new TellingCloudNativePg(infrastructure.OpenCloudNativePg(cluster), cluster.Context, tell),
            null,
            OpenAsync)
        {
            Patience = patience,
        };
    }

    private static (ICluster? Cluster, DalpException? Failure) OpenCluster(IInfrastructure infrastructure, DalpSite site, TimeSpan timeout, List<IAsyncDisposable> opened)
    {
        try
        {
            var cluster = infrastructure.OpenCluster(site.Cluster, timeout);
            opened.Add(cluster);
            return (cluster, null);
        }
        catch (DalpException failure)
        {
            return (null, failure);
        }
    }

    private static Func<HookCall, CancellationToken, Task> TellHook(Action<ToldWrite> tell) => (hook, _) =>
    {
        tell(new ToldWrite("this session", hook.Path, $"Run the hook, to {hook.Purpose}{string.Concat(hook.Facts.Select(fact => $", {fact.Key} {fact.Value}"))}."));
        return Task.CompletedTask;
    };
}
