using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>No container crashes, fails to start, or restarts more often than the threshold allows.</summary>
public sealed class RestartsCheck : SiteCheck
{
    // The kubelet waits five minutes at most before it starts a crashed container again, so one that crashes on has ended within that and its run.
    private static readonly TimeSpan JustNow = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public override string Name => "Restarts";

    /// <inheritdoc/>
    public override string Description => "No container is in a crash loop, can't start, ran out of memory, or restarts too often.";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Finding> RunAsync(
        SiteView site, ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pods = (await site.Pods.WaitAsync(cancellationToken).ConfigureAwait(false))
            .Where(pod => !pod.IsDeleting && pod.Phase is not ("Succeeded" or "Failed"))
            .ToList();
        var limit = context.Topology.Thresholds.Restarts;
        var since = context.Time.GetUtcNow() - JustNow;
        var placeless = pods.Where(pod => pod.NodeName is null || pod.Phase is not ("Running" or "Pending")).GroupBy(pod => pod.NodeName is null).ToList();
        foreach (var group in placeless)
        {
            yield return group.Key ? OnNoNode(site, [.. group]) : Unseen(site, [.. group]);
        }
        // A workload of a thousand pods crashes for one reason, and deserves one line.
        var troubles = pods
            .SelectMany(pod => pod.Containers.Select(container => (Pod: pod, Container: container, Trouble: TroubleOf(container, limit, since))))
            .Where(item => item.Trouble is not null)
            .GroupBy(item => (item.Container.Name, item.Container.Image, item.Trouble))
            .ToList();
        foreach (var group in troubles)
        {
            var first = group.MaxBy(item => item.Container.RestartCount);
            var trouble = group.Key.Trouble!;
            var more = group.Count() > 1 ? $" ×{group.Count()}" : "";
            var ended = first.Container.LastTerminatedAt is { } at
                ? $" It ended last at {at:yyyy-MM-dd HH:mm:ss} UTC ({first.Container.LastTerminatedReason ?? "no reason given"})."
                : "";
            yield return new Finding(
                trouble.Status,
                site.Name,
                $"Pod/{first.Pod.Name}/{first.Container.Name}",
                (trouble.Reason ?? Wording.Count(first.Container.RestartCount, "restart")) + more,
                trouble.Reason is null ? $"at most {limit}" : "runs",
                $"{trouble.Why} It has restarted {Wording.Count(first.Container.RestartCount, "time")}.{ended}",
                $"Read why: kubectl --context {site.Site.Cluster.Context} -n {site.Site.Namespace} logs {first.Pod.Name} -c {first.Container.Name} --previous");
        }
        if (troubles.Count + placeless.Count == 0)
        {
            yield return Finding.Pass(site.Name, "pods", $"{Wording.Count(pods.Count, "pod")}, none in trouble", $"at most {limit} restarts");
        }
    }

    // Of the kubelet's waiting reasons only these two belong to a healthy start; each of the others names what keeps the container from it.
    private static Trouble? TroubleOf(ContainerState container, int limit, DateTimeOffset since) => container switch
    {
        { WaitingReason: not (null or "" or "ContainerCreating" or "PodInitializing") } =>
            new(CheckStatus.Fail, container.WaitingReason, container.LastTerminatedReason == "OOMKilled"
                ? "The container does not run: it was killed for using more memory than its limit (OOMKilled)."
                : "The container does not run."),
        { LastTerminatedReason: "OOMKilled" } => new(CheckStatus.Warn, "OOMKilled", "The container was killed for using more memory than its limit."),
        { RestartCount: > 0 } when container.LastTerminatedAt >= since && container.RestartCount <= limit =>
            new(CheckStatus.Warn, "restarted just now", "The container has ended within the last ten minutes and was started again: between two crashes it looks as if it ran."),
        _ when container.RestartCount > limit => new(CheckStatus.Warn, null, "The container restarts more often than the threshold allows."),
        _ => null,
    };

    private static Finding OnNoNode(SiteView site, IReadOnlyList<Pod> pods) => Finding.Warn(
        site.Name, $"Pod/{pods[0].Name}", "Pending, on no node" + (pods.Count > 1 ? $" ×{pods.Count}" : ""), "runs", "The scheduler has found no node for it yet.",
        $"See why: kubectl --context {site.Site.Cluster.Context} -n {site.Site.Namespace} describe pod {pods[0].Name}");

    private static Finding Unseen(SiteView site, IReadOnlyList<Pod> pods) => Finding.Unknown(
        site.Name, $"Pod/{pods[0].Name}", $"phase {pods[0].Phase}" + (pods.Count > 1 ? $" ×{pods.Count}" : ""), "runs", "Its node does not tell how it fares.",
        $"Look at the node: kubectl --context {site.Site.Cluster.Context} describe node {pods[0].NodeName}");

    private sealed record Trouble(CheckStatus Status, string? Reason, string Why);
}
