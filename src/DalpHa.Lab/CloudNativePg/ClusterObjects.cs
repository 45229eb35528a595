using System.Net;
using System.Text.Json.Nodes;
using DalpHa.Core.Lab;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>What a site with CloudNativePG holds for its database: its Cluster and the services that lead to its instances.</summary>
internal static class ClusterObjects
{
    /// <summary>Makes the kind known and puts a site's objects.</summary>
    /// <param name="client">An administrator's client.</param>
    /// <param name="site">The site.</param>
    /// <param name="other">The other site.</param>
    /// <param name="kind">How the two belong together.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task PutAsync(IKubernetes client, LabSite site, LabSite other, LabDatabaseKind kind, CancellationToken cancellationToken)
    {
        await client.ApiextensionsV1.CreateCustomResourceDefinitionAsync(ClusterDefinition.Make(), cancellationToken: cancellationToken);
        // A server takes a moment before it serves a new kind.
        await Eventually.HoldsAsync(
            "the API serves Clusters",
            async token =>
            {
                try
                {
                    await client.CustomObjects.ListNamespacedCustomObjectAsync(ClusterDefinition.Group, ClusterDefinition.Version, LabSite.Namespace, ClusterDefinition.Plural, cancellationToken: token);
                    return true;
                }
                catch (HttpOperationException exception) when (exception.Response.StatusCode == HttpStatusCode.NotFound)
                {
                    return false;
                }
            },
            cancellationToken);
        foreach (var service in Services(site))
        {
            await client.CoreV1.CreateNamespacedServiceAsync(service, LabSite.Namespace, cancellationToken: cancellationToken);
        }
        await client.CustomObjects.CreateNamespacedCustomObjectAsync(
            Cluster(site, other, kind), ClusterDefinition.Group, ClusterDefinition.Version, LabSite.Namespace, ClusterDefinition.Plural, cancellationToken: cancellationToken);
    }

    /// <summary>The Cluster of a site.</summary>
    /// <param name="site">The site.</param>
    /// <param name="other">The other site.</param>
    /// <param name="kind">How the two belong together.</param>
    private static JsonObject Cluster(LabSite site, LabSite other, LabDatabaseKind kind)
    {
        var spec = new JsonObject { ["instances"] = 1 };
        if (kind == LabDatabaseKind.CloudNativePg)
        {
            spec["replica"] = new JsonObject
            {
                ["self"] = site.DatabaseCluster,
                ["primary"] = site.IsActive ? site.DatabaseCluster : other.DatabaseCluster,
                ["source"] = other.DatabaseCluster,
            };
        }
        else if (!site.IsActive)
        {
            spec["replica"] = new JsonObject { ["enabled"] = true, ["source"] = other.DatabaseCluster };
        }
        return new JsonObject
        {
            ["apiVersion"] = $"{ClusterDefinition.Group}/{ClusterDefinition.Version}",
            ["kind"] = "Cluster",
            ["metadata"] = new JsonObject { ["name"] = site.DatabaseCluster, ["labels"] = new JsonObject { [LabMarks.Lab] = "true" } },
            ["spec"] = spec,
        };
    }

    /// <summary>The services: to the primary, to the others, to all.</summary>
    private static IEnumerable<V1Service> Services(LabSite site) =>
    [
        Service(site, "rw", "primary"),
        Service(site, "ro", "replica"),
        Service(site, "r", null),
    ];

    private static V1Service Service(LabSite site, string suffix, string? role)
    {
        var selector = new Dictionary<string, string> { ["cnpg.io/cluster"] = site.DatabaseCluster };
        if (role is not null)
        {
            selector["cnpg.io/instanceRole"] = role;
        }
        return new V1Service
        {
            Metadata = Naming.Platform($"{site.DatabaseCluster}-{suffix}", "postgresql"),
            Spec = new V1ServiceSpec { Selector = selector, Ports = [new V1ServicePort { Name = "postgres", Port = 5432 }] },
        };
    }
}
