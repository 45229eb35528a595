using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>What would keep a server from being frozen, asked before anything is stopped for it: whoever writes would wait for nothing.</summary>
internal static class FreezeConditions
{
    /// <summary>The gate's name among the preconditions.</summary>
    public const string Name = "FreezeHolds";

    private const string Expected = "a freeze that holds for all";

    /// <summary>Measures each server of a site. Where it is no reason not to begin, what can't be seen is no finding: the freeze itself finds that.</summary>
    /// <param name="site">The site.</param>
    /// <param name="patience">How long a transaction that DalpHa may not end is waited for; null when that is no reason not to begin.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyList<Precondition>> MeasureAsync(FailoverSite site, TimeSpan? patience, CancellationToken cancellationToken) =>
        Of(site, await site.ReadServersAsync(cancellationToken).ConfigureAwait(false), patience);

    /// <summary>Judges the servers of a site as they were read.</summary>
    public static IReadOnlyList<Precondition> Of(FailoverSite site, IReadOnlyList<ServerSight> servers, TimeSpan? patience) =>
    [
        .. servers.SelectMany(one => one switch
        {
            { Now: { } now } => Judge(site.Name, one.Server.Name, now, patience),
            // A drain would wait for it.
            { Failure: { } failure } when patience is not null => [Finding.Unknown(site.Name, one.Server.Name, "can't be seen", Expected, failure.Message, failure.RecommendedAction)],
            _ => [],
        }).Select(finding => new Precondition(Name, finding)),
    ];

    /// <summary>Judges one server.</summary>
    public static IEnumerable<Finding> Judge(string site, string server, WriteActivity now, TimeSpan? patience)
    {
        if (now.Overrides.Count > 0)
        {
            yield return Finding.Fail(
                site, server, $"{string.Join(", ", now.Overrides)} may write in spite of it", Expected, "A role's or database's own default_transaction_read_only is stronger than the server's.",
                "Take it away (ALTER ROLE … RESET default_transaction_read_only, ALTER DATABASE … RESET …), or stop who logs in there.");
        }
        if (now.PreparedTransactions > 0)
        {
            yield return Finding.Fail(
                site, server, Wording.Count(now.PreparedTransactions, "prepared transaction"), Expected, "A prepared transaction outlives its session, and any other can commit it after the freeze.",
                "End them: see pg_prepared_xacts; ROLLBACK PREPARED, or COMMIT PREPARED.");
        }
        // What is under way in recovery is read-only, and stays so.
        if (patience is { } bound && !now.IsInRecovery && now.LeftAlone.FirstOrDefault(one => now.At - one.Since > bound) is { } open)
        {
            yield return Finding.Fail(
                site, server, $"a transaction since {Wording.Duration(now.At - open.Since)}", Expected,
                $"{open} is another's that DalpHa may not end. The freeze would wait for it, and everybody who writes with it; {Wording.Duration(bound)} are allowed.",
                $"Let it end, or end it as a superuser: SELECT pg_terminate_backend({open.Pid}).");
        }
    }
}
