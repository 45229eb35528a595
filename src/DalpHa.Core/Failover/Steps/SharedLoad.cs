namespace DalpHa.Core.Failover;

/// <summary>
/// The load of a site, read once for all who look at it at the same time. The actions of one stage do, each at its own workload, and each would list the namespace.
/// </summary>
/// <param name="site">The site.</param>
public sealed class SharedLoad(FailoverSite site)
{
    private readonly Lock turn = new();
    private Reading? underWay;

    /// <summary>Reads it, or waits for the reading that is under way.</summary>
    /// <exception cref="Errors.DalpException">It can't be reached, or refuses.</exception>
    public async Task<SiteLoad> ReadAsync(CancellationToken cancellationToken)
    {
        var reading = Join();
        try
        {
            return await reading.Load.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await LeaveAsync(reading).ConfigureAwait(false);
        }
    }

    /// <summary>Says that the site was changed: a reading that is under way may tell of before, and nobody joins it any more.</summary>
    public void Changed()
    {
        lock (turn)
        {
            underWay = null;
        }
    }

    private Reading Join()
    {
        lock (turn)
        {
            if (underWay is not { Load.IsCompleted: false })
            {
                underWay = new Reading(site);
            }
            underWay.Readers++;
            return underWay;
        }
    }

    private async Task LeaveAsync(Reading reading)
    {
        lock (turn)
        {
            if (--reading.Readers > 0)
            {
                return;
            }
            underWay = underWay == reading ? null : underWay;
        }
        await reading.EndAsync().ConfigureAwait(false);
    }

    private sealed class Reading
    {
        // Of nobody's own: whose time is over must not end it for the others.
        private readonly CancellationTokenSource ending = new();

        public Reading(FailoverSite site) => Load = SiteLoad.ReadAsync(site, ending.Token);

        public Task<SiteLoad> Load { get; }

        public int Readers { get; set; }

        /// <summary>Ends it, as the last who leaves.</summary>
        public async Task EndAsync()
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)Load).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ending.Dispose();
        }
    }
}
