namespace DalpHa.Core.Clusters;

/// <summary>One pod, with only what DalpHa decides on.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Phase"><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>, as the API says.</param>
/// <param name="IsReady">The pod's <c>Ready</c> condition.</param>
/// <param name="IsDeleting">True when a deletion timestamp is set: the pod is on its way out, and may still run.</param>
/// <param name="NodeName">The node it is bound to, or null.</param>
/// <param name="Containers">The state of its containers, init containers included; empty while nothing has started.</param>
public sealed record Pod(
    string Namespace,
    string Name,
    IReadOnlyDictionary<string, string> Labels,
    string Phase,
    bool IsReady,
    bool IsDeleting,
    string? NodeName,
    IReadOnlyList<ContainerState> Containers)
{
    /// <summary>
    /// What made the pod and keeps it: the workload, as <c>Deployment/dapp</c>; a ReplicaSet of no Deployment, or a custom kind as <c>Cluster.postgresql.cnpg.io/pg</c>;
    /// null when nothing does.
    /// </summary>
    public string? Owner { get; init; }

    /// <summary>What it holds of its node; null while it is bound to none, and once it has finished.</summary>
    public PodRequests? Holds { get; init; }
}

/// <summary>How one container of a pod fares.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">The image that the pod's specification names.</param>
/// <param name="ImageId">What the node pulled (<c>status.imageID</c>), with the digest; null before it ran.</param>
/// <param name="IsInit">True for an init container.</param>
/// <param name="IsReady">Whether it is ready.</param>
/// <param name="RestartCount">Restarts since the pod was made.</param>
/// <param name="WaitingReason">Why it waits (<c>CrashLoopBackOff</c>, <c>ImagePullBackOff</c>, …), or null when it runs.</param>
/// <param name="LastTerminatedAt">When it ended last, or null when it never did.</param>
/// <param name="LastTerminatedReason">Why it ended last (<c>OOMKilled</c>, <c>Error</c>, …), or null.</param>
public sealed record ContainerState(
    string Name,
    string Image,
    string? ImageId,
    bool IsInit,
    bool IsReady,
    int RestartCount,
    string? WaitingReason,
    DateTimeOffset? LastTerminatedAt,
    string? LastTerminatedReason)
{
    /// <summary>The digest that the node pulled, as <c>sha256:…</c>, or null when the node does not tell.</summary>
    public string? Digest
    {
        get
        {
            var at = ImageId?.IndexOf("sha256:", StringComparison.Ordinal) ?? -1;
            return at < 0 ? null : ImageId![at..];
        }
    }
}

/// <summary>What a running pod holds of its node.</summary>
/// <param name="NodeName">The node it is bound to.</param>
/// <param name="Requests">What it asks, as the scheduler counts it.</param>
public sealed record PodRequests(string NodeName, ResourceAmounts Requests);
