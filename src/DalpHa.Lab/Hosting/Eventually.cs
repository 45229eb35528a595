using System.Diagnostics;
using DalpHa.Core.Errors;

namespace DalpHa.Lab.Hosting;

/// <summary>Waits until the world is as it should be by now.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(45);

    /// <param name="what">What is waited for, to end the sentence "It did not come about in time that …".</param>
    /// <param name="holds">Whether it is so.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DalpException">It did not come about in time.</exception>
    public static async Task HoldsAsync(string what, Func<CancellationToken, Task<bool>> holds, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds(cancellationToken))
        {
            if (waited.Elapsed > Bound)
            {
                throw new DalpException(
                    "LabTooSlow",
                    FaultKind.TimedOut,
                    $"It did not come about within {Bound.TotalSeconds:0} s that {what}.",
                    "See lab.log in the lab's folder; a fault that is in force may keep it from happening.");
            }
            await Task.Delay(Interval, cancellationToken);
        }
    }
}
