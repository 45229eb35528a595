using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Failover;

/// <summary>
/// The Lease in the standby's cluster that keeps a second failover out. Its holder renews it in the background, and stops before its next action
/// when it can't: a lease that may have run out is one that somebody else may hold.
/// </summary>
public sealed class FailoverLease : IAsyncDisposable
{
    /// <summary>The Lease's name.</summary>
    public const string Name = "dalpha-failover";

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Beat = Duration / 4;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private readonly IClusterControl cluster;
    private readonly string @namespace;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task renewing;
    private readonly SemaphoreSlim turn = new(1);
    private ClusterLease held;
    private volatile Moment renewed;
    private volatile DalpException? taken;

    private FailoverLease(IClusterControl cluster, string @namespace, ClusterLease held, Moment renewed, TimeProvider time)
    {
        this.cluster = cluster;
        this.@namespace = @namespace;
        this.held = held;
        this.renewed = renewed;
        this.time = time;
        renewing = KeepAsync(stopping.Token);
    }

    /// <summary>Takes the lease.</summary>
    /// <param name="cluster">The standby's cluster.</param>
    /// <param name="namespace">The platform's namespace.</param>
    /// <param name="failoverId">The failover that it is for.</param>
    /// <param name="runner">Who takes it, and who vouches that a former holder is gone.</param>
    /// <param name="warn">Is told when it is watched, which takes more than a minute.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DalpException">Somebody else holds it (<c>FailoverLeaseHeld</c>), or its holder did not give it back and nobody vouches that he is gone (<c>FailoverLeaseExpired</c>).</exception>
    public static async Task<FailoverLease> TakeAsync(
        IClusterControl cluster, string @namespace, string failoverId, FailoverRunner runner, Action<string> warn, TimeProvider time, CancellationToken cancellationToken)
    {
        var holder = LeaseHolder.Of(failoverId, runner);
        var found = await cluster.FindLeaseAsync(@namespace, Name, cancellationToken).ConfigureAwait(false) ?? new ClusterLease(Name, null, Duration, null, null, 0, null);
        var other = found.Holder is { Length: > 0 } theirs && theirs != holder ? theirs : null;
        // The text tells one process from another, and not a run of a failover from a second one in another runspace.
        if (found.Holder == holder && found.RenewedAt + found.Duration > time.GetUtcNow())
        {
            throw new DalpException(
                "FailoverLeaseHeld",
                FaultKind.Conflict,
                $"This very process holds the lease '{Name}' in namespace '{@namespace}', and renewed it at {found.RenewedAt:u}: the failover runs in another runspace or job, or has just ended and could not give it back.",
                $"Look for it there; else the lease runs out {found.Duration.TotalSeconds:0} s after its last renewal.",
                holder);
        }
        if (other is not null)
        {
            // At three in the morning nobody waits for a process that is seen to be dead.
            var isSeenGone = LeaseHolder.IsSeenGone(other, runner.Operator);
            if (runner.TakeOver is null)
            {
                throw NotGivenBack(found, other, isSeenGone, @namespace, time.GetUtcNow());
            }
            if (!isSeenGone)
            {
                warn($"'{other}' holds the lease '{Name}'. For {WatchOf(found).TotalSeconds:0} s it is watched whether anybody renews it; then it is taken over.");
                found = await AwaitSilenceAsync(cluster, @namespace, found, time, cancellationToken).ConfigureAwait(false);
            }
        }
        var now = Moment.Now(time);
        var mine = found with { Holder = holder, Duration = Duration, AcquiredAt = now.At, RenewedAt = now.At, Transitions = found.Transitions + (found.Holder == holder ? 0 : 1) };
        return new FailoverLease(cluster, @namespace, await WriteAsync(cluster, @namespace, mine, cancellationToken).ConfigureAwait(false), now, time);
    }

    /// <summary>
    /// Returns when the lease is certainly ours still. Where it was not renewed for so long that somebody may hold it, as on a machine that slept, it is renewed now: that
    /// the version is still the one that was written last says that nobody did.
    /// </summary>
    /// <param name="isFinal">Whether it is for what can't be undone: then it is renewed in any case.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DalpException">It could not be renewed in time, or was taken over (<c>FailoverLeaseLost</c>).</exception>
    public async Task RequireAsync(bool isFinal, CancellationToken cancellationToken)
    {
        DalpException? trouble = null;
        if (isFinal || renewed.Age >= Duration)
        {
            try
            {
                await RenewAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (DalpException exception)
            {
                trouble = exception;
            }
        }
        if (trouble is not null || taken is not null || renewing.IsCompleted || renewed.Age >= Duration)
        {
            throw new DalpException(
                "FailoverLeaseLost",
                FaultKind.Conflict,
                $"The lease '{Name}' could not be renewed, last {renewed.Age.TotalSeconds:0} s ago, or was taken over: somebody else may run this failover now, so nothing more is done. {trouble?.Message}".TrimEnd(),
                "Look who holds it: Get-DalpFailover. Then resume, here or there, one of you.",
                Name,
                taken ?? trouble);
        }
    }

    /// <summary>Gives the lease back.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
            await cluster.WriteLeaseAsync(@namespace, held with { Holder = null, RenewedAt = time.GetUtcNow() }, bound.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DalpException or OperationCanceledException)
        {
            // It runs out by itself; whoever comes next is told whose it was.
        }
        stopping.Dispose();
        turn.Dispose();
    }

