using DalpHa.Core.Lab;
using DalpHa.Lab.Hosting;
using k8s;

namespace DalpHa.Lab.Faults;

/// <summary>The pods of a workload run and never become ready: those that there are, and those that come.</summary>
internal sealed class WorkloadNeverReadyFault : ILabFault
{
    private const string Component = "indexer";
    private const string Deployment = $"dalp-{Component}";

    public LabFault Name => LabFault.WorkloadNeverReady;

    public Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        Set(scene, isBroken: true);
        return Task.FromResult(new Injection(
            $"Deployment/{Deployment}",
            _ =>
            {
                Set(scene, isBroken: false);
                return Task.CompletedTask;
            },
            token => Eventually.HoldsAsync(
                $"no pod of {Deployment} is ready",
                async each => ((await scene.Cluster.AppsV1.ReadNamespacedDeploymentAsync(Deployment, FaultScene.Namespace, cancellationToken: each)).Status.ReadyReplicas ?? 0) == 0,
                token)));
    }

    private static void Set(FaultScene scene, bool isBroken)
    {
        scene.Region.Pods.SetBroken(Component, isBroken);
        scene.Region.Ring();
    }
}
