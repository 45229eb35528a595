using DalpHa.Core.Readiness;

namespace DalpHa.Core.Replication;

/// <summary>What a watch waits for.</summary>
public enum LagCondition
{
    /// <summary>Every standby passes.</summary>
    Healthy,
    /// <summary>Every standby streams and has replayed all that the primary wrote: what a planned switch waits for after writes are frozen.</summary>
    Zero,
    /// <summary>Some standby fails or can't be seen.</summary>
    Unhealthy,
}

/// <summary>Decides whether a <see cref="LagCondition"/> is met.</summary>
public static class LagConditions
{
    /// <summary>Whether one measurement of all standbys meets the condition; none meets it when there is no standby.</summary>
    public static bool IsMetBy(this LagCondition condition, IReadOnlyList<DalpReplicationLag> lags) => lags.Count > 0 && condition switch
    {
        LagCondition.Healthy => lags.All(lag => lag.Status == CheckStatus.Pass),
        LagCondition.Zero => lags.All(lag => lag is { Link: ReplicationLink.Streaming, LagBytes: 0, Status: CheckStatus.Pass or CheckStatus.Warn }),
        LagCondition.Unhealthy => lags.Any(lag => lag.Status is CheckStatus.Fail or CheckStatus.Unknown),
        _ => throw new ArgumentOutOfRangeException(nameof(condition)),
    };
}
