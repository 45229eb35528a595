using System.Security.Cryptography;
using System.Text;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>What a kubelet would report of a pod. From the same pod and the same report comes the same again, so that nothing is written twice.</summary>
internal sealed class PodStatusOf(V1Pod pod, DateTime now)
{
    private static readonly TimeSpan BackOff = TimeSpan.FromMinutes(1);

    // A container that has been failing for a while, so that the fault shows at once and not after half an hour of back-offs.
    private const int RestartsAtFirst = 8;

    private readonly bool crashes = pod.Metadata.Annotations?.ContainsKey(LabMarks.CrashLoop) == true;

    public V1PodStatus Build(bool isLost, bool answersProbes)
    {
        var containersReady = !crashes && answersProbes;
        var reason = isLost ? "NodeStatusUnknown" : containersReady ? null : "ContainersNotReady";
        return new V1PodStatus
        {
            Phase = "Running",
            PodIP = AddressOf(pod.Metadata.Uid, 10),
            HostIP = AddressOf(pod.Spec.NodeName, 172),
            StartTime = pod.Status?.StartTime ?? now,
            Conditions =
            [
                Condition("PodScheduled", true, null),
                Condition("Initialized", true, null),
                Condition("ContainersReady", containersReady, containersReady ? null : reason),
                Condition("Ready", !isLost && containersReady, reason),
            ],
            InitContainerStatuses = pod.Spec.InitContainers?.Select(Finished).ToList(),
            ContainerStatuses = pod.Spec.Containers.Select(container => crashes ? Crashing(container) : Running(container, answersProbes)).ToList(),
        };
    }

    private V1PodCondition Condition(string type, bool holds, string? reason)
    {
        var value = holds ? "True" : "False";
        var before = pod.Status?.Conditions?.FirstOrDefault(condition => condition.Type == type);
        return new V1PodCondition { Type = type, Status = value, Reason = reason, LastTransitionTime = before?.Status == value ? before.LastTransitionTime : now };
    }

    private V1ContainerStatus Running(V1Container container, bool isReady) => Basic(container) with
    {
        Ready = isReady,
        Started = true,
        RestartCount = Before(container)?.RestartCount ?? 0,
        State = new V1ContainerState { Running = new V1ContainerStateRunning { StartedAt = Before(container)?.State?.Running?.StartedAt ?? now } },
    };

    private V1ContainerStatus Finished(V1Container container) => Basic(container) with
    {
        Ready = true,
        RestartCount = 0,
        State = new V1ContainerState
        {
            Terminated = new V1ContainerStateTerminated { ExitCode = 0, Reason = "Completed", StartedAt = pod.Status?.StartTime ?? now, FinishedAt = pod.Status?.StartTime ?? now },
        },
    };

    private V1ContainerStatus Crashing(V1Container container)
    {
        var before = Before(container);
        var last = before?.LastState?.Terminated;
        var again = last is null || now - last.FinishedAt >= BackOff;
        return Basic(container) with
        {
            Ready = false,
            Started = false,
            RestartCount = last is null ? Math.Max(RestartsAtFirst, before?.RestartCount ?? 0) : before!.RestartCount + (again ? 1 : 0),
            State = new V1ContainerState
            {
                Waiting = new V1ContainerStateWaiting { Reason = "CrashLoopBackOff", Message = $"back-off 1m0s restarting failed container={container.Name} pod={pod.Metadata.Name}" },
            },
            LastState = new V1ContainerState
            {
                Terminated = again ? new V1ContainerStateTerminated { ExitCode = 1, Reason = "Error", StartedAt = now, FinishedAt = now } : last,
            },
        };
    }

    private V1ContainerStatus? Before(V1Container container) => pod.Status?.ContainerStatuses?.FirstOrDefault(status => status.Name == container.Name);

    private static V1ContainerStatus Basic(V1Container container) => new()
    {
        Name = container.Name,
        Image = container.Image,
        ImageID = $"{RepositoryOf(container.Image)}@{DigestOf(container.Image)}",
    };

    /// <summary>One image name, one digest, on every site: as if a tag never moved.</summary>
    private static string DigestOf(string image) => image.IndexOf("sha256:", StringComparison.Ordinal) is > 0 and var at
        ? image[at..]
        : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(image)));

    private static string RepositoryOf(string image)
    {
        var name = image.Split('@')[0];
        var tag = name.LastIndexOf(':');
        return tag > name.LastIndexOf('/') ? name[..tag] : name;
    }

    private static string AddressOf(string name, byte network)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        return $"{network}.{16 + (hash[0] % 16)}.{hash[1]}.{1 + (hash[2] % 254)}";
    }
}
