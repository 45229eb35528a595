using k8s;
using k8s.Autorest;
using Microsoft.Extensions.Logging;

namespace DalpHa.Lab.Controllers;

/// <summary>Runs a cluster's controllers, one pass after the other, until it is disposed. An API that fails costs a pass and no more.</summary>
internal sealed class ControllerLoop : IAsyncDisposable
{
    private static readonly TimeSpan PassBound = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly IKubernetes client;
    private readonly IReadOnlyList<IController> controllers;
    private readonly ILogger log;
    private readonly string? podSelector;
    private readonly Doorbell bell;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;

    private ControllerLoop(IKubernetes client, IReadOnlyList<IController> controllers, ILogger log, string? podSelector)
    {
        this.client = client;
        this.controllers = controllers;
        this.log = log;
        this.podSelector = podSelector;
        bell = new Doorbell(client, podSelector);
        running = Task.WhenAll(bell.WatchAsync(stopping.Token), RunAsync());
    }

    /// <summary>Everything that the lab's endpoint lacks: workload controllers, nodes, quotas, volumes.</summary>
    /// <param name="client">An administrator's client.</param>
    /// <param name="pods">When the pods are ready.</param>
    /// <param name="writers">Counts those that write.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public static ControllerLoop ForLab(IKubernetes client, PodReadiness pods, RunningWriters writers, TimeProvider time, ILogger log) => new(
        client,
        [new GarbageCollector(), new DeploymentController(time), new ReplicaSetController(), new StatefulSetController(), new Nodes(time), new Kubelet(pods, time), new Volumes(), new Quotas(), writers],
        log,
        podSelector: null);

    /// <summary>Only what a cluster with a controller manager of its own lacks: nodes, and a storage driver.</summary>
    /// <param name="client">An administrator's client.</param>
    /// <param name="pods">When the pods are ready.</param>
    /// <param name="writers">Counts those that write.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public static ControllerLoop ForRealApi(IKubernetes client, PodReadiness pods, RunningWriters writers, TimeProvider time, ILogger log) =>
        new(client, [new Nodes(time), new Kubelet(pods, time), new Provisioner(), writers], log, podSelector: $"!{LabMarks.Crowd}");

    /// <summary>Asks for a pass: something has changed that the API does not tell.</summary>
    public void Ring() => bell.Ring();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            await bell.WaitAsync(stopping.Token);
            // One change rarely comes alone; a moment's patience saves passes.
            await Task.Delay(Gather, stopping.Token);
            if (!await PassAsync())
            {
                await Task.Delay(Retry, stopping.Token);
            }
        }
    }

    private async Task<bool> PassAsync()
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        bound.CancelAfter(PassBound);
        try
        {
            var seen = await ClusterSnapshot.ReadAsync(client, bound.Token, podSelector);
            var isWhole = true;
            foreach (var controller in controllers)
            {
                isWhole &= await ReconcileAsync(controller, seen, bound.Token);
            }
            return isWhole;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            log.LogWarning("The API did not give the cluster's state: {Reason}", exception.Message);
            return false;
        }
    }

    private async Task<bool> ReconcileAsync(IController controller, ClusterSnapshot seen, CancellationToken cancellationToken)
    {
        try
        {
            await controller.ReconcileAsync(client, seen, cancellationToken);
            return true;
        }
        catch (HttpOperationException exception)
        {
            // Somebody else was quicker, or the request is refused: the next pass looks again.
            log.LogInformation("{Controller} tries again: {Status} {Body}", controller.GetType().Name, exception.Response.StatusCode, exception.Response.Content);
            return false;
        }
    }
}
