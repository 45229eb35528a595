namespace DalpHa.Core.Topology;

/// <summary>The steps of a failover, each of which has an owner.</summary>
public static class FailoverSteps
{
    /// <summary>The first of <see cref="All"/>: the decision to fail over.</summary>
    public const string Decision = "decision";

    /// <summary>The steps in their order: the key in <c>owners</c>, and what the owner does. The first is the decision itself.</summary>
    public static IReadOnlyList<(string Name, string Description)> All { get; } =
    [
        (Decision, "Declares the incident and decides on the failover."),
        ("freeze", "Freezes production writes."),
        ("confirm", "Confirms the latest usable replica or backup."),
        ("promote", "Promotes the standby database."),
        ("workloads", "Starts the standby's workloads."),
        ("validators", "Enables the standby's validators, after the former ones are fenced."),
        ("traffic", "Switches the traffic."),
        ("validate", "Validates routes, RPC, validators and evidence."),
        ("isolate", "Keeps the former active site isolated until reconciliation."),
    ];

    /// <summary>The steps that follow the decision, in their order.</summary>
    public static IReadOnlyList<(string Name, string Description)> AfterDecision { get; } = [.. All.Skip(1)];
}
