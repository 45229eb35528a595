using System.Text.RegularExpressions;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Lab;

/// <summary>What stands behind a lab's Kubernetes APIs.</summary>
public enum LabApiServer
{
    /// <summary>The lab's own endpoint: nothing to install, up in a second.</summary>
    Lab,
    /// <summary>A real kube-apiserver with etcd and kube-controller-manager for each site.</summary>
    Real,
}

/// <summary>Who looks after a lab's database servers. They are the same servers in any case.</summary>
public enum LabDatabaseKind
{
    /// <summary>Nobody: they are promoted by <c>pg_promote</c>.</summary>
    SelfRun,
    /// <summary>A CloudNativePG stand-in on each site, in a distributed topology: roles by <c>spec.replica.primary</c>, handed over with a demotion token.</summary>
    CloudNativePg,
    /// <summary>A CloudNativePG stand-in on each site, the standby's a stand-alone replica cluster: <c>spec.replica.enabled</c>.</summary>
    CloudNativePgReplica,
}

/// <summary>What a lab is started with.</summary>
public sealed partial record LabSettings
{
    /// <summary>The name that a lab has when nobody chose one.</summary>
    public const string DefaultName = "lab";

    /// <summary>Its name: it is part of file names, so lower-case letters, digits and dashes.</summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>The folder that will hold everything of it; it must be empty or absent.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// The first of five ports on 127.0.0.1: the active site's API, the standby's API, the primary database, the standby database, the control
    /// endpoint. 0 takes free ones.
    /// </summary>
    public int Port { get; init; }

    /// <summary>The process with which the lab ends; 0 when it outlives the session.</summary>
    public int OwnerProcessId { get; init; }

    /// <summary>Transactions per second that the platform commits on a site whose database takes writes; 0 for none.</summary>
    public int WriteLoad { get; init; }

    /// <summary>How many seconds the platform's pods take from their start until they are ready.</summary>
    public int ReadyAfter { get; init; }

    /// <summary>What stands behind its two Kubernetes APIs.</summary>
    public LabApiServer ApiServer { get; init; }

    /// <summary>Who looks after its database servers.</summary>
    public LabDatabaseKind Database { get; init; }

    /// <summary>Makes sure that a name can be used.</summary>
    /// <exception cref="DalpException">It can't.</exception>
    public static void ValidateName(string name)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new DalpException(
                "LabNameInvalid",
                FaultKind.InvalidInput,
                $"'{name}' can't name a lab.",
                "Use up to 32 lower-case letters, digits and dashes, beginning with a letter.",
                name);
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,31}\\z")]
    private static partial Regex NamePattern();
}
