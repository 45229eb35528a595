using DalpHa.Core.Lab;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Faults;

/// <summary>A workload runs another image than on the other site.</summary>
internal sealed class ImageDriftFault : ILabFault
{
    private const string Deployment = "dalp-dapp";
    private const string Selector = "app.kubernetes.io/component=dapp";
    private const string OldVersion = "2.3.0";

    public LabFault Name => LabFault.ImageDrift;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var deployment = await scene.Cluster.AppsV1.ReadNamespacedDeploymentAsync(Deployment, FaultScene.Namespace, cancellationToken: cancellationToken);
        var container = deployment.Spec.Template.Spec.Containers[0];
        var before = container.Image;
        var other = WorkloadManifests.Image("dapp", OldVersion);
        await SetImageAsync(scene, container.Name, other, cancellationToken);
        return new Injection(
            $"Deployment/{Deployment}",
            async token =>
            {
                await SetImageAsync(scene, container.Name, before, token);
                await WaitForRolloutAsync(scene, before, token);
            },
            token => WaitForRolloutAsync(scene, other, token));
    }

    private static Task SetImageAsync(FaultScene scene, string container, string image, CancellationToken cancellationToken)
    {
        // A strategic merge finds the container by its name and leaves the rest of it alone.
        var patch = new V1Patch(
            new { spec = new { template = new { spec = new { containers = new[] { new { name = container, image } } } } } },
            V1Patch.PatchType.StrategicMergePatch);
        return scene.Cluster.AppsV1.PatchNamespacedDeploymentAsync(patch, Deployment, FaultScene.Namespace, cancellationToken: cancellationToken);
    }

    private static Task WaitForRolloutAsync(FaultScene scene, string image, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        $"all pods of {Deployment} run {image}",
        async token =>
        {
            var deployment = await scene.Cluster.AppsV1.ReadNamespacedDeploymentAsync(Deployment, FaultScene.Namespace, cancellationToken: token);
            var pods = await scene.Cluster.CoreV1.ListNamespacedPodAsync(FaultScene.Namespace, labelSelector: Selector, cancellationToken: token);
            return pods.Items.Count == deployment.Spec.Replicas
                && deployment.Status.ObservedGeneration == deployment.Metadata.Generation
                && deployment.Status.UpdatedReplicas == deployment.Spec.Replicas
                && deployment.Status.ReadyReplicas == deployment.Spec.Replicas
                && pods.Items.All(pod => pod.Spec.Containers[0].Image == image && pod.IsReady());
        },
        cancellationToken);
}
