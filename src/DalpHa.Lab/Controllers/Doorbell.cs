using System.Threading.Channels;
using k8s;

namespace DalpHa.Lab.Controllers;

/// <summary>
/// Rings when something that the controllers care for may have changed. The watches only ring: what changed is read from a fresh list, so
/// that an event that was missed, told twice, or compacted away (410 Gone) does no harm.
/// </summary>
internal sealed class Doorbell(IKubernetes client, string? podSelector)
{
    private const int WatchSeconds = 60;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AtLeastEvery = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> rings = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Watches until cancelled.</summary>
    public Task WatchAsync(CancellationToken cancellationToken) => Task.WhenAll(
        FollowAsync(token => client.AppsV1.WatchListDeploymentForAllNamespacesAsync(timeoutSeconds: WatchSeconds, cancellationToken: token), cancellationToken),
        FollowAsync(token => client.AppsV1.WatchListReplicaSetForAllNamespacesAsync(timeoutSeconds: WatchSeconds, cancellationToken: token), cancellationToken),
        FollowAsync(token => client.AppsV1.WatchListStatefulSetForAllNamespacesAsync(timeoutSeconds: WatchSeconds, cancellationToken: token), cancellationToken),
        FollowAsync(token => client.CoreV1.WatchListPodForAllNamespacesAsync(labelSelector: podSelector, timeoutSeconds: WatchSeconds, cancellationToken: token), cancellationToken),
        FollowAsync(token => client.CoreV1.WatchListNodeAsync(timeoutSeconds: WatchSeconds, cancellationToken: token), cancellationToken),
        FollowAsync(token => client.CoreV1.WatchListPersistentVolumeClaimForAllNamespacesAsync(timeoutSeconds: WatchSeconds, cancellationToken: token), cancellationToken));

    /// <summary>Rings for something that no watch tells.</summary>
    public void Ring() => rings.Writer.TryWrite(true);

    /// <summary>Returns at the next ring, and after a while without one: a heartbeat is due, or every watch is deaf.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(AtLeastEvery);
        try
        {
            await rings.Reader.ReadAsync(bound.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing rang.
        }
    }

    private async Task FollowAsync<T>(Func<CancellationToken, IAsyncEnumerable<(WatchEventType, T)>> watch, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bound.CancelAfter(TimeSpan.FromSeconds(WatchSeconds + 10));
            try
            {
                await foreach (var _ in watch(bound.Token))
                {
                    rings.Writer.TryWrite(true);
                }
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The API refused, broke off or fell silent: all the same here, since the next watch begins with the present state.
                await Task.Delay(Retry, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
