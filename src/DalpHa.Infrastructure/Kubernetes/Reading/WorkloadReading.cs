using System.Globalization;
using DalpHa.Core.Clusters;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Makes DalpHa's workloads, pods and their demands of what the API says.</summary>
internal static class WorkloadReading
{
    /// <summary>The annotation in which a workload that DalpHa stopped remembers its replicas.</summary>
    public const string RememberedReplicas = "dalpha.io/replicas";

    /// <summary>The annotation in which a CronJob that DalpHa suspended remembers its <c>spec.suspend</c>.</summary>
    public const string RememberedSuspend = "dalpha.io/suspend";

    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    /// <summary>A workload.</summary>
    public static Workload ToWorkload(WorkloadKind kind, WireWorkload wire)
    {
        var status = wire.Status ?? new WireWorkloadStatus();
        var isDaemonSet = kind == WorkloadKind.DaemonSet;
        return new Workload(
            kind,
            wire.Metadata.Name,
            wire.Metadata.Labels ?? NoLabels,
            wire.Spec?.Template?.Metadata?.Labels ?? NoLabels,
            isDaemonSet ? status.DesiredNumberScheduled : wire.Spec?.Replicas ?? 1,
            isDaemonSet ? status.NumberReady : status.ReadyReplicas,
            isDaemonSet ? status.UpdatedNumberScheduled : status.UpdatedReplicas,
            status.ObservedGeneration >= wire.Metadata.Generation,
            Templates(wire.Spec?.Template?.Spec))
        {
            PodOverhead = Quantities.Amounts(wire.Spec?.Template?.Spec?.Overhead),
            // Anybody may have written it by hand: what is no count says nothing.
            RememberedReplicas = int.TryParse(wire.Metadata.Annotations?.GetValueOrDefault(RememberedReplicas), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null,
        };
    }

    /// <summary>A CronJob.</summary>
    public static CronJob ToCronJob(WireCronJob wire) => new(
        wire.Metadata.Name,
        wire.Metadata.Labels ?? NoLabels,
        wire.Spec?.JobTemplate?.Spec?.Template?.Metadata?.Labels ?? NoLabels,
        wire.Spec?.Suspend == true,
        [.. (wire.Status?.Active ?? []).Select(job => job.Name)])
    {
        // Anybody may have written it by hand: only what DalpHa writes says something.
        IsRemembered = wire.Metadata.Annotations?.GetValueOrDefault(RememberedSuspend) == "false",
        Schedule = $"{wire.Spec?.Schedule} {wire.Spec?.TimeZone}".TrimEnd(),
        Containers = Templates(wire.Spec?.JobTemplate?.Spec?.Template?.Spec),
    };

    /// <summary>A pod.</summary>
    public static Pod ToPod(WirePod wire) => new(
        wire.Metadata.Namespace ?? "",
        wire.Metadata.Name,
        wire.Metadata.Labels ?? NoLabels,
        wire.Status?.Phase ?? "Unknown",
        wire.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true,
        wire.Metadata.DeletionTimestamp is not null,
        string.IsNullOrEmpty(wire.Spec?.NodeName) ? null : wire.Spec.NodeName,
        [
            .. (wire.Status?.InitContainerStatuses ?? []).Select(s => ToState(s, wire.Spec?.InitContainers, isInit: true)),
            .. (wire.Status?.ContainerStatuses ?? []).Select(s => ToState(s, wire.Spec?.Containers, isInit: false)),
        ])
    {
        Owner = OwnerOf(wire.Metadata),
        Holds = ToRequests(wire),
    };

    /// <summary>What a bound, unfinished pod holds of its node; null for any other.</summary>
    public static PodRequests? ToRequests(WirePod wire) => string.IsNullOrEmpty(wire.Spec?.NodeName) || wire.Status?.Phase is "Succeeded" or "Failed"
        ? null
        : new PodRequests(wire.Spec.NodeName, ContainerTemplate.RequestsOfPod(Templates(wire.Spec), Quantities.Amounts(wire.Spec.Overhead)));

    // A Deployment's ReplicaSets are named after it and their template's hash, which each pod has as a label: so the Deployment's name is known without
    // reading ReplicaSets (kubernetes.io/docs/concepts/workloads/controllers/deployment: pod-template-hash label).
    private static string? OwnerOf(WireMetadata pod)
    {
        if (pod.OwnerReferences?.Find(o => o.Controller) is not { } owner)
        {
            return null;
        }
        var group = owner.ApiVersion is { } version && version.IndexOf('/') is > 0 and var slash ? version[..slash] : "";
        if (group is not ("apps" or "batch"))
        {
            return group.Length == 0 ? $"{owner.Kind}/{owner.Name}" : $"{owner.Kind}.{group}/{owner.Name}";
        }
        return owner.Kind == "ReplicaSet" && pod.Labels?.GetValueOrDefault("pod-template-hash") is { Length: > 0 } hash
            && owner.Name.Length > hash.Length + 1 && owner.Name.EndsWith("-" + hash, StringComparison.Ordinal)
            ? $"{WorkloadKind.Deployment}/{owner.Name[..^(hash.Length + 1)]}"
            : $"{owner.Kind}/{owner.Name}";
    }

    private static IReadOnlyList<ContainerTemplate> Templates(WirePodSpec? spec) =>
    [
        .. (spec?.InitContainers ?? []).Select(c => ToTemplate(c, isInit: true)),
        .. (spec?.Containers ?? []).Select(c => ToTemplate(c, isInit: false)),
    ];

    private static ContainerTemplate ToTemplate(WireContainer wire, bool isInit) => new(wire.Name, wire.Image, isInit, Requests(wire.Resources))
    {
        Limits = Quantities.Amounts(wire.Resources?.Limits),
        IsSidecar = isInit && wire.RestartPolicy == "Always",
    };

    // The API server fills a pod's missing requests from its limits, but not those of a workload's template.
    private static ResourceAmounts Requests(WireResources? resources) => new(Request(resources, "cpu"), Request(resources, "memory"));

    private static decimal Request(WireResources? resources, string name) =>
        resources?.Requests?.ContainsKey(name) == true ? Quantities.Amount(resources.Requests, name) : Quantities.Amount(resources?.Limits, name);

    private static ContainerState ToState(WireContainerStatus status, List<WireContainer>? specified, bool isInit)
    {
        var ended = status.State?.Terminated ?? status.LastState?.Terminated;
        return new ContainerState(
            status.Name,
            specified?.Find(c => c.Name == status.Name)?.Image ?? status.Image,
            string.IsNullOrEmpty(status.ImageID) ? null : status.ImageID,
            isInit,
            status.Ready,
            status.RestartCount,
            status.State?.Waiting?.Reason,
            ended?.FinishedAt,
            ended?.Reason);
    }
}
