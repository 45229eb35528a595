using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What a failover is for.</summary>
public enum FailoverKind
{
    /// <summary>The active site is lost or failing. What can't be saved is lost, as far as it was accepted.</summary>
    Failover,
    /// <summary>Planned: both sites are well, and the roles change without loss, or not at all.</summary>
    Switchover,
    /// <summary>Planned as well, by the same rules: a switchover that is made to practise and to leave evidence, and is called so wherever it is told.</summary>
    Drill,
}

/// <summary>What a kind means.</summary>
public static class FailoverKinds
{
    /// <summary>Whether nobody is forced to it: then both sites must be well, and nothing may be lost.</summary>
    public static bool IsPlanned(this FailoverKind kind) => kind is FailoverKind.Switchover or FailoverKind.Drill;
}

/// <summary>A person who vouches for what the tool can't see.</summary>
/// <param name="Person">Who.</param>
/// <param name="Statement">What he vouches for, and how he knows.</param>
public sealed record Attestation(string Person, string Statement);

/// <summary>A script of the runbook's, as it is to be run.</summary>
/// <param name="Path">The script.</param>
/// <param name="Purpose">What it is for.</param>
public sealed record HookCall(string Path, string Purpose)
{
    /// <summary>What else it is told, by parameter name.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();
}

/// <summary>Both sites as a failover reads and changes them, and what its people have decided beforehand.</summary>
public sealed record FailoverWorld
{
    /// <summary>The topology.</summary>
    public required DalpTopology Topology { get; init; }

    /// <summary>The runbook.</summary>
    public required DalpRunbook Runbook { get; init; }

    /// <summary>What it is for.</summary>
    public required FailoverKind Kind { get; init; }

    /// <summary>The site that serves, or served.</summary>
    public required FailoverSite Active { get; init; }

    /// <summary>The site that takes over.</summary>
    public required FailoverSite Standby { get; init; }

    /// <summary>Measures the replication between them, as <see cref="ReplicationProbe.MeasureAsync"/> does.</summary>
    public required Func<CancellationToken, Task<IReadOnlyList<DalpReplicationLag>>> MeasureLagAsync { get; init; }

    /// <summary>Lists what the standby can be recovered from, best first, as <see cref="RecoveryPoints.ListAsync"/> does.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<DalpRecoveryPoint>>> ListRecoveryPointsAsync { get; init; } = _ => Task.FromResult<IReadOnlyList<DalpRecoveryPoint>>([]);

    /// <summary>Compares the standby's database servers, as those of a former active site, with the primary on the active one, as a <see cref="DatabaseComparison"/> does.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<DalpDivergence>>> CompareAsync { get; init; } = _ => Task.FromResult<IReadOnlyList<DalpDivergence>>([]);

    /// <summary>Runs a script of the runbook's until its end, or until it is cancelled: it is ended then. What it says of its success is not taken.</summary>
    public Func<HookCall, CancellationToken, Task> RunHookAsync { get; init; } = (hook, _) => throw new DalpException(
        "HookNotRunnable", FaultKind.InvalidInput, $"The hook '{hook.Path}' ({hook.Purpose}) can't be run here.", "Run the failover in a PowerShell session.", hook.Path);

