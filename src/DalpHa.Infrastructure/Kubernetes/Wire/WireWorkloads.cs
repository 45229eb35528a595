namespace DalpHa.Infrastructure.Kubernetes;

/// <summary><c>v1 Pod</c>.</summary>
internal sealed record WirePod(WireMetadata Metadata, WirePodSpec? Spec, WirePodStatus? Status);

/// <summary>A pod's specification, also in a template.</summary>
internal sealed record WirePodSpec
{
    public string? NodeName { get; init; }

    public List<WireContainer>? Containers { get; init; }

    public List<WireContainer>? InitContainers { get; init; }

    public Dictionary<string, string>? Overhead { get; init; }
}

/// <summary>A container.</summary>
internal sealed record WireContainer
{
    public string Name { get; init; } = "";

    public string Image { get; init; } = "";

    public string? RestartPolicy { get; init; }

    public WireResources? Resources { get; init; }

    public List<WireContainerPort>? Ports { get; init; }
}

/// <summary>What a container asks, and what it may take at most.</summary>
internal sealed record WireResources(Dictionary<string, string>? Requests, Dictionary<string, string>? Limits);

/// <summary>A named port of a container.</summary>
internal sealed record WireContainerPort(string? Name, int ContainerPort);

/// <summary>How a pod fares.</summary>
internal sealed record WirePodStatus
{
    public string? Phase { get; init; }

    public List<WireCondition>? Conditions { get; init; }

    public List<WireContainerStatus>? ContainerStatuses { get; init; }

    public List<WireContainerStatus>? InitContainerStatuses { get; init; }
}

/// <summary>How a container fares.</summary>
internal sealed record WireContainerStatus
{
    public string Name { get; init; } = "";

    public string Image { get; init; } = "";

    public string? ImageID { get; init; }

    public bool Ready { get; init; }

    public int RestartCount { get; init; }

    public WireContainerState? State { get; init; }

    public WireContainerState? LastState { get; init; }
}

/// <summary>Waiting, or ended; neither when it runs.</summary>
internal sealed record WireContainerState(WireWaiting? Waiting, WireTerminated? Terminated);

/// <summary>Why a container waits.</summary>
internal sealed record WireWaiting(string? Reason);

/// <summary>When and why a container ended.</summary>
internal sealed record WireTerminated(string? Reason, DateTimeOffset? FinishedAt);

/// <summary><c>apps/v1 Deployment</c>, <c>StatefulSet</c> or <c>DaemonSet</c>: the three share their shape but for the counts.</summary>
internal sealed record WireWorkload(WireMetadata Metadata, WireWorkloadSpec? Spec, WireWorkloadStatus? Status);

/// <summary>What a workload should be.</summary>
internal sealed record WireWorkloadSpec(int? Replicas, WireTemplate? Template);

/// <summary><c>batch/v1 CronJob</c>, or the same of <c>v1beta1</c>.</summary>
internal sealed record WireCronJob(WireMetadata Metadata, WireCronJobSpec? Spec, WireCronJobStatus? Status);

/// <summary>What a CronJob should do.</summary>
internal sealed record WireCronJobSpec(bool? Suspend, string? Schedule, string? TimeZone, WireJobTemplate? JobTemplate);

/// <summary>What its Jobs are made of.</summary>
internal sealed record WireJobTemplate(WireJobSpec? Spec);

/// <summary>What a Job should run.</summary>
internal sealed record WireJobSpec(WireTemplate? Template);

/// <summary>Its Jobs that have not ended.</summary>
internal sealed record WireCronJobStatus(List<WireReference>? Active);

/// <summary>Another object.</summary>
internal sealed record WireReference(string Name);

/// <summary>A pod template.</summary>
internal sealed record WireTemplate(WireMetadata? Metadata, WirePodSpec? Spec);

/// <summary>How far the controller has got.</summary>
internal sealed record WireWorkloadStatus
{
    public long ObservedGeneration { get; init; }

    public int ReadyReplicas { get; init; }

    public int UpdatedReplicas { get; init; }

    public int DesiredNumberScheduled { get; init; }

    public int NumberReady { get; init; }

    public int UpdatedNumberScheduled { get; init; }
}
