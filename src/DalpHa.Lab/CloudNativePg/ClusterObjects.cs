using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using DalpHa.Core.Lab;
using DalpHa.Lab.Controllers;
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

    /// <summary>Changes a site's Cluster into one that follows the other, and forgets what it was.</summary>
    /// <param name="client">An administrator's client.</param>
    /// <param name="site">The site.</param>
    /// <param name="other">The site of the primary.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task BecomeReplicaAsync(IKubernetes client, LabSite site, LabSite other, CancellationToken cancellationToken)
    {
        var found = JsonSerializer.SerializeToNode(await client.CustomObjects.GetNamespacedCustomObjectAsync(
            ClusterDefinition.Group, ClusterDefinition.Version, LabSite.Namespace, ClusterDefinition.Plural, site.DatabaseCluster, cancellationToken));
        var replica = found?["spec"]?["replica"]?["self"] is not null
            ? new JsonObject { ["primary"] = other.DatabaseCluster, ["promotionToken"] = null }
            : new JsonObject { ["enabled"] = true, ["source"] = other.DatabaseCluster };
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["cnpg.io/fencedInstances"] = null } },
            ["spec"] = new JsonObject { ["replica"] = replica },
        };
        await client.CustomObjects.PatchNamespacedCustomObjectAsync(
            MergePatch.Of(patch.ToJsonString()), ClusterDefinition.Group, ClusterDefinition.Version, LabSite.Namespace, ClusterDefinition.Plural, site.DatabaseCluster, cancellationToken: cancellationToken);
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
