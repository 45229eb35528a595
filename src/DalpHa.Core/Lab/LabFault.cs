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
}

/// <summary>What is known of each fault without a lab.</summary>
public static class LabFaults
{
    /// <summary>What the fault does, in one line for an operator.</summary>
    public static string Describe(LabFault fault) => fault switch
    {
        LabFault.MissingSecret => "Deletes the Secret dalp-keys.",
        LabFault.DifferentSecret => "Changes one value of the Secret dalp-db.",
        LabFault.ImageDrift => "Rolls the Deployment dalp-dapp out with another image tag.",
        LabFault.CrashLoop => "Makes the containers of the Deployment dalp-dapi end with an error as soon as they start.",
        LabFault.ReplicationLinkCut => "Cuts the network between the primary and the standby database.",
        LabFault.ReplayPaused => "Pauses WAL replay on the standby database.",
        LabFault.StandbyDatabaseKilled => "Kills the standby database's server.",
        LabFault.ExpiredCertificate => "Replaces the certificate of the Secret dalp-tls by one that has expired.",
        LabFault.NodeLoss => "Takes a node away, with the pods on it.",
        LabFault.ApiHung => "Lets the Kubernetes API accept requests and never answer.",
        LabFault.ApiFailing => "Lets the Kubernetes API answer every request with an internal error.",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };

    /// <summary>Whether the fault can be put on either site; false for those of the database pair, which belong to the standby.</summary>
    public static bool HasSite(LabFault fault) => fault is not (LabFault.ReplicationLinkCut or LabFault.ReplayPaused or LabFault.StandbyDatabaseKilled);
}
