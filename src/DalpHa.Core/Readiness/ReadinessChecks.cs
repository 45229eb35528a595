using DalpHa.Core.Errors;
using DalpHa.Core.Readiness.Checks;

namespace DalpHa.Core.Readiness;

/// <summary>Every check there is. A new one is a class in <c>Checks/</c> and a line here.</summary>
public static class ReadinessChecks
{
    /// <summary>The checks, from the ground up.</summary>
    public static IReadOnlyList<IReadinessCheck> All { get; } =
    [
        new ApiReachableCheck(),
        new PermissionsCheck(),
        new FailureDomainsCheck(),
        new ActiveServingCheck(),
        new StandbyWorkloadsCheck(),
        new ImageParityCheck(),
        new RestartsCheck(),
        new RequiredSecretsCheck(),
        new ConfigMapParityCheck(),
        new HelmParityCheck(),
        new IngressParityCheck(),
        new CertificatesCheck(),
        new ClusterClassesCheck(),
        new StandbyCapacityCheck(),
        new DatabaseCheck(),
        new ReplicationLagCheck(),
        new ReplicationSlotsCheck(),
        new ValidatorsCheck(),
    ];

    /// <summary>The checks of these names, in the catalog's order; all of them when no name is given.</summary>
    /// <param name="names">Names, in any case; null or empty for all.</param>
    /// <exception cref="DalpException">A name is no check's.</exception>
    public static IReadOnlyList<IReadinessCheck> Select(IReadOnlyCollection<string>? names)
    {
        if (names is null or { Count: 0 })
        {
            return All;
        }
        var unknown = names.Where(name => !All.Any(check => Is(check, name))).ToList();
        if (unknown.Count > 0)
        {
            throw new DalpException(
                "UnknownCheck",
                FaultKind.InvalidInput,
                $"There is no check {string.Join(", ", unknown.Select(name => $"'{name}'"))}.",
                $"Choose from: {string.Join(", ", All.Select(check => check.Name))}.",
                unknown[0]);
        }
        return All.Where(check => names.Any(name => Is(check, name))).ToList();
    }

    /// <summary>The names of the checks that are not among the chosen.</summary>
    public static IReadOnlyList<string> LeftOut(IReadOnlyList<IReadinessCheck> chosen) => All.Except(chosen).Select(check => check.Name).ToList();

    private static bool Is(IReadinessCheck check, string name) => string.Equals(check.Name, name, StringComparison.OrdinalIgnoreCase);
}
