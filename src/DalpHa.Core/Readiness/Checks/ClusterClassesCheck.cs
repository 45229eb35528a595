using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>The storage and ingress classes that the active uses exist on the standby.</summary>
public sealed class ClusterClassesCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "ClusterClasses";

    /// <inheritdoc/>
    public string Description => "Each storage class and ingress class that the active uses exists on the standby.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (active, standby) = (context.Active, context.Standby);
        var (claimsRead, routesRead, standbyClaimsRead) = (active.VolumeClaims, active.IngressRoutes, standby.VolumeClaims);
        var (storageRead, ingressRead) = (standby.StorageClasses, standby.IngressClasses);
        var storage = await storageRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var ingress = await ingressRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var problems = 0;
        foreach (var claim in (await standbyClaimsRead.WaitAsync(cancellationToken).ConfigureAwait(false)).Where(claim => claim.Phase is not ("Bound" or "Pending")))
        {
            problems++;
            yield return claim.Phase != "Lost" ? Finding.Unknown(
                standby.Name, $"PersistentVolumeClaim/{claim.Name}", $"phase {claim.Phase}", "Bound", "The cluster does not say how the claim fares.",
                "Look at the claim, and at what provides the storage.") : Finding.Fail(
                standby.Name, $"PersistentVolumeClaim/{claim.Name}", "Lost", "Bound", "The volume behind the claim is gone, and its data with it.",
                "Restore the volume from a backup before anything needs it.");
        }
        var claims = await claimsRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var routes = (await routesRead.WaitAsync(cancellationToken).ConfigureAwait(false)).Where(route => route.Kind == "Ingress").ToList();
        var storageUsed = claims.Select(claim => claim.StorageClass).Where(name => name != "").Distinct().ToList();
        var ingressUsed = routes.Select(route => route.ClassName).Distinct().ToList();
        foreach (var finding in Missing(standby.Name, "StorageClass", storageUsed, storage, "Volumes that a failover must make would stay Pending.")
            .Concat(Missing(standby.Name, "IngressClass", ingressUsed, ingress, "No controller would serve the routes.")))
        {
            problems++;
            yield return finding;
        }
        if (problems == 0)
        {
            yield return Finding.Pass(
                standby.Name, "classes", $"{storageUsed.Count} storage, {ingressUsed.Count} ingress", "those that the active uses");
        }
    }

    // A null name stands for the cluster's default class; an empty one, for storage, means that none is wanted.
    private static IEnumerable<Finding> Missing(string site, string kind, IReadOnlyList<string?> used, IReadOnlyList<ClusterClass> present, string consequence) => used
        .Where(name => name is null ? !present.Any(found => found.IsDefault) : present.All(found => found.Name != name))
        .Select(name => Finding.Fail(
            site, $"{kind}/{name ?? "(default)"}", "missing", "present", $"The active uses it, and the standby's cluster does not have it. {consequence}",
            name is null ? $"Mark one {kind} of the standby as the default." : $"Create a {kind} of this name on the standby."));
}
