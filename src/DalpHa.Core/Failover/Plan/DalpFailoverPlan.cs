using System.Globalization;
using System.Security.Cryptography;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What a failover would do, measured and rehearsed at one moment: to read, to keep, and to hand to <c>Invoke-DalpFailover</c>.</summary>
public sealed record DalpFailoverPlan
{
    /// <summary>The failover's id, under which it will be journalled.</summary>
    public required string Id { get; init; }

    /// <summary>What it is for.</summary>
    public required FailoverKind Kind { get; init; }

    /// <summary>The topology that it was made for.</summary>
    public required DalpTopology Topology { get; init; }

    /// <summary>The runbook that it follows.</summary>
    public required DalpRunbook Runbook { get; init; }

    /// <summary>When the world was measured.</summary>
    public required DateTimeOffset MeasuredAt { get; init; }

    /// <summary>The loss that was accepted for it; null when only the topology's RPO bounds it.</summary>
    public TimeSpan? MaxDataLoss { get; init; }

    /// <summary>Who vouched for it that an active site that can't be reached serves nobody; null when nobody did.</summary>
    public Attestation? ActiveIsGone { get; init; }

    /// <summary>The steps, in their order.</summary>
    public required IReadOnlyList<DalpPlanStep> Steps { get; init; }

    /// <summary>No commit older than this long ago would be lost; zero when none would be; null when that is not known.</summary>
    public TimeSpan? LossTime { get; init; }

    /// <summary>How many bytes of log would be lost; null when that is not known.</summary>
    public long? LossBytes { get; init; }

    /// <summary>Whether it may be begun: nothing stands in the way as far as can be measured now, but what is <see cref="Deferred"/>.</summary>
    public bool IsReady => Steps.All(step => step.IsReady || step.MayBeDeferred);

    /// <summary>What stands in the way, each thing once: in the way of the first step that it keeps from beginning, and of which others.</summary>
    public IReadOnlyList<string> Blockers => Told(step => !step.MayBeDeferred);

    /// <summary>
    /// What of the last step can't be done yet, as a rule because the former active site does not answer: that keeps nobody from beginning. The failover is done when
    /// it is isolated.
    /// </summary>
    public IReadOnlyList<string> Deferred => Told(step => step.MayBeDeferred);

    /// <summary>An id that sorts by time and fits into names of Kubernetes objects: <c>20260131-235959-1a2b</c>.</summary>
    public static string NewId(TimeProvider time) =>
        time.GetUtcNow().ToString("yyyyMMdd-HHmmss-", CultureInfo.InvariantCulture) + RandomNumberGenerator.GetHexString(4, lowercase: true);

    /// <summary>
    /// Refuses to run it without what it rests on: whoever runs it takes that on himself, and it is not taken over silently. Without it the failover would freeze the
    /// active site, and then stop.
    /// </summary>
    /// <param name="maxDataLoss">The loss that is accepted for the run: the same as for the plan.</param>
    /// <param name="activeIsGone">Who vouches for the active site in the run; it may be somebody else.</param>
    /// <exception cref="DalpException">Either is missing, or another loss is accepted (<c>FailoverPlanNotAffirmed</c>).</exception>
    public void RequireAffirmed(TimeSpan? maxDataLoss, Attestation? activeIsGone)
    {
        List<string> missing =
        [
            .. MaxDataLoss is { } loss && maxDataLoss != loss ? [$"-MaxDataLoss {FailoverHandOver.Argument(loss)}"] : (string[])[],
            .. ActiveIsGone is { } word && activeIsGone is null ? [$"-ActiveIsGone '{word}'"] : (string[])[],
        ];
        if (missing.Count > 0)
        {
            throw new DalpException(
                "FailoverPlanNotAffirmed",
                FaultKind.InvalidInput,
                $"The plan rests on {string.Join(" and ", missing)}, and the run does not. Nothing was begun.",
                "Who runs it says it anew, with the same loss and whoever vouches now. Or make a plan without it.",
                Id);
        }
    }

