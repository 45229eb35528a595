using DalpHa.Core.Errors;

namespace DalpHa.Core.Topology;

/// <summary>The steps of a failover, each of which has an owner.</summary>
public static class FailoverSteps
{
    /// <summary>The first of <see cref="All"/>: the decision to fail over.</summary>
    public const string Decision = "decision";

    /// <summary>Production writes are frozen.</summary>
    public const string Freeze = "freeze";

    /// <summary>The latest usable replica or backup is confirmed.</summary>
    public const string Confirm = "confirm";

    /// <summary>The standby's database is promoted.</summary>
    public const string Promote = "promote";

    /// <summary>The standby's workloads are started.</summary>
    public const string Workloads = "workloads";

    /// <summary>The former validators are fenced, and the standby's are enabled.</summary>
    public const string Validators = "validators";

    /// <summary>The traffic is switched.</summary>
    public const string Traffic = "traffic";

    /// <summary>Routes, RPC, validators and evidence are validated.</summary>
    public const string Validate = "validate";

    /// <summary>The former active site is kept isolated.</summary>
    public const string Isolate = "isolate";

    /// <summary>The steps in their order: the key in <c>owners</c>, and what the owner does. The first is the decision itself.</summary>
    public static IReadOnlyList<(string Name, string Description)> All { get; } =
    [
        (Decision, "Declares the incident and decides on the failover."),
        (Freeze, "Freezes production writes."),
        (Confirm, "Confirms the latest usable replica or backup."),
        (Promote, "Promotes the standby database."),
        (Workloads, "Starts the standby's workloads."),
        (Validators, "Enables the standby's validators, after the former ones are fenced."),
        (Traffic, "Switches the traffic."),
        (Validate, "Validates routes, RPC, validators and evidence."),
        (Isolate, "Keeps the former active site isolated until reconciliation."),
    ];

    /// <summary>The steps that follow the decision, in their order.</summary>
    public static IReadOnlyList<(string Name, string Description)> AfterDecision { get; } = [.. All.Skip(1)];

    /// <summary>A step that follows the decision, as it is spelled everywhere; people may write it in any case.</summary>
    /// <exception cref="DalpException">It is none (<c>StepNotKnown</c>).</exception>
    public static string Require(string name) =>
        AfterDecision.Select(step => step.Name).FirstOrDefault(step => string.Equals(step, name, StringComparison.OrdinalIgnoreCase)) ?? throw NotKnown(name);

    /// <summary>That a name is none of them.</summary>
    internal static DalpException NotKnown(string name) => new(
        "StepNotKnown", FaultKind.InvalidInput, $"'{name}' is no step of a failover.", $"Give one of {string.Join(", ", AfterDecision.Select(step => step.Name))}.", name);
}
