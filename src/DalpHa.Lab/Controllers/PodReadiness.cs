using System.Collections.Concurrent;
using System.Globalization;
using k8s.Models;

namespace DalpHa.Lab.Controllers;

/// <summary>What a site's database does for the pods that need it.</summary>
internal enum DatabaseService
{
    /// <summary>Nothing: it does not answer.</summary>
    None,
    /// <summary>It answers, and takes no writes.</summary>
    Reads,
    /// <summary>It takes writes.</summary>
    Writes,
}

/// <summary>
/// Stands in for the readiness probes of a site's pods. A pod is told by annotations what it waits for: so many seconds from its start
/// (<see cref="LabMarks.ReadyAfter"/>), or its site's database (<see cref="LabMarks.NeedsDatabase"/>).
/// </summary>
/// <param name="database">What the site's database does now.</param>
/// <param name="servers">Whether the database server of a pod runs, by the pod's name; null where the pod has none, or nobody cares.</param>
internal sealed class PodReadiness(Func<DatabaseService> database, Func<string, bool?> servers)
{
    private readonly ConcurrentDictionary<string, byte> broken = new(StringComparer.Ordinal);

    /// <summary>A site whose pods wait for nothing.</summary>
    public static PodReadiness AtOnce { get; } = new(() => DatabaseService.Writes, _ => null);

    /// <summary>Whether a pod was held back for no other reason than that its time had not come when it was last looked at.</summary>
    public bool IsWaitingForTime { get; private set; }

    /// <summary>Lets the pods of a component never become ready, or ends that.</summary>
    public void SetBroken(string component, bool isBroken)
    {
        if (isBroken)
        {
            broken[component] = 0;
        }
        else
        {
            broken.TryRemove(component, out _);
        }
    }

    /// <summary>To be called before the pods of a site are looked at.</summary>
    public void BeginLook() => IsWaitingForTime = false;

    /// <summary>Whether the pod's containers are ready.</summary>
    public bool IsReady(V1Pod pod, DateTime now)
    {
        if (servers(pod.Metadata.Name) == false || broken.ContainsKey(pod.GetLabel("app.kubernetes.io/component") ?? "") || database() < Needed(pod))
        {
            return false;
        }
        var isEarly = now - (pod.Status?.StartTime ?? now) < After(pod);
        IsWaitingForTime |= isEarly;
        return !isEarly;
    }

    private static DatabaseService Needed(V1Pod pod) => pod.GetAnnotation(LabMarks.NeedsDatabase) switch
    {
        LabMarks.NeedsWrites => DatabaseService.Writes,
        LabMarks.NeedsReads => DatabaseService.Reads,
        _ => DatabaseService.None,
    };

    private static TimeSpan After(V1Pod pod) =>
        double.TryParse(pod.GetAnnotation(LabMarks.ReadyAfter), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
}