    /// <summary>In what the world has changed between this plan and a later one: preconditions that turned, and actions that came or went.</summary>
    public IReadOnlyList<string> ChangesSince(DalpFailoverPlan earlier)
    {
        var changes = new List<string>();
        foreach (var (now, then) in Steps.Zip(earlier.Steps))
        {
            changes.AddRange(Facts(now).Except(Facts(then), StringComparer.Ordinal).Select(fact => $"{now.Step}: now {fact}"));
            var held = now.Actions.Where(action => !action.IsNeeded).Select(action => action.Name).ToList();
            changes.AddRange(Needed(then).Intersect(held, StringComparer.Ordinal).Select(name => $"{now.Step}: already done: {name}"));
            changes.AddRange(Facts(then).Except(Facts(now).Concat(held.Select(ToDo)), StringComparer.Ordinal).Select(fact => $"{now.Step}: no longer {fact}"));
        }
        return changes;
    }

    // What stands in the way of one step mostly stands in the way of those after it too: it is one thing to mend.
    private List<string> Told(Func<DalpPlanStep, bool> which) =>
    [
        .. from step in Steps.Where(which)
           from blocker in step.Blockers
           group step.Step by blocker into named
           let steps = named.Distinct()
           select $"{steps.First()}: {named.Key}{(steps.Count() > 1 ? $" (also {string.Join(", ", steps.Skip(1))})" : "")}",
    ];

    private static IEnumerable<string> Needed(DalpPlanStep step) => step.Actions.Where(action => action.IsNeeded).Select(action => action.Name);

    private static string ToDo(string action) => $"to do: {action}";

    private static IEnumerable<string> Facts(DalpPlanStep step) =>
    [
        .. Needed(step).Select(ToDo),
        .. step.Preconditions.Where(precondition => !precondition.IsMet).Select(precondition => $"in the way: {precondition.Name} {precondition.Finding.Target}"),
        .. step.Preconditions.Where(precondition => precondition.Finding.Status == CheckStatus.Warn).Select(precondition => $"resting on: {precondition.Name} {precondition.Finding.Target}"),
    ];
}

/// <summary>One step of a plan.</summary>
public sealed record DalpPlanStep
{
    /// <summary>Its number, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>Its name.</summary>
    public required string Step { get; init; }

    /// <summary>Who owns it and is asked before it begins.</summary>
    public required string Owner { get; init; }

    /// <summary>Whether DalpHa or people do it.</summary>
    public required StepMode Mode { get; init; }

    /// <summary>What was measured, as it will be once the steps before it are done.</summary>
    public required string Measured { get; init; }

    /// <summary>What must hold before it begins, as it will be once the steps before it are done.</summary>
    public required IReadOnlyList<Precondition> Preconditions { get; init; }

    /// <summary>What it does.</summary>
    public required IReadOnlyList<DalpPlanAction> Actions { get; init; }

    /// <summary>When to stop there.</summary>
    public required string StopCondition { get; init; }

    /// <summary>How long each of its actions may take.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>How long it is expected to take; null when the runbook does not say.</summary>
    public TimeSpan? Expected { get; init; }

    /// <summary>Whether all of it can be undone.</summary>
    public bool CanBeUndone => Actions.All(action => action.CanBeUndone);

    /// <summary>Whether nothing stands in its way.</summary>
    public bool IsReady => Preconditions.All(precondition => precondition.IsMet);

    /// <summary>What stands in its way.</summary>
    internal IEnumerable<string> Blockers =>
        Preconditions.Where(precondition => !precondition.IsMet).Select(unmet => $"{unmet.Name}: {unmet.Finding.Site} {unmet.Finding.Target}: {unmet.Finding.Observed}, expected {unmet.Finding.Expected}");

    /// <summary>Whether a failover is begun without it: a site that is gone can only be isolated when it is back.</summary>
    internal bool MayBeDeferred => Step == FailoverSteps.Isolate;

    /// <summary>Its name.</summary>
    public override string ToString() => Step;
}

/// <summary>One action of a plan.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Site">Where.</param>
/// <param name="Outcome">What must be seen for it to be done.</param>
/// <param name="IsNeeded">False when that is seen already.</param>
/// <param name="CanBeUndone">Whether it can be undone.</param>
public sealed record DalpPlanAction(string Name, string Site, string Outcome, bool IsNeeded, bool CanBeUndone)
{
    /// <summary>What it does.</summary>
    public override string ToString() => Name;
}
