namespace DalpHa.Core.Clusters;

/// <summary>The kinds of workload that DalpHa starts, stops and compares.</summary>
public enum WorkloadKind
{
    /// <summary><c>apps/v1 Deployment</c>.</summary>
    Deployment,
    /// <summary><c>apps/v1 StatefulSet</c>.</summary>
    StatefulSet,
    /// <summary><c>apps/v1 DaemonSet</c>.</summary>
    DaemonSet,
}

/// <summary>One workload and how far its controller has got.</summary>
/// <param name="Kind">Deployment, StatefulSet or DaemonSet.</param>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its own labels.</param>
/// <param name="PodLabels">The labels that it gives its pods.</param>
/// <param name="Desired">Replicas asked for (<c>spec.replicas</c>; for a DaemonSet the scheduled number).</param>
/// <param name="Ready">Replicas whose pods are ready.</param>
/// <param name="Updated">Replicas that run the current template.</param>
/// <param name="IsObserved">False when the controller has not yet seen the latest specification, so that the counts are of an older one.</param>
/// <param name="Containers">The template's containers, init containers included.</param>
public sealed record Workload(
    WorkloadKind Kind,
    string Name,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> PodLabels,
    int Desired,
    int Ready,
    int Updated,
    bool IsObserved,
    IReadOnlyList<ContainerTemplate> Containers)
{
    /// <summary>What the workload is called in output: <c>Deployment/dapp</c>.</summary>
    public string Target => $"{Kind}/{Name}";

    /// <summary>True when every replica asked for is ready, of the current template, and the controller has seen the specification.</summary>
    public bool IsFullyReady => IsObserved && Ready >= Desired && Updated >= Desired;

    /// <summary>What the sandbox of each pod costs beside its containers (<c>spec.overhead</c>).</summary>
    public ResourceAmounts PodOverhead { get; init; }

    /// <summary>The replicas that it had when DalpHa stopped it (annotation <c>dalpha.io/replicas</c>); null when it did not.</summary>
    public int? RememberedReplicas { get; init; }

    /// <summary>What one replica asks of a node, as the scheduler counts it.</summary>
    public ResourceAmounts RequestsPerReplica => ContainerTemplate.RequestsOfPod(Containers, PodOverhead);
}

/// <summary>A container of a pod template.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">The image reference as written, with tag or digest.</param>
/// <param name="IsInit">True for an init container.</param>
/// <param name="Requests">What it asks of a node.</param>
public sealed record ContainerTemplate(string Name, string Image, bool IsInit, ResourceAmounts Requests)
{
    /// <summary>What it may take at most; nothing where it has no limit.</summary>
    public ResourceAmounts Limits { get; init; }

    /// <summary>True for an init container that keeps running beside the others (<c>restartPolicy: Always</c>).</summary>
    public bool IsSidecar { get; init; }

    /// <summary>
    /// What a pod of these containers asks of a node, as the scheduler counts it (kubernetes.io/docs/concepts/workloads/pods/sidecar-containers:
    /// resource sharing within containers): the larger of what runs in the end (containers and sidecars) and of what any init
    /// container needs beside the sidecars started before it; and the pod's overhead.
    /// </summary>
    /// <param name="containers">The pod's containers, init containers in their order.</param>
    /// <param name="overhead">The pod's overhead.</param>
    public static ResourceAmounts RequestsOfPod(IEnumerable<ContainerTemplate> containers, ResourceAmounts overhead)
    {
        var (running, sidecars, starting) = (ResourceAmounts.Zero, ResourceAmounts.Zero, ResourceAmounts.Zero);
        foreach (var container in containers)
        {
            if (container.IsSidecar)
            {
                sidecars += container.Requests;
            }
            else if (container.IsInit)
            {
                starting = ResourceAmounts.Max(starting, sidecars + container.Requests);
            }
            else
            {
                running += container.Requests;
            }
        }
        return ResourceAmounts.Max(running + sidecars, starting) + overhead;
    }
}

/// <summary>An amount of the two resources that decide whether a pod fits on a node.</summary>
/// <param name="Cpu">CPU in cores.</param>
/// <param name="MemoryBytes">Memory in bytes.</param>
public readonly record struct ResourceAmounts(decimal Cpu, decimal MemoryBytes)
{
    /// <summary>Nothing.</summary>
    public static readonly ResourceAmounts Zero;

    /// <summary>The sum of both resources.</summary>
    public static ResourceAmounts operator +(ResourceAmounts left, ResourceAmounts right) => new(left.Cpu + right.Cpu, left.MemoryBytes + right.MemoryBytes);

    /// <summary>The difference of both resources; may be negative.</summary>
    public static ResourceAmounts operator -(ResourceAmounts left, ResourceAmounts right) => new(left.Cpu - right.Cpu, left.MemoryBytes - right.MemoryBytes);

    /// <summary>So many times this amount.</summary>
    public static ResourceAmounts operator *(ResourceAmounts amount, int times) => new(amount.Cpu * times, amount.MemoryBytes * times);

    /// <summary>The larger of each resource.</summary>
    public static ResourceAmounts Max(ResourceAmounts left, ResourceAmounts right) => new(Math.Max(left.Cpu, right.Cpu), Math.Max(left.MemoryBytes, right.MemoryBytes));

    /// <summary>True when both resources of <paramref name="other"/> fit into this amount.</summary>
    public bool Covers(ResourceAmounts other) => Cpu >= other.Cpu && MemoryBytes >= other.MemoryBytes;
}
