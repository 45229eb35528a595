using DalpHa.Core.Documents;
using DalpHa.Core.Documents.Shapes;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>Holds a runbook against the topology that it is for.</summary>
internal static class RunbookFit
{
    /// <summary>Where they do not fit. Without a topology that is not known.</summary>
    public static IEnumerable<RunbookRemark> Remarks(DalpRunbook runbook, DalpTopology? topology) => topology is null
        ?
        [
            new RunbookRemark(CheckStatus.Unknown, "topology", new Problem(
                "TopologyNotSeen", "No topology is known: owners, the server to promote and the recovery time could not be compared.", "-Topology, Use-DalpTopology, DALPHA_TOPOLOGY or ./dalpha.yaml")),
        ]
        : [.. Owners(runbook, topology), .. Server(runbook.Promotion, topology.Standby), .. RecoveryTime(runbook.Steps, topology.Thresholds.Rto)];

    private static IEnumerable<RunbookRemark> Owners(DalpRunbook runbook, DalpTopology topology) =>
        runbook.Steps.Select(step => (Subject: $"steps.{step.Name}.owner", Step: step.Name, step.Owner))
            .Prepend((Subject: "decisionOwner", Step: FailoverSteps.Decision, Owner: runbook.DecisionOwner))
            .Where(one => topology.Owners.TryGetValue(one.Step, out var named) && named != one.Owner)
            .Select(one => new RunbookRemark(CheckStatus.Warn, one.Subject, new Problem(
                "OwnerDiffers", $"The topology names another owner of '{one.Step}'.", $"'{topology.Owners[one.Step]}', or the topology changed")));

    private static IEnumerable<RunbookRemark> Server(PromotionProcedure promotion, DalpSite standby)
    {
        var servers = (standby.Database?.Servers ?? []).Select(server => server.Name).ToList();
        var names = string.Join(", ", servers);
        if (promotion.Server is { } server && !servers.Contains(server))
        {
            yield return Wrong("promotion.server", "UnknownServer", $"The standby site has no database server '{server}' in the topology.", names.Length == 0 ? "a server of the topology" : $"one of {names}");
        }
        else if (!promotion.UsesCloudNativePg && servers.Count == 0)
        {
            yield return Wrong("promotion.method", "NoServer", "The topology names no database server of the standby site: there is nothing to promote.", "sites.standby.database in the topology");
        }
        else if (!promotion.UsesCloudNativePg && promotion.Server is null && servers.Count > 1)
        {
            yield return Wrong("promotion.server", "ServerNotChosen", "The standby site has several database servers, and none is chosen.", $"one of {names}");
        }
    }

    private static IEnumerable<RunbookRemark> RecoveryTime(IReadOnlyList<RunbookStep> steps, TimeSpan recoveryTime)
    {
        var expected = steps.Aggregate(TimeSpan.Zero, (sum, step) => sum + (step.Expected ?? TimeSpan.Zero));
        var silent = steps.Where(step => step.Expected is null).Select(step => step.Name).ToList();
        if (expected > recoveryTime)
        {
            yield return new RunbookRemark(CheckStatus.Warn, "steps", new Problem(
                "RecoveryTimeExceeded",
                $"The steps are expected to take {DurationText.Format(expected)}, longer than the topology's 'rto'.",
                $"at most {DurationText.Format(recoveryTime)}"));
        }
        else if (silent.Count > 0)
        {
            yield return new RunbookRemark(CheckStatus.Warn, "steps", new Problem(
                "NothingExpected",
                $"Nobody has said how long {string.Join(", ", silent)} take: whether the topology's 'rto' holds can't be told.",
                "'expected' for each step, as drills have shown"));
        }
    }

    private static RunbookRemark Wrong(string subject, string errorId, string message, string expected) => new(CheckStatus.Fail, subject, new Problem(errorId, message, expected));
}
