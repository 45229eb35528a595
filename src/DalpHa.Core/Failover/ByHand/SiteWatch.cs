using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>
/// Isolates a site that does not answer, as soon as it does. What comes back first is fenced first: a database that can be reached before its cluster is frozen
/// before it. Acts on the world's active site.
/// </summary>
/// <param name="world">Both sites.</param>
/// <param name="crew">Who is told; he is not asked, since the moment must not wait for him.</param>
/// <param name="timeout">How long each outcome may take.</param>
/// <param name="journal">Where it is written down.</param>
public sealed class SiteWatch(FailoverWorld world, IHandCrew crew, TimeSpan timeout, HandJournal journal)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>Tries until the site is isolated.</summary>
    /// <param name="patience">How long to wait for it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DalpException">It was not isolated in time (<c>SiteNotIsolated</c>).</exception>
    public async Task IsolateAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = world.Time.GetTimestamp();
        while (true)
        {
            var step = await new IsolateStep().MeasureAsync(world, cancellationToken).ConfigureAwait(false);
            if (!step.Unmet.Any() && await new HandRun(crew, world.Time, journal).RunAsync(step, token => new IsolateStep().MeasureAsync(world, token), cancellationToken).ConfigureAwait(false))
            {
                return;
            }
            crew.Show(null, step.Measured);
            await FreezeAsync(step, cancellationToken).ConfigureAwait(false);
            if (world.Time.GetElapsedTime(started) >= patience)
            {
                throw new DalpException(
                    "SiteNotIsolated", FaultKind.TimedOut, $"{world.Active.Name} was not isolated within {patience.TotalSeconds:0} s. {step.Measured}",
                    "It may write again at any moment that it comes back. Run it again, and keep the site off the network meanwhile.", world.Active.Name);
            }
            await Task.Delay(LookEvery, world.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task FreezeAsync(FailoverStep step, CancellationToken cancellationToken)
    {
        var database = SiteDatabase.OfActive(world, timeout);
        return Task.WhenAll((world.Active.Site.Database?.Servers ?? []).Select(async server =>
        {
            var freeze = database.Freeze(server);
            try
            {
                var result = await HandRun.RunnerFor(crew, world.Time, journal, step).RunAsync(freeze, cancellationToken).ConfigureAwait(false);
                if (result.HasActed)
                {
                    crew.Ended(new DalpActionResult
                    {
                        Site = freeze.Site, Action = freeze.Name, Outcome = result.Outcome, HasActed = true, Detail = result.Detail, At = world.Time.GetUtcNow(), JournalPath = journal.Path,
                    });
                }
            }
            catch (DalpException exception)
            {
                crew.Show(freeze.Name, exception.Message);
            }
        }));
    }
}
