using System.Net;
using System.Reflection;
using DalpHa.Core.Topology;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>Puts a healthy site into a cluster through its API.</summary>
internal static class Seeder
{
    /// <param name="client">An administrator's client.</param>
    /// <param name="site">The site.</param>
    /// <param name="secrets">What both sites hold in common.</param>
    /// <param name="isDatabaseManaged">Whether an operator makes the database's pod.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task SeedAsync(IKubernetes client, LabSite site, PlatformSecrets secrets, bool isDatabaseManaged, CancellationToken cancellationToken)
    {
        await CreateAsync(client, ClusterManifests.For(site), cancellationToken);
        await CreateAsync(client, [.. AccessManifests.All(), .. isDatabaseManaged ? AccessManifests.StoppedDatabase(site.DatabasePod) : []], cancellationToken);
        await CreateAsync(client, secrets.For(site), cancellationToken);
        var workloads = WorkloadManifests.For(site).ToList();
        await WaitForAdmissionAsync(client, workloads.OfType<V1Pod>().First(), cancellationToken);
        await CreateAsync(client, [RouteManifests.Ingress(), .. workloads.Where(one => !(isDatabaseManaged && one is V1Pod))], cancellationToken);
    }

    private static async Task CreateAsync(IKubernetes client, IEnumerable<IKubernetesObject<V1ObjectMeta>> things, CancellationToken cancellationToken)
    {
        foreach (var thing in things)
        {
            var entity = thing.GetType().GetCustomAttribute<KubernetesEntityAttribute>()!;
            var version = thing is V1CronJob ? await CronJobVersionAsync(client, cancellationToken) : entity.ApiVersion;
            (thing.ApiVersion, thing.Kind) = (entity.Group.Length == 0 ? version : $"{entity.Group}/{version}", entity.Kind);
            using var kind = new GenericClient(client, entity.Group, version, entity.PluralName, disposeClient: false);
            // By the thing's own type, which the client reads the answer as.
            if (thing.Metadata.NamespaceProperty is { } ns)
            {
                await kind.CreateNamespacedAsync((dynamic)thing, ns, cancellationToken);
            }
            else
            {
                await kind.CreateAsync((dynamic)thing, cancellationToken);
            }
        }
    }

    // Before 1.21 batch/v1 has only Jobs. What the lab says of a CronJob is the same in both.
    private static async Task<string> CronJobVersionAsync(IKubernetes client, CancellationToken cancellationToken) =>
        (await client.BatchV1.GetAPIResourcesAsync(cancellationToken)).Resources.Any(kind => kind.Name == V1CronJob.KubePluralName) ? V1CronJob.KubeApiVersion : "v1beta1";

    // Shortly after the namespace, controllers make its service account with the account's token, and measure its quota. A bare pod, which nobody
    // makes a second time, is refused until then.
    private static async Task WaitForAdmissionAsync(IKubernetes client, V1Pod pod, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await client.CoreV1.CreateNamespacedPodAsync(pod, LabSite.Namespace, dryRun: "All", cancellationToken: cancellationToken);
                return;
            }
            catch (HttpOperationException exception) when (exception.Response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.InternalServerError && attempt < 200)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
            }
        }
    }
}
