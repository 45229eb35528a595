namespace DalpHa.Core.Failover;

/// <summary>The names of the facts in a record's data. A journal is read by other versions and other machines: a name that was written once stays as it is.</summary>
internal static class JournalFact
{
    // Of the declaration of a failover, and of the beginning of a step by hand.

    /// <summary>What the failover is for, as a <see cref="FailoverKind"/>.</summary>
    public const string Kind = "kind";

    /// <summary>The topology's name.</summary>
    public const string Topology = "topology";

    /// <summary>The name of the site that serves, or served.</summary>
    public const string Active = "active";

    /// <summary>The name of the site that takes over.</summary>
    public const string Standby = "standby";

    /// <summary>The CloudNativePG Cluster of the active site, empty where there is none.</summary>
    public const string ActiveCluster = "activeCluster";

    /// <summary>The runbook, its version and its date.</summary>
    public const string Runbook = "runbook";

    /// <summary>Where the backup-recovery runbook is.</summary>
    public const string Recovery = "recovery";

    /// <summary>By what people reach each other.</summary>
    public const string Communication = "communication";

    /// <summary>When to go back instead of on.</summary>
    public const string Rollback = "rollback";

    /// <summary>Who decided.</summary>
    public const string DecisionOwner = "decisionOwner";

    /// <summary>Why.</summary>
    public const string Reason = "reason";

    /// <summary>The loss that was accepted explicitly, as a constant-format duration; in a failover's record empty where none was.</summary>
    public const string MaxDataLoss = "maxDataLoss";

    /// <summary>The version of DalpHa that declared or resumed the failover, and wrote what follows.</summary>
    public const string Version = "version";

    /// <summary>Of a resumption: what of the copy in the cluster was lost and brought back.</summary>
    public const string BroughtBack = "broughtBack";

    // People's words.

    /// <summary>Of an attestation: the parameter by which it was given.</summary>
    public const string Vouched = "vouched";

    /// <summary>Of a step by hand: who vouches that the active site is gone.</summary>
    public const string ActiveIsGone = "activeIsGone";

    /// <summary>Of a step by hand: who vouches that the other site neither writes nor signs.</summary>
    public const string OtherIsFenced = "otherIsFenced";

    /// <summary>Of a step by hand: who has it done beside a failover that runs.</summary>
    public const string BesideFailover = "besideFailover";

    /// <summary>Of the return of a standby: who accepts that what only it holds is given up.</summary>
    public const string LossAccepted = "lossAccepted";

    // Of the beginning of a step.

    /// <summary>Who owns it.</summary>
    public const string Owner = "owner";

    /// <summary>What was good enough only on somebody's word, or in spite of something; one line each.</summary>
    public const string RestsOn = "restsOn";

    /// <summary>The server that is promoted.</summary>
    public const string Server = "server";

    /// <summary>That this server was a primary by then.</summary>
    public const string PromotedBefore = "promotedBefore";

    /// <summary>How far this server has replayed; empty where that is not known.</summary>
    public const string ReplayLsn = "replayLsn";

    /// <summary>Where its primary stands; empty where that is not known.</summary>
    public const string PrimaryLsn = "primaryLsn";

    /// <summary>The bound on the loss in time; empty where it is not known.</summary>
    public const string LossSeconds = "lossSeconds";

    /// <summary>The bound on the loss in bytes; empty where it is not known.</summary>
    public const string LossBytes = "lossBytes";

    /// <summary>Before the name of a server: what its comparison with the primary showed.</summary>
    public const string DivergenceOf = "divergence of ";

    // Of an action.

    /// <summary>Of an intent: that it can't be undone.</summary>
    public const string Final = "final";

    /// <summary>Of an intent by hand: where it is done.</summary>
    public const string Site = "site";

    /// <summary>Of a drain that was seen: which server.</summary>
    public const string DrainedServer = "drainedServer";

    /// <summary>Of a drain that was seen: one more than the last transaction id that had ended.</summary>
    public const string DrainedNextTransactionId = "drainedNextTransactionId";

    /// <summary>Of a drain that was seen: where the server's log ended.</summary>
    public const string DrainedEnd = "drainedEnd";

    /// <summary>Of a demotion: why the other Cluster is promoted without its token.</summary>
    public const string WithoutToken = "withoutToken";

    // Of an end.

    /// <summary>Of a failure or a stop: how far it got, as a <see cref="FailoverOutcome"/>.</summary>
    public const string Outcome = "outcome";

    /// <summary>Of a stop: the id of the error that it is for.</summary>
    public const string Error = "error";

    /// <summary>Before a number: what was found at the end of a step.</summary>
    public const string Finding = "finding ";
}
