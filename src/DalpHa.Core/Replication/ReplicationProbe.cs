using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Replication;

/// <summary>
/// Measures the replication between the sites of a topology, once or again and again over the same connections. As a view it measures once, whichever
/// checks ask. One measurement runs at a time.
/// </summary>
public sealed class ReplicationProbe : IReplicationView, IAsyncDisposable
{
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SettleStep = TimeSpan.FromMilliseconds(100);
    private const int SettleSteps = 5;

    private readonly DalpTopology topology;
    private readonly ReplicationMemory memory;
    private readonly TimeProvider time;
    private readonly IReadOnlyList<DatabaseSession> active;
    private readonly IReadOnlyList<DatabaseSession> standby;
    private readonly Dictionary<string, ReplicationHistory> histories = [];
    private readonly CancellationToken runToken;
    private readonly SemaphoreSlim turn = new(1);
    private readonly Lock gate = new();
    private Task<Measurement>? shared;
    private bool isClosed;
    private DateTimeOffset savedAt;

    /// <summary>Makes a probe. Nothing is connected to yet.</summary>
    /// <param name="topology">The topology.</param>
    /// <param name="infrastructure">Opens the databases.</param>
    /// <param name="openCluster">A site's cluster, for tunnels and logins in Secrets; it stays the caller's.</param>
    /// <param name="login">Who logs in at both sites; null leaves it to the topology and the environment.</param>
    /// <param name="memory">What is kept between runs.</param>
    /// <param name="timeout">The bound on each request to a server.</param>
    /// <param name="time">The clock.</param>
    /// <param name="runToken">Ends the measurement that <see cref="GetLagAsync"/> and <see cref="GetServersAsync"/> share.</param>
    /// <param name="patience">How long the active site is waited for; null waits for it as for any other.</param>
    public ReplicationProbe(
        DalpTopology topology,
        IInfrastructure infrastructure,
        Func<SiteRole, ICluster> openCluster,
        DatabaseLogin? login,
        ReplicationMemory memory,
        TimeSpan timeout,
        TimeProvider time,
        CancellationToken runToken,
        SitePatience? patience = null)
    {
        this.topology = topology;
        this.memory = memory;
        this.time = time;
        active = Sessions(topology.Active, patience ?? SitePatience.Full);
        standby = Sessions(topology.Standby, SitePatience.Full);
        this.runToken = runToken;

        IReadOnlyList<DatabaseSession> Sessions(DalpSite site, SitePatience patience) =>
            [.. (site.Database?.Servers ?? []).Select(server => new DatabaseSession(site, server, infrastructure, openCluster, login, timeout, patience))];
    }

    /// <summary>Measures now: one object per standby server. A server that can't be seen is Unknown in its object, and no exception.</summary>
    public async Task<IReadOnlyList<DalpReplicationLag>> MeasureAsync(CancellationToken cancellationToken) =>
        (await RunAsync(cancellationToken).ConfigureAwait(false)).Lags;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DalpReplicationLag>> GetLagAsync() => (await ShareAsync().ConfigureAwait(false)).Lags;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ServerObservation>> GetServersAsync(SiteRole role)
    {
        var measurement = await ShareAsync().ConfigureAwait(false);
        return role == SiteRole.Active ? measurement.Active : measurement.Standby;
    }

