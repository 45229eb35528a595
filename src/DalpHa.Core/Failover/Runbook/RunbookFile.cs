using System.Collections.Immutable;
using DalpHa.Core.Documents;
using DalpHa.Core.Documents.Shapes;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// The runbook file, described once: its keys, what each may be, and which property it sets. Reading with all its errors, the JSON schema
/// and the scaffold come from here. To add a key, add a line here, and the property that it sets.
/// </summary>
internal static class RunbookFile
{
    /// <summary>The form of the file that this version reads.</summary>
    public const string ApiVersion = "dalpha.runbook/v1";

    private static readonly RunbookStep Unnamed = new("", "", "");

    private static readonly Shape<string> Title = Scalars.Text.Refusing(
        Placeholder.Is, Placeholder.Reason, Placeholder.ErrorId, "a name");

    private static readonly Shape<string> Who = Scalars.Text.Refusing(
        Placeholder.Is, Placeholder.Reason, Placeholder.ErrorId, "a person, a role or a rota that everybody knows");

    private static readonly Shape<string> Prose = Scalars.Prose.Refusing(
        Placeholder.Is, Placeholder.Reason, Placeholder.ErrorId, "what holds here, in words");

    private static readonly Shape<string> Script = Scalars.FilePath.Refusing(
        path => !path.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase), "it is no PowerShell script", "HookNotScript", "the path of a .ps1 file");

    private static readonly Shape<RunbookStep> Step = new MappingShape<RunbookStep>("step", Unnamed)
        .Required("owner", Who, "Who owns it, and is asked before it begins.", (s, v) => s with { Owner = v }, "Platform on call")
        .Required("stopCondition", Prose, "When to stop there, and go to the backup-recovery runbook.", (s, v) => s with { StopCondition = v }, "Stop when it is not done in time.")
        .Optional("expected", Scalars.Duration, "How long it takes as a whole, as drills have shown.", (s, v) => s with { Expected = v }, "5m")
        .Optional("timeout", Scalars.Duration, "How long each of its actions may take to show its outcome; a hook is ended then.", (s, v) => s with { Timeout = v }, @default: DurationText.Format(Unnamed.Timeout))
        .Optional("manual", Prose, "What people do by hand. Without it DalpHa does the step.", (s, v) => s with { Manual = v }, "\"Do it in the provider's console.\"")
        .Optional("hook", Script, "A PowerShell script that does it where DalpHa can't; its outcome is verified all the same.", (s, v) => s with { Hook = v }, "./step.ps1")
        .Rule(["manual", "hook"], RunbookRules.OneWayOnly);

    private static readonly Shape<ImmutableList<RunbookStep>> Steps = FailoverSteps.AfterDecision.Aggregate(
            new MappingShape<ImmutableList<RunbookStep>>("steps", []),
            (shape, step) => shape
                .Required(step.Name, Step, step.Description, (steps, v) => steps.Add(v with { Name = step.Name }))
                .Rule([$"{step.Name}.manual", $"{step.Name}.hook"], steps => RunbookRules.SomebodyDoesIt(steps, step.Name)))
        .Rule(["promote.hook"], RunbookRules.PromotionHasItsOwnHook)
        .Rule([], RunbookRules.Order);

    private static readonly Shape<PromotionProcedure> Promotion = new MappingShape<PromotionProcedure>("promotion", new PromotionProcedure(PromotionMethod.SelfRun))
        .Required("method", Scalars.Choice([.. RunbookRules.Methods]),
            "By which procedure: selfRun, cloudNativePgDistributed, cloudNativePgReplica, or hook for a managed service.",
            (p, v) => p with { Method = v }, "selfRun")
        .Optional("activeCluster", Scalars.Label, "CloudNativePG: the Cluster on the active site.", (p, v) => p with { ActiveCluster = v }, "dalp-db-active")
        .Optional("standbyCluster", Scalars.Label, "CloudNativePG: the Cluster on the standby site.", (p, v) => p with { StandbyCluster = v }, "dalp-db-standby")
        .Optional("server", Scalars.Text, "The topology's server that is promoted, when the standby site has several.", (p, v) => p with { Server = v }, "postgresql-replica-1")
        .Optional("hook", Script, "The script, for the method hook.", (p, v) => p with { Hook = v }, "./promote.ps1")
        .Optional("rejoinHook", Script, "The script that makes a former primary follow the promoted one (Restore-DalpStandby): pg_rewind or a new copy, on its host.", (p, v) => p with { RejoinHook = v }, "./rejoin.ps1")
        .Optional("rejoinTimeout", Scalars.Duration, "How long that script may take, and the server then to follow: a copy of a large database takes hours.",
            (p, v) => p with { RejoinTimeout = v }, @default: DurationText.Format(new PromotionProcedure(PromotionMethod.SelfRun).RejoinTimeout))
        .Rule(["method", "activeCluster"], RunbookRules.ActiveClusterOfMethod)
        .Rule(["method", "standbyCluster"], RunbookRules.StandbyClusterOfMethod)
        .Rule(["method", "hook"], RunbookRules.HookOfMethod);

    private static readonly Shape<RunbookNotification> Notification = new MappingShape<RunbookNotification>("notification", new RunbookNotification([], null, null))
        .Required("at", new ListShape<NotificationPoint>(
                Scalars.Choice(("declared", NotificationPoint.Declared), ("resumed", NotificationPoint.Resumed), ("stepDone", NotificationPoint.StepDone), ("stopped", NotificationPoint.Stopped), ("finished", NotificationPoint.Finished)),
                point => [("point", point.ToString())],
                mayBeEmpty: false),
            "At which points: declared, resumed, stepDone, stopped, finished.", (n, v) => n with { At = v }, "[declared, resumed, stopped, finished]")
        .Optional("webhook", Scalars.Url, "An address that gets a POST with JSON. An address that is itself a secret belongs in a hook.", (n, v) => n with { Webhook = v }, "https://chat.example.com/hooks/dalp")
        .Optional("hook", Script, "A PowerShell script that tells them.", (n, v) => n with { Hook = v }, "./notify.ps1")
        .Optional("timeout", Scalars.Duration, "How long telling them may take; a hook is ended then.",
            (n, v) => n with { Timeout = v }, @default: DurationText.Format(new RunbookNotification([], null, null).Timeout))
        .ExactlyOneOf("webhook", "hook")
        .Rule(["webhook"], RunbookRules.NoCredentialInWebhook);

    /// <summary>The whole file.</summary>
    public static MappingShape<DalpRunbook> Root { get; } = new MappingShape<DalpRunbook>("runbook", new DalpRunbook
        {
            Name = "", Version = "", Date = default, ReviewBy = default, DecisionOwner = "", Promotion = new PromotionProcedure(PromotionMethod.SelfRun), Steps = [], BackupRecoveryRunbook = "",
        })
        .Required("apiVersion", Scalars.Choice((ApiVersion, ApiVersion)), "The form of this file.", (r, _) => r, ApiVersion)
        .Required("name", Title, "The runbook's name.", (r, v) => r with { Name = v }, "Failover of production")
        .Required("version", Scalars.Text, "Its version, as its authors count.", (r, v) => r with { Version = v }, "\"1\"")
        .Required("date", Scalars.Date, "The day of its last change.", (r, v) => r with { Date = v }, "2026-01-31")
        .Required("reviewBy", Scalars.Date, "The day up to which it counts as reviewed.", (r, v) => r with { ReviewBy = v }, "2026-04-30")
        .Required("decisionOwner", Who, "Who declares the incident and decides on the failover.", (r, v) => r with { DecisionOwner = v }, "Head of Operations")
        .Required("communicationPath", Several("way"), "How the people reach each other, in the order in which to try.", (r, v) => r with { CommunicationPath = v }, "[\"The incident call\"]")
        .Required("backupRecoveryRunbook", Prose, "Where the runbook is that restores from backups: what to follow when this one stops.", (r, v) => r with { BackupRecoveryRunbook = v }, "https://wiki.example.com/dalp/backup-recovery")
        .Required("promotion", Promotion, "How the standby database becomes the primary.", (r, v) => r with { Promotion = v })
        .Required("steps", Steps, "The steps, in the order in which they are run.", (r, v) => r with { Steps = v })
        .Required("validationChecks", Several("check"), "What must be seen before the standby counts as serving.", (r, v) => r with { ValidationChecks = v }, "[\"A user signs in.\"]")
        .Required("rollbackConditions", Several("condition"), "What makes the owners go back instead of on.", (r, v) => r with { RollbackConditions = v }, "[\"A route fails.\"]")
        .Optional("notifications", new ListShape<RunbookNotification>(Notification, _ => []), "Who is told at which point. Telling them never holds a failover up.", (r, v) => r with { Notifications = v })
        .Rule(["date", "reviewBy"], RunbookRules.ReviewAfterDate);

    private static ListShape<string> Several(string what) => new(Prose, text => [(what, text)], mayBeEmpty: false);
}
