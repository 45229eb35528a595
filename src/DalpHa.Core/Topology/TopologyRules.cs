using DalpHa.Core.Documents;
using DalpHa.Core.Documents.Shapes;

namespace DalpHa.Core.Topology;

/// <summary>What must hold between the keys of a topology: each rule tells the key at which it is broken, or null.</summary>
internal static class TopologyRules
{
    /// <summary>What tells one site from the other.</summary>
    public static IReadOnlyList<string> SiteIdentity { get; } =
    [
        "active.context", "active.namespace", "active.kubeconfig",
        "standby.context", "standby.namespace", "standby.kubeconfig",
    ];

    /// <summary>A standby in the active's own namespace is no standby.</summary>
    public static (string, Problem)? SameSite(DalpSite? active, DalpSite? standby) =>
        active is not null && standby is not null && active.Cluster == standby.Cluster && active.Namespace == standby.Namespace
            ? ("standby.context", new Problem("SameSite", "Both sites are the same namespace of the same cluster.", "another cluster, in another failure domain"))
            : null;

    /// <summary>What is told of a site is told by its name.</summary>
    public static (string, Problem)? SameName(DalpSite? active, DalpSite? standby) => active is not null && standby is not null && active.Name == standby.Name
        ? ("standby.name", new Problem("SameName", $"Both sites are called '{standby.Name}': no finding could tell them apart.", "a name of its own for each site"))
        : null;

    /// <summary>One server under two names would be compared with itself.</summary>
    public static (string, Problem)? SameServer(DalpSite active, DalpSite standby)
    {
        var taken = Addresses(active).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var shared = Addresses(standby).ToList().FindIndex(address => address is not null && taken.Contains(address));
        return shared < 0
            ? null
            : ($"standby.database.servers[{shared}]", new Problem("SameServer", "Both sites name the same database server.", "a server of the standby's own"));
    }

    /// <summary>Fence before sign: a second signer that only waits for its turn still has to be down.</summary>
    public static (string, Problem)? FenceBeforeSign(WorkloadRule workload) =>
        workload is { Role: WorkloadRole.Validator or WorkloadRole.Signer, Standby: StandbyMode.Running }
            ? ("standby", new Problem("FenceBeforeSign", "A validator or signer may not run on the standby while the active site's runs: both would sign.", "standby: zero, or absent"))
            : null;

    /// <summary>Only a Secret that is required is compared, and so only of one can something be left out.</summary>
    public static (string, Problem)? SiteSpecificSecrets(IReadOnlyList<string> required, IReadOnlyList<SiteSpecificEntry> entries)
    {
        var stray = entries.ToList().FindIndex(entry => !required.Contains(entry.Name));
        return stray < 0
            ? null
            : ($"siteSpecific[{stray}]", new Problem("NotRequired", $"The Secret '{entries[stray].Name}' is not among the required ones, and so is not compared at all.", "a Secret that 'required' names"));
    }

    /// <summary>One registry for both sites needs no exception.</summary>
    public static (string, Problem)? TwoRegistries(RegistryPair pair) => string.Equals(pair.Active, pair.Standby, StringComparison.OrdinalIgnoreCase)
        ? ("standby", new Problem("SameRegistry", "Both sites pull from this registry.", "another registry than the active's, or no entry"))
        : null;

    /// <summary>A warning comes before the failure.</summary>
    public static (string, Problem)? LagOrder(DalpThresholds thresholds) => thresholds.Lag.Warn <= thresholds.Lag.Fail
        ? null
        : ("lagWarn", new Problem("LagOrder", "'lagWarn' is longer than 'lagFail'.", $"at most {DurationText.Format(thresholds.Lag.Fail)}"));

    /// <summary>A lag that is still accepted must not already break the commitment.</summary>
    public static (string, Problem)? RecoveryPoint(DalpThresholds thresholds) => thresholds.Rpo >= thresholds.Lag.Fail
        ? null
        : ("rpo", new Problem("RecoveryPoint", "'rpo' is shorter than 'lagFail': a lag that is accepted would break it.", $"at least {DurationText.Format(thresholds.Lag.Fail)}"));

    private static IEnumerable<string?> Addresses(DalpSite site) =>
        (site.Database?.Servers ?? []).Select(server => server.Host is { } host ? $"{host}:{server.Port}" : null);
}