    private static DalpException NotGivenBack(ClusterLease found, string other, bool isSeenGone, string @namespace, DateTimeOffset now) =>
        !isSeenGone && found.RenewedAt + found.Duration > now
            ? new DalpException(
                "FailoverLeaseHeld",
                FaultKind.Conflict,
                $"A failover runs already: '{other}' holds the lease '{Name}' in namespace '{@namespace}', renewed at {found.RenewedAt:u} by his clock.",
                $"Talk to its operator. Where his process is gone, vouch for it by name: -TakeOver '<your name>'. The lease is then watched for {WatchOf(found).TotalSeconds:0} s, and taken over when nobody renews it.",
                other)
            : new DalpException(
                "FailoverLeaseExpired",
                FaultKind.Conflict,
                $"The lease '{Name}' in namespace '{@namespace}' is still '{other}''s, who renewed it last at {found.RenewedAt:u}: his failover did not end.{(isSeenGone ? " His process was of this machine, and is gone." : "")}",
                $"{(isSeenGone ? "Take it over by name" : "Make sure that his process is gone, then vouch for it by name")}: -TakeOver '<your name>'. Get-DalpFailover lists what there is to resume; when nothing was declared, begin anew.",
                other);

    private static TimeSpan WatchOf(ClusterLease lease) => (lease.Duration > Duration ? lease.Duration : Duration) + Beat;

    // When a lease runs out by the times that it carries is told by two machines' clocks, and they may disagree by minutes or hours. So it is this process that sees it run
    // out: for as long as its holder may go on without renewing it, and a beat more, nobody writes it. A clock that stands still while this machine sleeps only makes that longer.
    private static async Task<ClusterLease> AwaitSilenceAsync(IClusterControl cluster, string @namespace, ClusterLease seen, TimeProvider time, CancellationToken cancellationToken)
    {
        var (watched, started) = (WatchOf(seen), time.GetTimestamp());
        while (time.GetElapsedTime(started) < watched)
        {
            await Task.Delay(LookEvery, time, cancellationToken).ConfigureAwait(false);
            ClusterLease now;
            try
            {
                now = await cluster.FindLeaseAsync(@namespace, Name, cancellationToken).ConfigureAwait(false) ?? new ClusterLease(Name, null, Duration, null, null, 0, null);
            }
            catch (DalpException exception) when (exception.Kind is FaultKind.Unreachable or FaultKind.TimedOut or FaultKind.Unavailable)
            {
                // One look that fails does not begin the watch anew: it is taken by the version that was seen, and refused when it was renewed meanwhile.
                continue;
            }
            if (now.Version != seen.Version)
            {
                // He may have given it back in the meantime.
                return string.IsNullOrEmpty(now.Holder) ? now : throw new DalpException(
                    "FailoverLeaseHeld",
                    FaultKind.Conflict,
                    $"A failover runs: '{now.Holder}' has just renewed or taken the lease '{Name}' in namespace '{@namespace}', {time.GetElapsedTime(started).TotalSeconds:0} s after it was first looked at.",
                    "Talk to its operator: his process lives. Where the times of the lease do not fit the clock here, set the clocks right.",
                    now.Holder);
            }
        }
        return seen;
    }

    private static async Task<ClusterLease> WriteAsync(IClusterControl cluster, string @namespace, ClusterLease lease, CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.WriteLeaseAsync(@namespace, lease, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException conflict) when (conflict.Kind == FaultKind.Conflict)
        {
            throw new DalpException(
                "FailoverLeaseHeld",
                FaultKind.Conflict,
                $"Somebody else took the lease '{Name}' in namespace '{@namespace}' at the same moment.",
                "Look who: Get-DalpFailover. One failover is run by one process.",
                Name,
                conflict);
        }
    }

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        using var beat = new PeriodicTimer(Beat, time);
        while (taken is null && await beat.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await RenewAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (DalpException)
            {
                // The next beat tries again; who rests on it tells when it has been too long.
            }
        }
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            try
            {
                await WriteAnewAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (DalpException conflict) when (conflict.Kind == FaultKind.Conflict)
            {
                // Either our own last write, whose answer was lost, or somebody else's, which ends it.
                var there = await cluster.FindLeaseAsync(@namespace, Name, cancellationToken).ConfigureAwait(false);
                if (there?.Holder != held.Holder)
                {
                    taken = conflict;
                    throw;
                }
                held = held with { Version = there!.Version };
                await WriteAnewAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task WriteAnewAsync(CancellationToken cancellationToken)
    {
        var started = Moment.Now(time);
        held = await cluster.WriteLeaseAsync(@namespace, held with { RenewedAt = started.At }, cancellationToken).ConfigureAwait(false);
        renewed = started;
    }
}
