using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using DalpHa.Lab.Controllers;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>
/// Makes a site of a lab on a real API as large as one in production: many Deployments of the platform, with nodes, Secrets and ConfigMaps to match.
/// Its pods run at once and stay as they are. The lab's controllers leave them alone, since they read every pod whenever one changes.
/// </summary>
internal sealed class Crowd(IKubernetes client, TimeProvider time)
{
    // One of the platform's own components, so that the topology's rules, and with them the checks, apply to every one of these pods.
    private const string Component = "dapi";
    private const int PodsOfDeployment = 50;
    private const int DeploymentsOfNode = 5;
    private const int AtOnce = 8;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Makes it so large, and waits until all pods are ready. It only grows.</summary>
    /// <param name="pods">The pods that come to those that the lab has by itself.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task GrowAsync(int pods, CancellationToken cancellationToken)
    {
        var deployments = (pods + PodsOfDeployment - 1) / PodsOfDeployment;
        await WidenQuotaAsync(pods, cancellationToken);
        var models = (await client.CoreV1.ListNodeAsync(labelSelector: $"!{LabMarks.Crowd}", cancellationToken: cancellationToken)).Items;
        for (var number = 0; number * DeploymentsOfNode < deployments; number++)
        {
            var node = Node(models[number % models.Count], number);
            await MakeAsync(() => client.CoreV1.CreateNodeAsync(node, cancellationToken: cancellationToken));
        }
        await Each(Enumerable.Range(0, deployments), cancellationToken, async (number, token) =>
        {
            var name = Name(number);
            await MakeAsync(() => client.CoreV1.CreateNamespacedSecretAsync(Secret(name), LabSite.Namespace, cancellationToken: token));
            await MakeAsync(() => client.CoreV1.CreateNamespacedConfigMapAsync(ConfigMap(name), LabSite.Namespace, cancellationToken: token));
            await MakeAsync(() => client.AppsV1.CreateNamespacedDeploymentAsync(
                Deployment(name, NodeName(models, number / DeploymentsOfNode), Math.Min(PodsOfDeployment, pods - (number * PodsOfDeployment))), LabSite.Namespace, cancellationToken: token));
        });
        while (!await RunAsync(pods, cancellationToken))
        {
            await Task.Delay(Interval, cancellationToken);
        }
    }

    // Reports the pods that do not run yet; true when the workloads' own counts say that all do.
    private async Task<bool> RunAsync(int pods, CancellationToken cancellationToken)
    {
        var made = (await client.CoreV1.ListNamespacedPodAsync(LabSite.Namespace, labelSelector: LabMarks.Crowd, cancellationToken: cancellationToken)).Items;
        await Each(made.Where(pod => pod.Status?.Phase != "Running"), cancellationToken, (pod, token) =>
        {
            var status = new PodStatusOf(pod, time.GetUtcNow().UtcDateTime).Build(isLost: false, answersProbes: true);
            return client.CoreV1.PatchNamespacedPodStatusAsync(MergePatch.Of(new V1Pod { Status = status }), pod.Metadata.Name, LabSite.Namespace, cancellationToken: token);
        });
        var workloads = (await client.AppsV1.ListNamespacedDeploymentAsync(LabSite.Namespace, labelSelector: LabMarks.Crowd, cancellationToken: cancellationToken)).Items;
        return workloads.Sum(one => one.Status?.ReadyReplicas ?? 0) >= pods;
    }

    private Task WidenQuotaAsync(int pods, CancellationToken cancellationToken)
    {
        string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        var hard = new JsonObject { ["pods"] = Text((2 * pods) + 60), ["requests.cpu"] = Text(pods + 16), ["requests.memory"] = $"{Text(pods + 64)}Gi" };
        var patch = new JsonObject { ["spec"] = new JsonObject { ["hard"] = hard } };
        return client.CoreV1.PatchNamespacedResourceQuotaAsync(MergePatch.Of(patch.ToJsonString()), "dalp", LabSite.Namespace, cancellationToken: cancellationToken);
    }

    private static async Task MakeAsync(Func<Task> create)
    {
        try
        {
            await create();
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == HttpStatusCode.Conflict)
        {
            // It is there from an earlier growth.
        }
    }

    private static Task Each<T>(IEnumerable<T> things, CancellationToken cancellationToken, Func<T, CancellationToken, Task> act) => Parallel.ForEachAsync(
        things, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (thing, token) => await act(thing, token));

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"dalp-{Component}-tenant-{number:000}");

    private static string NodeName(IList<V1Node> models, int number) => string.Create(CultureInfo.InvariantCulture, $"{models[number % models.Count].Metadata.Name}-{number}");

    private static V1ObjectMeta Meta(string name)
    {
        var meta = Naming.Platform(name, Component);
        meta.Labels[LabMarks.Crowd] = name;
        return meta;
    }

    // As its model, in the same zone.
    private static V1Node Node(V1Node model, int number)
    {
        var name = NodeName([model], number);
        var capacity = Naming.Amounts("64", "256Gi");
        capacity["pods"] = new ResourceQuantity("300");
        return new V1Node
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                Labels = new Dictionary<string, string>(model.Metadata.Labels) { ["kubernetes.io/hostname"] = name, [LabMarks.Crowd] = "true" },
            },
            Status = model.Status with { Capacity = capacity, Allocatable = capacity },
        };
    }

    // Equal on both sites, and no secret at all.
    private static V1Secret Secret(string name) => new() { Metadata = Meta(name), Type = "Opaque", StringData = new Dictionary<string, string> { ["username"] = name, ["password"] = name } };

    private static V1ConfigMap ConfigMap(string name) => new() { Metadata = Meta(name), Data = new Dictionary<string, string> { ["TENANT"] = name, ["LOG_LEVEL"] = "info" } };

    private static V1Deployment Deployment(string name, string node, int replicas)
    {
        var selector = Naming.Selector(Component);
        selector[LabMarks.Crowd] = name;
        return new V1Deployment
        {
            Metadata = Meta(name),
            Spec = new V1DeploymentSpec
            {
                Replicas = replicas,
                Selector = new V1LabelSelector { MatchLabels = selector },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = Meta(name).Labels },
                    Spec = new V1PodSpec
                    {
                        NodeName = node,
                        Containers =
                        [
                            new V1Container
                            {
                                Name = Component,
                                Image = WorkloadManifests.Image(Component),
                                Ports = [new V1ContainerPort { ContainerPort = 3001 }],
                                EnvFrom =
                                [
                                    new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = name } },
                                    new V1EnvFromSource { ConfigMapRef = new V1ConfigMapEnvSource { Name = name } },
                                ],
                                Resources = new V1ResourceRequirements { Requests = Naming.Amounts("50m", "64Mi") },
                            },
                        ],
                    },
                },
            },
        };
    }
}