    /// <summary>Waits for the shared measurement, which the end of the run's token ends; closes the connections and tunnels, and saves what is remembered.</summary>
    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (gate)
        {
            isClosed = true;
            running = shared ?? Task.CompletedTask;
        }
        // Nobody may ask for its outcome any more, and it still opens connections and remembers: what it opens would stay open.
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var session in active.Concat(standby))
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
        turn.Dispose();
        Save();
    }

    private Task<Measurement> ShareAsync()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            return shared ??= RunAsync(runToken);
        }
    }

    private async Task<Measurement> RunAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await RunAloneAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    // The order is what makes lag honest and tight: the primary's position first, so that there is one which the standby may have passed since; then the
    // standbys; then the primary again, so that whatever is written meanwhile counts as missing.
    private async Task<Measurement> RunAloneAsync(CancellationToken cancellationToken)
    {
        var askedAt = time.GetUtcNow();
        var first = await SampleAsync([.. active, .. standby], cancellationToken).ConfigureAwait(false);
        var (actives, standbys) = (first[..active.Count], first[active.Count..]);
        var primaryAt = Array.FindIndex(actives, observation => observation.Sample is { IsInRecovery: false });
        if (primaryAt >= 0)
        {
            Remember(actives[primaryAt].Sample!, askedAt);
            await ResampleAsync(standbys, actives[primaryAt].Sample!, cancellationToken).ConfigureAwait(false);
            askedAt = time.GetUtcNow();
            actives[primaryAt] = await active[primaryAt].SampleAsync(cancellationToken).ConfigureAwait(false);
            if (actives[primaryAt].Sample is { IsInRecovery: false } primary)
            {
                Remember(primary, askedAt);
            }
        }
        var lags = standbys.Select(observation => Estimate(observation, actives, standbys)).ToList();
        if (time.GetUtcNow() - savedAt >= SaveInterval)
        {
            Save();
        }
        return new Measurement(lags, actives, standbys);
    }

    private DalpReplicationLag Estimate(ServerObservation observation, ServerObservation[] actives, ServerObservation[] standbys)
    {
        var history = HistoryOf(observation.Server);
        var lag = LagEstimator.Estimate(new LagQuestion(
            topology.Standby.Name,
            observation,
            actives,
            [.. standbys.Where(other => other != observation)],
            history,
            topology.Thresholds.Lag,
            time.GetUtcNow()));
        histories[observation.Server] = history with
        {
            LastReplayLsn = observation.Sample?.ReplayLsn ?? history.LastReplayLsn,
            LastHealthyAt = lag.LastHealthyAt,
            Slot = lag.Slot,
        };
        return lag;
    }

    // On a system that was idle, one fresh commit in flight would look as old as the last one before it. A standby that gets there within moments shows
    // that it is not behind by that; one that does not is measured as it is.
    private async Task ResampleAsync(ServerObservation[] standbys, DatabaseSample primary, CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, standbys.Length).Where(i => standbys[i].Sample is { IsInRecovery: true }).Select(ResampleOneAsync)).ConfigureAwait(false);

        async Task ResampleOneAsync(int index)
        {
            for (var step = 0; ; step++)
            {
                standbys[index] = await standby[index].SampleAsync(cancellationToken).ConfigureAwait(false);
                var isSettled = standbys[index].Sample is not { Receiver: not null, IsReplayPaused: false } sample
                    || sample.ReplayLsn >= primary.CurrentLsn
                    || LagEstimator.BoundLag(sample, primary, HistoryOf(standbys[index].Server)) < topology.Thresholds.Lag.Warn;
                if (isSettled || step == SettleSteps)
                {
                    return;
                }
                await Task.Delay(SettleStep, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static Task<ServerObservation[]> SampleAsync(IReadOnlyList<DatabaseSession> sessions, CancellationToken cancellationToken) =>
        Task.WhenAll(sessions.Select(session => session.SampleAsync(cancellationToken)));

    private void Remember(DatabaseSample primary, DateTimeOffset askedAt)
    {
        foreach (var session in standby)
        {
            histories[session.Name] = HistoryOf(session.Name).Add(primary, askedAt);
        }
    }

    private ReplicationHistory HistoryOf(string server)
    {
        lock (histories)
        {
            return histories.TryGetValue(server, out var known) ? known : histories[server] = memory.Load(topology.Name, server, time);
        }
    }

    private void Save()
    {
        savedAt = time.GetUtcNow();
        foreach (var (server, history) in histories)
        {
            memory.Save(topology.Name, server, history);
        }
    }

    private sealed record Measurement(IReadOnlyList<DalpReplicationLag> Lags, IReadOnlyList<ServerObservation> Active, IReadOnlyList<ServerObservation> Standby);
}
