using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>
/// Changes of a Cluster that its operator writes to as well. A change rests on what was read, and is refused when the Cluster has changed since: then nothing was done,
/// and it is read and judged anew.
/// </summary>
internal static class ClusterChange
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads and changes until nobody came between.</summary>
    /// <param name="readAndChange">Reads the Cluster, and changes it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Bounds it.</param>
    public static async Task OnNewestAsync(Func<CancellationToken, Task> readAndChange, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await readAndChange(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (DalpException exception) when (exception.ErrorId == "ApiConflict")
            {
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
