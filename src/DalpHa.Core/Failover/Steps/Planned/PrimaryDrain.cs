using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// Freezes the primary, after what follows it on its own site, and lets the standby have all of it: the last thing before a planned promotion. Whoever writes waits from its act on, so nothing else is
/// measured in it, and its looks follow each other closely.
/// </summary>
internal sealed class PrimaryDrain(FailoverWorld world, DatabaseServerSettings standby)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);
    private readonly IReadOnlyList<DatabaseServerSettings> actives = world.Active.Site.Database?.Servers ?? [];

    /// <summary>The primary as it was when it was seen to be drained; null before that, and when the standby was promoted already.</summary>
    public DrainedPrimary? Drained { get; private set; }

    /// <summary>The action.</summary>
    /// <param name="timeout">How long the step's actions may take.</param>
    public FailoverAction Action(TimeSpan timeout)
    {
        // Whoever is behind by less than this may begin, and has caught up within it, or something is wrong: nobody's writes wait longer for that.
        var patience = world.Topology.Thresholds.Lag.Warn;
        var names = string.Join(", ", actives.Select(server => server.Name));
        return new FailoverAction
        {
            Name = $"{SiteDatabase.FreezeOf}{names}, and drain it to {standby.Name}",
            Site = world.Active.Name,
            Outcome = $"nothing can write on {names}, and {standby.Name} has received and replayed exactly up to its last position",
            LookAsync = LookAsync,
            ActAsync = world.Runbook.StepOf(FailoverSteps.Freeze).Manual is null ? FreezeAsync : _ => Task.CompletedTask,
            Timeout = timeout < patience ? timeout : patience,
            LookEvery = LookEvery,
            Facts = () => Drained?.Facts,
        };
    }

    private async Task<Sighting> LookAsync(CancellationToken cancellationToken)
    {
        var first = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (first is { LevelAt: null, IsPromoted: false })
        {
            return Sighting.NotYet(first.Seen);
        }
        await Task.Delay(LookEvery, world.Time, cancellationToken).ConfigureAwait(false);
        var second = await ReadAsync(cancellationToken).ConfigureAwait(false);
        var concluded = DrainRule.Conclude(first, second);
        Drained = concluded.Holds ? second.Drained : null;
        return concluded;
    }

    private async Task<DrainSight> ReadAsync(CancellationToken cancellationToken)
    {
        var reading = world.Standby.ReadActivityAsync(standby, cancellationToken);
        var primaries = await Task.WhenAll(actives.Select(server => world.Active.ReadActivityAsync(server, cancellationToken))).ConfigureAwait(false);
        return DrainRule.Judge([.. actives.Zip(primaries, (server, now) => (server.Name, now))], await reading.ConfigureAwait(false));
    }

    // What follows may be promoted beside the new primary when this one dies. It comes first: nobody's writes wait for that.
    private async Task FreezeAsync(CancellationToken cancellationToken)
    {
        var database = SiteDatabase.OfActive(world, world.Topology.Thresholds.Lag.Warn);
        var seen = await Task.WhenAll(actives.Select(async server => (Server: server, (await world.Active.ReadActivityAsync(server, cancellationToken).ConfigureAwait(false)).IsInRecovery))).ConfigureAwait(false);
        foreach (var servers in seen.GroupBy(one => one.IsInRecovery, one => one.Server).OrderByDescending(follow => follow.Key))
        {
            await Task.WhenAll(servers.Select(server => database.FreezeAsync(server, cancellationToken))).ConfigureAwait(false);
            while (servers.Key && (await Task.WhenAll(servers.Select(server => world.Active.ReadActivityAsync(server, cancellationToken))).ConfigureAwait(false)).Any(now => now.WhyNotFrozen is not null))
            {
                await Task.Delay(LookEvery, world.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
