using k8s;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>Keeps count of the pods that write to the database. While the API is deaf the last count holds: pods run on without it.</summary>
internal sealed class RunningWriters : IController
{
    private const string Component = "dapi";

    /// <summary>Whether at least one runs and is ready.</summary>
    public bool AreRunning { get; private set; }

    public Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        AreRunning = seen.Pods.Any(pod =>
            pod.GetLabel("app.kubernetes.io/component") == Component && pod.Metadata.DeletionTimestamp is null && pod.IsReady());
        return Task.CompletedTask;
    }
}
