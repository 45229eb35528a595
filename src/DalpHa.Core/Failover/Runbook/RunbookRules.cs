using System.Collections.Immutable;
using System.Globalization;
using DalpHa.Core.Documents.Shapes;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>What must hold between the keys of a runbook: each rule tells the key at which it is broken, or null.</summary>
internal static class RunbookRules
{
    // DalpHa runs no procedure of its own for these steps yet.
    private static readonly string[] DoneByPeople = [FailoverSteps.Validators, FailoverSteps.Traffic, FailoverSteps.Validate];

    /// <summary>The ways to promote, as the file names them.</summary>
    public static IReadOnlyList<(string Word, PromotionMethod Method)> Methods { get; } =
    [
        ("selfRun", PromotionMethod.SelfRun),
        ("cloudNativePgDistributed", PromotionMethod.CloudNativePgDistributed),
        ("cloudNativePgReplica", PromotionMethod.CloudNativePgReplica),
        ("hook", PromotionMethod.Hook),
    ];

    /// <summary>A runbook that is due for review before it is written was never reviewed.</summary>
    public static (string, Problem)? ReviewAfterDate(DalpRunbook runbook) => runbook.ReviewBy >= runbook.Date
        ? null
        : ("reviewBy", new Problem("ReviewBeforeDate", "'reviewBy' lies before 'date'.", string.Create(CultureInfo.InvariantCulture, $"a day after {runbook.Date:yyyy-MM-dd}")));

    /// <summary>The file shows the steps in the order in which they are run, so that nobody reads another one out of it.</summary>
    public static (string, Problem)? Order(ImmutableList<RunbookStep> steps)
    {
        var order = FailoverSteps.AfterDecision.Select(step => step.Name).ToList();
        var late = steps.Skip(1).Zip(steps).FirstOrDefault(pair => order.IndexOf(pair.First.Name) < order.IndexOf(pair.Second.Name));
        return late.First is null
            ? null
            : (late.First.Name, new Problem("StepOrder", $"'{late.First.Name}' stands after '{late.Second.Name}', and is run before it.", $"the order {string.Join(", ", order)}"));
    }

    /// <summary>A step is done by people or by a script.</summary>
    public static (string, Problem)? OneWayOnly(RunbookStep step) => step.Manual is not null && step.Hook is not null
        ? ("hook", new Problem("HookAndManual", "'manual' and 'hook' are given together: it is not clear who does the step.", "one of the two"))
        : null;

    /// <summary>A step that DalpHa can't do says who does.</summary>
    public static (string, Problem)? SomebodyDoesIt(ImmutableList<RunbookStep> steps, string name) =>
        DoneByPeople.Contains(name) && steps.Find(step => step.Name == name) is { Manual: null, Hook: null }
            ? (name, new Problem("NobodyDoesIt", $"DalpHa does not do '{name}' by itself, and the runbook does not say who does.", "'manual' with what people do, or a 'hook'"))
            : null;

    /// <summary>The promotion's script is part of the procedure, not of the step around it.</summary>
    public static (string, Problem)? PromotionHasItsOwnHook(ImmutableList<RunbookStep> steps) => steps.Find(step => step.Name == FailoverSteps.Promote) is { Hook: not null }
        ? ("promote.hook", new Problem("HookOfPromotion", "The promotion's script does not belong to the step.", "promotion.method: hook, and promotion.hook"))
        : null;

    /// <summary>The handing over of a token needs both clusters; a self-run server is in none.</summary>
    public static (string, Problem)? ActiveClusterOfMethod(PromotionProcedure promotion) => Belongs(
        promotion, "activeCluster", promotion.ActiveCluster, isNeeded: promotion.Method is PromotionMethod.CloudNativePgDistributed, isKnown: promotion.UsesCloudNativePg);

    /// <summary>CloudNativePG promotes a Cluster by name.</summary>
    public static (string, Problem)? StandbyClusterOfMethod(PromotionProcedure promotion) => Belongs(
        promotion, "standbyCluster", promotion.StandbyCluster, isNeeded: promotion.UsesCloudNativePg, isKnown: promotion.UsesCloudNativePg);

    /// <summary>Only the method hook has a script, and it needs one.</summary>
    public static (string, Problem)? HookOfMethod(PromotionProcedure promotion) => Belongs(
        promotion, "hook", promotion.Hook, isNeeded: promotion.Method is PromotionMethod.Hook, isKnown: promotion.Method is PromotionMethod.Hook);

    /// <summary>A webhook's address does not carry what opens it.</summary>
    public static (string, Problem)? NoCredentialInWebhook(RunbookNotification notification) =>
        notification.Webhook is { } address && address.Query.TrimStart('?').Split('&').Any(part => Credentials.IsNamedBy(part.Split('=')[0]))
            ? ("webhook", Credentials.InAddress)
            : null;

    private static (string, Problem)? Belongs(PromotionProcedure promotion, string key, string? value, bool isNeeded, bool isKnown)
    {
        var method = Methods.First(one => one.Method == promotion.Method).Word;
        return (value, isNeeded, isKnown) switch
        {
            (null, true, _) => (key, new Problem("MissingKey", $"'{key}' is missing: the method {method} needs it.", $"'{key}'")),
            (not null, _, false) => (key, new Problem("NotOfMethod", $"'{key}' means nothing to the method {method}.", "it left out, or another method")),
            _ => null,
        };
    }
}
