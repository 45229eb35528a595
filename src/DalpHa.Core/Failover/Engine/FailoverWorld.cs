using DalpHa.Core.Errors;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

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

    /// <summary>For one that goes on: the promotion that an earlier process has begun; null when it has begun none.</summary>
    public BegunPromotion? Promotion { get; init; }

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