    /// <summary>Sends a JSON text to an address, for somebody who wants to know how it goes.</summary>
    public Func<Uri, string, CancellationToken, Task> PostAsync { get; init; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Who vouches that an active site that can't be reached serves nobody; null when nobody does.</summary>
    public Attestation? ActiveIsGone { get; init; }

    /// <summary>For a step by hand: who vouches that the other site, which can't be reached, neither writes nor signs; null when nobody does.</summary>
    public Attestation? OtherIsFenced { get; init; }

    /// <summary>For a step by hand: who has it done beside a failover that runs; null when nobody does.</summary>
    public Attestation? BesideFailover { get; init; }

    /// <summary>The loss that was accepted explicitly; null when only the topology's RPO bounds it.</summary>
    public TimeSpan? MaxDataLoss { get; init; }

    /// <summary>For one that goes on: whether an earlier process had begun the step <c>promote</c>, so that the standby takes writes because of this very failover.</summary>
    public bool HasPromoted { get; init; }

    /// <summary>For one that goes on: whether an earlier process had begun the step <c>validators</c>, so that the standby's may sign. From then on the former ones must not.</summary>
    public bool HasBegunValidators { get; init; }

    /// <summary>The former primary as an earlier process has drained it, for one that goes on; null when there is nothing to look for.</summary>
    public DrainedPrimary? Drained { get; init; }

    /// <summary>For a rehearsal past a freeze that people do: what they will have frozen counts as frozen, and it is said to be assumed.</summary>
    public bool AssumesFreeze { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>The same world for a step that acts on either site: the one that is meant stands where the recipes act, in <see cref="Active"/>.</summary>
    public FailoverWorld Facing(SiteRole site) => site == Active.Site.Role ? this : this with { Active = Standby, Standby = Active };

    /// <summary>The loss that a promotion may bring.</summary>
    public TimeSpan AcceptedLoss => Kind.IsPlanned() ? TimeSpan.Zero : MaxDataLoss ?? Topology.Thresholds.Rpo;

    /// <summary>The same world for another kind, as that of a journal which is gone on with.</summary>
    /// <exception cref="DalpException">What was decided beforehand does not go with it (<c>PlannedLosesNothing</c>).</exception>
    public FailoverWorld For(FailoverKind kind)
    {
        PlannedConditions.RequireNoExcuse(kind, MaxDataLoss, ActiveIsGone);
        return this with { Kind = kind };
    }
}

/// <summary>One site as a failover reads and changes it.</summary>
public sealed class FailoverSite(DalpSite site, ICluster? cluster, IClusterControl? control, ICloudNativePg? cloudNativePg, DalpException? failure, Func<DatabaseServerSettings, CancellationToken, Task<IDatabaseControl>> openDatabase)
{
    /// <summary>The site.</summary>
    public DalpSite Site => site;

    /// <summary>Its name.</summary>
    public string Name => site.Name;

    /// <summary>The namespace that the platform runs in.</summary>
    public string Namespace => site.Namespace;

    /// <summary>How long it is waited for.</summary>
    public SitePatience Patience { get; init; } = SitePatience.Full;

    /// <summary>What reads its cluster.</summary>
    /// <exception cref="DalpException">It could not be opened.</exception>
    public ICluster Cluster => cluster ?? throw failure!;

    /// <summary>What changes its cluster.</summary>
    /// <exception cref="DalpException">It could not be opened.</exception>
    public IClusterControl Control => control ?? throw failure!;

    /// <summary>Its CloudNativePG clusters.</summary>
    /// <exception cref="DalpException">Its cluster could not be opened.</exception>
    public ICloudNativePg CloudNativePg => cloudNativePg ?? throw failure!;

    /// <summary>Opens one of its database servers for changes. Closed with the world.</summary>
    /// <exception cref="DalpException">It can't be reached or does not let us in.</exception>
    public Task<IDatabaseControl> OpenDatabaseAsync(DatabaseServerSettings server, CancellationToken cancellationToken) => openDatabase(server, cancellationToken);

    /// <summary>Reads its cluster, as patiently as it deserves.</summary>
    /// <exception cref="DalpException">It can't be reached, or refuses.</exception>
    public Task<T> ReadClusterAsync<T>(Func<ICluster, CancellationToken, Task<T>> readAsync, CancellationToken cancellationToken) =>
        Patience.AskAsync("cluster", token => readAsync(Cluster, token), cancellationToken);

    /// <summary>Reads what one of its database servers does with writes, as patiently as it deserves.</summary>
    /// <exception cref="DalpException">It can't be reached, or refuses.</exception>
    public Task<WriteActivity> ReadActivityAsync(DatabaseServerSettings server, CancellationToken cancellationToken) => Patience.AskAsync(
        server.Name,
        async token => await (await OpenDatabaseAsync(server, token).ConfigureAwait(false)).ReadActivityAsync(token).ConfigureAwait(false),
        cancellationToken);

    /// <summary>Reads all of its database servers at once. What can't be seen is told of each, and no exception.</summary>
    public async Task<IReadOnlyList<ServerSight>> ReadServersAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll((site.Database?.Servers ?? []).Select(server => ReadServerAsync(server, cancellationToken))).ConfigureAwait(false);

    /// <summary>Reads one of them; that it can't be seen is told, and no exception.</summary>
    public async Task<ServerSight> ReadServerAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        try
        {
            return new ServerSight(server, await ReadActivityAsync(server, cancellationToken).ConfigureAwait(false), null);
        }
        catch (DalpException exception)
        {
            return new ServerSight(server, null, exception);
        }
    }
}
