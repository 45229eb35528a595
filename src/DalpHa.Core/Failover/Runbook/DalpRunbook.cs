namespace DalpHa.Core.Failover;

/// <summary>How one platform fails over: who decides, who owns each step, when to stop, and how the database is promoted. Dated, versioned, and reviewed.</summary>
public sealed record DalpRunbook
{
    /// <summary>The runbook's name.</summary>
    public required string Name { get; init; }

    /// <summary>The file that it was read from; null when it was made otherwise.</summary>
    public string? Path { get; init; }

    /// <summary>Its version, as its authors count.</summary>
    public required string Version { get; init; }

    /// <summary>When it was written or changed last.</summary>
    public required DateOnly Date { get; init; }

    /// <summary>The day up to which it counts as reviewed.</summary>
    public required DateOnly ReviewBy { get; init; }

    /// <summary>Who declares the incident and decides on the failover.</summary>
    public required string DecisionOwner { get; init; }

    /// <summary>How the database is promoted.</summary>
    public required PromotionProcedure Promotion { get; init; }

    /// <summary>The steps in their order.</summary>
    public required IReadOnlyList<RunbookStep> Steps { get; init; }

    /// <summary>What must be seen before the standby counts as serving.</summary>
    public IReadOnlyList<string> ValidationChecks { get; init; } = [];

    /// <summary>What makes the owners go back instead of on.</summary>
    public IReadOnlyList<string> RollbackConditions { get; init; } = [];

    /// <summary>How the people reach each other, in the order in which to try.</summary>
    public IReadOnlyList<string> CommunicationPath { get; init; } = [];

    /// <summary>Where the runbook is that restores from backups: what to follow when this one stops.</summary>
    public required string BackupRecoveryRunbook { get; init; }

    /// <summary>Who is told at which point.</summary>
    public IReadOnlyList<RunbookNotification> Notifications { get; init; } = [];

    /// <summary>The step of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public RunbookStep StepOf(string name) =>
        Steps.FirstOrDefault(step => step.Name == name) ?? throw new KeyNotFoundException($"The runbook '{Name}' has no step '{name}'.");

    /// <summary>How long the runbook expects a step and those after it to take; null when it expects nothing of one of them.</summary>
    public TimeSpan? ExpectedFrom(string step) =>
        Steps.SkipWhile(one => one.Name != step).Aggregate((TimeSpan?)TimeSpan.Zero, (sum, one) => sum + one.Expected);

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>One step of a runbook.</summary>
/// <param name="Name">Its name: one of <see cref="Topology.FailoverSteps"/>.</param>
/// <param name="Owner">Who owns it, and is asked before it begins.</param>
/// <param name="StopCondition">When to stop there.</param>
public sealed record RunbookStep(string Name, string Owner, string StopCondition)
{
    /// <summary>How long each of its actions may take to show its outcome. A hook is ended then.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long it is expected to take as a whole; null when nobody has said.</summary>
    public TimeSpan? Expected { get; init; }

    /// <summary>A PowerShell script that does it where DalpHa can't: the outcome is verified all the same. Null when there is none.</summary>
    public string? Hook { get; init; }

    /// <summary>What people do by hand; null when DalpHa does the step.</summary>
    public string? Manual { get; init; }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>How a standby database becomes the primary.</summary>
public enum PromotionMethod
{
    /// <summary><c>pg_promote</c> on a server that nobody else manages.</summary>
    SelfRun,
    /// <summary>CloudNativePG's distributed topology: roles by <c>spec.replica.primary</c>, handed over with a demotion token.</summary>
    CloudNativePgDistributed,
    /// <summary>A stand-alone CloudNativePG replica cluster: <c>spec.replica.enabled: false</c>.</summary>
    CloudNativePgReplica,
    /// <summary>A script of the runbook's, as for a managed service.</summary>
    Hook,
}

/// <summary>How the standby database is promoted.</summary>
/// <param name="Method">By which procedure.</param>
public sealed record PromotionProcedure(PromotionMethod Method)
{
    /// <summary>Whether CloudNativePG does it.</summary>
    public bool UsesCloudNativePg => Method is PromotionMethod.CloudNativePgDistributed or PromotionMethod.CloudNativePgReplica;

    /// <summary>CloudNativePG: the Cluster's name on the active site.</summary>
    public string? ActiveCluster { get; init; }

    /// <summary>CloudNativePG: the Cluster's name on the standby site.</summary>
    public string? StandbyCluster { get; init; }

    /// <summary>The server of the topology that is promoted; null when the standby site has only one.</summary>
    public string? Server { get; init; }

    /// <summary>The script, for the method Hook; relative to the runbook.</summary>
    public string? Hook { get; init; }

    /// <summary>The script that makes a former primary follow the promoted one, on its own host, where no statement can; null when there is none.</summary>
    public string? RejoinHook { get; init; }

    /// <summary>How long that script may take, and the server then to follow. A copy of a large database takes hours.</summary>
    public TimeSpan RejoinTimeout { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Its method.</summary>
    public override string ToString() => Method.ToString();
}

/// <summary>A point at which somebody is told.</summary>
public enum NotificationPoint
{
    /// <summary>The failover was declared.</summary>
    Declared,
    /// <summary>It was taken up again after it had stopped, or after its process had died.</summary>
    Resumed,
    /// <summary>A step is done.</summary>
    StepDone,
    /// <summary>It stopped before its end.</summary>
    Stopped,
    /// <summary>It is finished.</summary>
    Finished,
}

/// <summary>Somebody who is told. Telling him never holds a failover up.</summary>
/// <param name="At">At which points.</param>
/// <param name="Webhook">An address that gets a POST with JSON; null when a hook does it.</param>
/// <param name="Hook">A PowerShell script; null when a webhook does it.</param>
public sealed record RunbookNotification(IReadOnlyList<NotificationPoint> At, Uri? Webhook, string? Hook)
{
    /// <summary>How long telling him may take. Only the end of the failover waits for it.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
