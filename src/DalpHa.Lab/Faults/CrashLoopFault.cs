using DalpHa.Core.Lab;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.Hosting;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Faults;

/// <summary>A workload's containers end as soon as they start. Its pods are replaced when the fault is undone, so that they count their restarts from 0 again.</summary>
internal sealed class CrashLoopFault : ILabFault
{
    private const string Deployment = "dalp-dapi";
    private const string Selector = "app.kubernetes.io/component=dapi";

    public LabFault Name => LabFault.CrashLoop;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var mark = MergePatch.Of(new V1Pod { Metadata = new V1ObjectMeta { Annotations = new Dictionary<string, string> { [LabMarks.CrashLoop] = "true" } } });
        foreach (var pod in await PodsAsync(scene, cancellationToken))
        {
            await scene.Cluster.CoreV1.PatchNamespacedPodAsync(mark, pod.Metadata.Name, FaultScene.Namespace, cancellationToken: cancellationToken);
        }
        return new Injection(
            $"Deployment/{Deployment}",
            token => UndoAsync(scene, token),
            token => WaitAsync(scene, $"the pods of {Deployment} crash", pods => pods.All(pod => !pod.IsReady()), ready: 0, token));
    }

    private static async Task UndoAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        foreach (var pod in (await PodsAsync(scene, cancellationToken)).Where(IsMarked))
        {
            await scene.Cluster.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, FaultScene.Namespace, cancellationToken: cancellationToken);
        }
        await WaitAsync(scene, $"the pods of {Deployment} are ready", pods => !pods.Any(IsMarked) && pods.All(pod => pod.IsReady()), ready: null, cancellationToken);
    }

    private static bool IsMarked(V1Pod pod) => pod.Metadata.Annotations?.ContainsKey(LabMarks.CrashLoop) == true;

    private static async Task<IList<V1Pod>> PodsAsync(FaultScene scene, CancellationToken cancellationToken) =>
        (await scene.Cluster.CoreV1.ListNamespacedPodAsync(FaultScene.Namespace, labelSelector: Selector, cancellationToken: cancellationToken)).Items;

    private static Task WaitAsync(FaultScene scene, string what, Func<IList<V1Pod>, bool> holds, int? ready, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        what,
        async token =>
        {
            var deployment = await scene.Cluster.AppsV1.ReadNamespacedDeploymentAsync(Deployment, FaultScene.Namespace, cancellationToken: token);
            return (deployment.Status.ReadyReplicas ?? 0) == (ready ?? deployment.Spec.Replicas) && holds(await PodsAsync(scene, token));
        },
        cancellationToken);
}
