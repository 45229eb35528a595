using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What stands for a runbook where an operator runs one step by hand: the recipes ask it for their bounds, and for how the database is promoted.</summary>
public static class HandRunbook
{
    /// <summary>Makes it.</summary>
    /// <param name="timeout">How long the outcome of each action may take.</param>
    /// <param name="promotion">How the database is promoted, and what CloudNativePG calls it.</param>
    public static DalpRunbook Of(TimeSpan timeout, PromotionProcedure promotion) => new()
    {
        Name = "by hand",
        Version = "0",
        Date = DateOnly.MinValue,
        ReviewBy = DateOnly.MaxValue,
        DecisionOwner = Operator,
        Promotion = promotion,
        Steps = [.. FailoverSteps.AfterDecision.Select(step => new RunbookStep(step.Name, Operator, "") { Timeout = timeout })],
        BackupRecoveryRunbook = "",
    };

    private const string Operator = "the operator";
}
