using k8s;

namespace DalpHa.Lab.Controllers;

/// <summary>
/// One thing that a cluster does by itself. It looks at a snapshot and makes the writes that bring the cluster one step nearer to what is
/// asked; the writes ring for the next pass. It keeps no state of its own, so it may be stopped and started at any moment.
/// </summary>
internal interface IController
{
    Task ReconcileAsync(IKubernetes client, ClusterSnapshot seen, CancellationToken cancellationToken);
}
