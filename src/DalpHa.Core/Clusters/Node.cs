namespace DalpHa.Core.Clusters;

/// <summary>One node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsReady">Its <c>Ready</c> condition is <c>True</c>.</param>
/// <param name="IsUnschedulable">It is cordoned.</param>
/// <param name="BlockingTaints">Taints with effect <c>NoSchedule</c> or <c>NoExecute</c>, as <c>key=value:effect</c>, or <c>key:effect</c> for one without a value.</param>
/// <param name="Allocatable">What it can give to pods.</param>
/// <param name="AllocatablePods">How many pods it takes.</param>
/// <param name="Region">Label <c>topology.kubernetes.io/region</c>, or null.</param>
/// <param name="Zone">Label <c>topology.kubernetes.io/zone</c>, or null.</param>
/// <param name="KubeletVersion">The kubelet's version, as <c>v1.32.4</c>.</param>
public sealed record Node(
    string Name,
    bool IsReady,
    bool IsUnschedulable,
    IReadOnlyList<string> BlockingTaints,
    ResourceAmounts Allocatable,
    int AllocatablePods,
    string? Region,
    string? Zone,
    string KubeletVersion)
{
    /// <summary>True when the scheduler may put an ordinary pod here.</summary>
    public bool TakesPods => IsReady && !IsUnschedulable && BlockingTaints.Count == 0;
}
