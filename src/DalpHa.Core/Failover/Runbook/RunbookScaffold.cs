using System.Globalization;
using DalpHa.Core.Documents;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Writes a runbook file to start from: the eight steps with stop conditions, and a placeholder wherever only its authors know what belongs there.
/// A placeholder is an error, so that no runbook goes into use that nobody has thought through.
/// </summary>
public static class RunbookScaffold
{
    private const int ReviewDays = 90;

    private const string Introduction =
        """
        # The runbook of one platform's failover: who decides, who owns each step and when to stop there, and how the database is promoted.
        # What stands in <angle brackets> is yours to write: Test-DalpRunbook refuses the file until nothing does.
        # Read the rest as a proposal, and change what does not hold for you. Take the "#" away before a key to use it.
        # The first step shows all that a step may have.
        # No password and no secret address belongs here.
        """;

    private static readonly IReadOnlyDictionary<string, string> StopConditions = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [FailoverSteps.Freeze] = "Stop when writes on the active site are not seen to end, and nobody can vouch that it serves no users.",
        [FailoverSteps.Confirm] = "Stop when no replica or backup in the standby region is usable, or when more data would be lost than the decision owner accepts.",
        [FailoverSteps.Promote] = "Stop when the database is not seen to take a write in time, or when the former primary may still take one. Do not promote a second time.",
        [FailoverSteps.Workloads] = "Stop when a workload is not ready in time, or can't use the promoted database. Do not go on with a part of the platform.",
        [FailoverSteps.Validators] = "Stop when the former validators and signers are not proven down, or when no new block comes in time. No key ever runs on both sites.",
        [FailoverSteps.Traffic] = "Stop when a route of the standby or its certificate fails before the switch, or when the new target is not answered everywhere in time.",
        [FailoverSteps.Validate] = "Stop when a route fails, validators are below quorum, or monitoring or evidence is missing. A region that is partly well has failed.",
        [FailoverSteps.Isolate] = "Stop and call the decision owner when the former active site takes a write, signs a block or serves a route.",
    };

    private static readonly IReadOnlyDictionary<string, string> ByHand = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [FailoverSteps.Validators] = "See that the former validators are gone and no new block carries their seals. Only then scale up the standby's, one after the other, and what signs transactions last.",
        [FailoverSteps.Traffic] = "Point DNS or the load balancer at the standby. Ask every authoritative server, and resolvers outside, for the new target.",
        [FailoverSteps.Validate] = "Go through validationChecks one by one. Write down who looked, when, and what was seen.",
    };

    private static readonly string[] ValidationChecks =
    [
        "dApp: a user signs in and opens an asset, from outside the region.",
        "API: one read and one write succeed by the public route.",
        "RPC: the block number rises, and a transaction gets into a block.",
        "Validators: quorum holds, and every expected address seals blocks.",
        "Observability: metrics, logs and alerts come from the standby.",
        "Evidence: the decision, the times and the measured loss are on record.",
    ];

    private static readonly string[] RollbackConditions =
    [
        "The promoted database takes no writes, or more data is missing than was accepted.",
        "A route stays broken for longer than the decision owner has given.",
        "Validators stay below quorum, or one key is seen to sign on both sites.",
    ];

    private static readonly string[] CommunicationPath =
    [
        Placeholder.For("the incident call: number or link"),
        Placeholder.For("the channel to use when the call fails"),
        Placeholder.For("who tells customers and regulators"),
    ];

    /// <summary>Writes the file's text.</summary>
    /// <param name="today">Its date; its review is due in 90 days.</param>
    /// <param name="topology">The topology whose owners it takes over; null when none is known.</param>
    public static string Write(DateOnly today, DalpTopology? topology)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["name"] = topology is null ? Placeholder.For("what is failed over") : $"Failover of {topology.Name}",
            ["date"] = Day(today),
            ["reviewBy"] = Day(today.AddDays(ReviewDays)),
            ["decisionOwner"] = OwnerOf(FailoverSteps.Decision, topology),
            ["backupRecoveryRunbook"] = Placeholder.For("where the runbook is that restores from backups: a link or a path"),
            ["promotion.method"] = Placeholder.For(string.Join(" or ", RunbookRules.Methods.Select(method => method.Word))),
        };
        foreach (var (step, _) in FailoverSteps.AfterDecision)
        {
            values[$"steps.{step}.owner"] = OwnerOf(step, topology);
            values[$"steps.{step}.stopCondition"] = StopConditions[step];
        }
        foreach (var (step, work) in ByHand)
        {
            values[$"steps.{step}.manual"] = work;
        }
        AddList(values, "communicationPath", CommunicationPath);
        AddList(values, "validationChecks", ValidationChecks);
        AddList(values, "rollbackConditions", RollbackConditions);
        return DocumentScaffold.Write(RunbookFile.Root, Introduction, values);
    }

    private static string OwnerOf(string step, DalpTopology? topology) =>
        topology?.Owners.TryGetValue(step, out var owner) == true ? owner : Placeholder.For($"who owns '{step}'");

    private static void AddList(Dictionary<string, string> values, string key, string[] items)
    {
        foreach (var (index, item) in items.Index())
        {
            values[$"{key}[{index}]"] = item;
        }
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
