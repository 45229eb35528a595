using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Replication;
using DalpHa.Hosting;

namespace DalpHa.Commands.Replication;

/// <summary>Measures how far each standby database is behind, again and again.</summary>
[Cmdlet(VerbsCommon.Watch, "DalpReplicationLag")]
[OutputType(typeof(DalpReplicationLag))]
public sealed class WatchDalpReplicationLagCommand : ReplicationCommand
{
    /// <summary>The time from the start of one measurement to the start of the next: a TimeSpan, or a number of seconds.</summary>
    [Parameter]
    [Duration(0.1, 86_400)]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many times to measure; without it, until the condition or Ctrl+C.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <summary>The condition that ends the watch.</summary>
    [Parameter]
    public LagCondition? Until { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(ReplicationProbe probe, CancellationToken cancellationToken)
    {
        for (var left = Count; left is null or > 0; left--)
        {
            var next = Task.Delay(Interval, cancellationToken);
            var lags = await probe.MeasureAsync(cancellationToken).ConfigureAwait(false);
            foreach (var lag in lags)
            {
                Emit(lag);
            }
            if (Until?.IsMetBy(lags) == true)
            {
                return;
            }
            if (left != 1)
            {
                await next.ConfigureAwait(false);
            }
        }
        if (Until is not null)
        {
            throw new DalpException(
                "LagConditionNotMet",
                FaultKind.TimedOut,
                $"Replication did not become {Until} within {Count} measurements.",
                "See the Detail of the last objects for why; give -Count more, or leave it out to go on until it does.",
                Until);
        }
    }
}
