using System.Collections.Concurrent;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Simulation;

/// <summary>What <see cref="TellingClusterControl"/> was asked to change, for <see cref="SimulatedCluster"/> to show as done.</summary>
public sealed class SimulatedChanges
{
    internal ConcurrentDictionary<(string Namespace, WorkloadKind Kind, string Name), (int Replicas, int? Remember)> Scaled { get; } = new();

    internal ConcurrentDictionary<(string Namespace, string Name), bool> Suspended { get; } = new();

    internal ConcurrentDictionary<(string Namespace, string Kind, string Name), bool> Opened { get; } = new();
}
