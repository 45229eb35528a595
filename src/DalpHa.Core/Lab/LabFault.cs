namespace DalpHa.Core.Lab;

/// <summary>What can be broken in a lab.</summary>
public enum LabFault
{
    /// <summary>A required Secret is gone.</summary>
    MissingSecret,
    /// <summary>A required Secret holds another value than on the other site.</summary>
    DifferentSecret,
    /// <summary>A workload runs another image than on the other site.</summary>
    ImageDrift,
    /// <summary>A workload's containers end as soon as they start.</summary>
    CrashLoop,
    /// <summary>The network between primary and standby database is cut.</summary>
    ReplicationLinkCut,
    /// <summary>The standby database receives and does not replay.</summary>
    ReplayPaused,
    /// <summary>The standby database's server is killed.</summary>
    StandbyDatabaseKilled,
    /// <summary>The ingress certificate has expired.</summary>
    ExpiredCertificate,
    /// <summary>A node has stopped answering, with the pods on it.</summary>
    NodeLoss,
    /// <summary>The Kubernetes API accepts connections and never answers.</summary>
    ApiHung,
    /// <summary>The Kubernetes API answers every request with an internal error.</summary>
    ApiFailing,
    /// <summary>The network to a region is gone: nobody outside reaches it, and inside everything goes on.</summary>
    RegionUnreachable,
    /// <summary>A region is gone: its database server is killed, and nothing of it can be reached.</summary>
    RegionLost,
    /// <summary>A promotion of the site's database takes long.</summary>
    SlowPromotion,
    /// <summary>A promotion of the site's database fails.</summary>
    PromotionFails,
    /// <summary>The pods of a workload never become ready.</summary>
    WorkloadNeverReady,
    /// <summary>The database operator of the site looks away.</summary>
    OperatorDown,
    /// <summary>The disk of the site's database is full.</summary>
    DiskFull,
}

/// <summary>What is known of each fault without a lab.</summary>
public static class LabFaults
{
    /// <summary>What the fault does, in one line for an operator.</summary>
    public static string Describe(LabFault fault) => fault switch
    {
        LabFault.MissingSecret => "Deletes the Secret dalp-keys.",
        LabFault.DifferentSecret => "Changes one value of the Secret dalp-db.",
        LabFault.ImageDrift => "Rolls out another image of dalp-dapp.",
        LabFault.CrashLoop => "Lets the containers of dalp-dapi crash.",
        LabFault.ReplicationLinkCut => "Cuts the network between the databases.",
        LabFault.ReplayPaused => "Pauses WAL replay on the standby.",
        LabFault.StandbyDatabaseKilled => "Kills the standby database's server.",
        LabFault.ExpiredCertificate => "Puts an expired certificate into dalp-tls.",
        LabFault.NodeLoss => "Takes a node away, with its pods.",
        LabFault.ApiHung => "The Kubernetes API never answers.",
        LabFault.ApiFailing => "The Kubernetes API answers only errors.",
        LabFault.RegionUnreachable => "Cuts a region off; it goes on inside.",
        LabFault.RegionLost => "Kills a region: database and API are gone.",
        LabFault.SlowPromotion => "Lets a promotion of the database take long.",
        LabFault.PromotionFails => "Lets a promotion of the database fail.",
        LabFault.WorkloadNeverReady => "The pods of dalp-indexer never get ready.",
        LabFault.OperatorDown => "Stops the CloudNativePG operator.",
        LabFault.DiskFull => "Fills the disk of the database.",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };

    /// <summary>The site that a fault is put on: the one asked for, else the one where it is of most use.</summary>
    public static Topology.SiteRole SiteOf(LabFault fault, Topology.SiteRole? asked) =>
        asked ?? (fault is LabFault.RegionUnreachable or LabFault.RegionLost ? Topology.SiteRole.Active : Topology.SiteRole.Standby);

    /// <summary>Whether the fault can be put on either site; false for those of the database pair, which belong to the standby.</summary>
    public static bool HasSite(LabFault fault) => fault is not (LabFault.ReplicationLinkCut or LabFault.ReplayPaused or LabFault.StandbyDatabaseKilled);
}
