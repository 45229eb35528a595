using System.Collections.Concurrent;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Replication;

/// <summary>
/// Compares each database server of a site that was the active one with the primary that was promoted on the other. Reads as the topology's administrator,
/// who may see more than the login of the daily checks, and changes nothing.
/// </summary>
/// <param name="topology">The topology.</param>
/// <param name="former">The site whose servers are compared.</param>
/// <param name="infrastructure">Opens the databases.</param>
/// <param name="openCluster">A site's cluster, for tunnels and logins in Secrets; it stays the caller's.</param>
/// <param name="login">A login that beats the topology's; null when none was given.</param>
/// <param name="timeout">The bound on each request to a server.</param>
/// <param name="time">The clock.</param>
/// <param name="cluster">The CloudNativePG Cluster of the former site, whose files are read where it is fenced; null when none is known.</param>
public sealed class DatabaseComparison(
    DalpTopology topology, SiteRole former, IInfrastructure infrastructure, Func<SiteRole, ICluster> openCluster, DatabaseLogin? login, TimeSpan timeout, TimeProvider time,
    string? cluster = null)
{
    private DalpSite Former => topology.Sites.Single(site => site.Role == former);

    private DalpSite Other => topology.Sites.Single(site => site.Role != former);

    /// <summary>Compares now: one object for each server of the former active site. What can't be seen is Unknown in its object, and no exception.</summary>
    /// <exception cref="DalpException">The topology names no database server of a site (<c>DatabaseNotNamed</c>).</exception>
    public async Task<IReadOnlyList<DalpDivergence>> CompareAsync(CancellationToken cancellationToken)
    {
        var opened = new ConcurrentStack<IAsyncDisposable>();
        try
        {
            // The former ones first: what a standby of the primary has is then never more than the primary.
            var formers = await ReadAsync(Former, opened, cancellationToken).ConfigureAwait(false);
            var others = await ReadAsync(Other, opened, cancellationToken).ConfigureAwait(false);
            return await Task.WhenAll(formers.Select(server => CompareAsync(server, others, cancellationToken))).ConfigureAwait(false);
        }
        finally
        {
            // A connection before the tunnel that it goes through.
            foreach (var one in opened)
            {
                await one.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<DalpDivergence> CompareAsync(ComparedServer server, IReadOnlyList<ComparedServer> others, CancellationToken cancellationToken)
    {
        var blank = new DalpDivergence
        {
            Site = Former.Name,
            Server = server.Name,
            PrimarySite = Other.Name,
            Verdict = DivergenceVerdict.Unknown,
            Timeline = server.Lineage?.Timeline,
            Lsn = server.Lineage?.Position,
            TakesWrites = server.Lineage?.TakesWrites,
            Detail = "",
            At = time.GetUtcNow(),
        };
        var primaries = others.Where(other => other.Lineage is { IsInRecovery: false }).ToList();
        if (server.Failure is { } unseen)
        {
            return blank with { Detail = $"It can't be seen. {Unseen(server.Silence, unseen)}{(IsSilent(unseen) ? ByHand(primaries) : "")}" };
        }
        if (primaries.Count != 1)
        {
            var failures = string.Join(" ", others.Select(other => other.Failure?.Message).OfType<string>());
            return blank with { Detail = primaries.Count > 1 ? $"{Wording.List(primaries.Select(one => one.Name))} of {Other.Name} are both out of recovery: which is the primary is not clear." : $"{Other.Name} shows no primary. {failures}".TrimEnd() };
        }
        var (own, primary) = (server.Lineage!, primaries[0]);
        var finding = DivergenceJudge.Judge(own, primary.Lineage!, await SeeLinkAsync(server, primary, cancellationToken).ConfigureAwait(false));
        var found = blank with
        {
            Primary = primary.Name,
            PrimaryTimeline = primary.Lineage!.Timeline,
            PrimaryLsn = primary.Lineage.Position,
            Verdict = finding.Verdict,
            ForkTimeline = finding.Fork?.Timeline,
            ForkLsn = finding.Fork?.Lsn,
            LostBytes = finding.LostBytes,
            LostTransactions = finding.LostBytes == 0 ? 0 : null,
            BehindBytes = finding.BehindBytes,
            Detail = server.Place is { } place ? $"{place} {finding.Detail}" : finding.Detail,
        };
        var counted = finding is { Verdict: DivergenceVerdict.Diverged, Fork: { } fork, LostBytes: not null } ? await CountAsync(found, server, fork, cancellationToken).ConfigureAwait(false) : found;
        return own.TakesWrites ? counted with { Detail = $"{counted.Detail} It may still write, and then there is more: freeze it (Suspend-DalpWrite), and compare again." } : counted;
    }

    private static async Task<LinkSight> SeeLinkAsync(ComparedServer former, ComparedServer primary, CancellationToken cancellationToken)
    {
        if (!former.Lineage!.IsInRecovery)
        {
            return new LinkSight(false, "it is not in recovery");
        }
        if (former.Source is not IDatabaseServer standing || primary.Source is not IDatabaseServer sending)
        {
            return new LinkSight(false, "its PostgreSQL is stopped");
        }
        try
        {
            var standby = await standing.SampleAsync(cancellationToken).ConfigureAwait(false);
            var sender = await sending.SampleAsync(cancellationToken).ConfigureAwait(false);
            var link = LinkJudge.Judge(standby, sender, [sender], sawAll: false, ReplicationHistory.Empty);
            return new LinkSight(link is { Link: ReplicationLink.Streaming or ReplicationLink.CatchingUp, Upstream: not null }, link.Reason);
        }
        catch (DalpException exception)
        {
            return new LinkSight(false, exception.Message);
        }
    }

    // The WAL itself tells exactly, where the server can read it to us. Else transaction ids bound it, as long as no checkpoint has come after the fork.
    private static async Task<DalpDivergence> CountAsync(DalpDivergence found, ComparedServer server, TimelineFork fork, CancellationToken cancellationToken)
    {
        string why;
        if (server.Lineage!.Replayed is { } replayed && replayed < server.Lineage.Position)
        {
            return found with
            {
                Detail = $"{found.Detail} How many transactions is not known: it has replayed only up to {replayed}, and what it received beyond that is in none of its answers. Let it replay all of it, and compare again.",
            };
        }
        try
        {
            if (await server.Source!.CountCommitsAsync(server.Lineage!, fork.Lsn, cancellationToken).ConfigureAwait(false) is { } commits)
            {
                return found with
                {
                    LostTransactions = commits.Transactions,
                    FirstLostAt = commits.FirstAt,
                    LastLostAt = commits.LastAt,
                    Detail = $"{found.Detail} It holds {Wording.Count(commits.Transactions, "committed transaction")}.",
                };
            }
            why = "The commits in it can't be counted: the extension pg_walinspect is not installed in the database that DalpHa connects to. While a server is the primary: CREATE EXTENSION pg_walinspect.";
        }
        catch (DalpException exception)
        {
            why = $"The commits in it can't be counted: {exception.Message} {exception.RecommendedAction}";
        }
        var bound = DivergenceJudge.TransactionBound(server.Lineage!, fork);
        return found with
        {
            LostTransactions = bound,
            IsTransactionBound = bound > 0,
            Detail = bound is { } most ? $"{found.Detail} At most {Wording.Count(most, "transaction")}, by their ids. {why}" : $"{found.Detail} How many transactions is not known. {why}",
        };
    }

    private async Task<IReadOnlyList<ComparedServer>> ReadAsync(DalpSite site, ConcurrentStack<IAsyncDisposable> opened, CancellationToken cancellationToken) => site.Database is { Servers.Count: > 0 } database
        ? await Task.WhenAll(database.Servers.Select(server => ReadAsync(site, server, opened, cancellationToken))).ConfigureAwait(false)
        : throw new DalpException(
            "DatabaseNotNamed", FaultKind.InvalidInput, $"Topology '{topology.Name}' names no database server of site '{site.Name}'.", "Name the servers in the topology file, under sites.*.database.servers.", site.Name);

    private async Task<ComparedServer> ReadAsync(DalpSite site, DatabaseServerSettings settings, ConcurrentStack<IAsyncDisposable> opened, CancellationToken cancellationToken)
    {
        try
        {
            var reach = await DatabaseReach.FindAsync(site, settings, site.Database!.AdminCredentials ?? site.Database.Credentials, login, openCluster, cancellationToken).ConfigureAwait(false);
            if (reach.Tunnel is { } tunnel)
            {
                opened.Push(tunnel);
            }
            var database = infrastructure.OpenDatabase(reach.Address, timeout);
            opened.Push(database);
            return new ComparedServer(settings.Name, database, await database.ReadLineageAsync(cancellationToken).ConfigureAwait(false), null);
        }
        catch (DalpException failure)
        {
            return IsSilent(failure) && site.Role == former && cluster is not null
                ? await ReadStoppedAsync(site, settings, failure, opened, cancellationToken).ConfigureAwait(false)
                : new ComparedServer(settings.Name, null, null, failure);
        }
    }

    private static bool IsSilent(DalpException failure) => failure.Kind is FaultKind.Unreachable or FaultKind.TimedOut or FaultKind.Unavailable or FaultKind.NotFound;

    private async Task<ComparedServer> ReadStoppedAsync(
        DalpSite site, DatabaseServerSettings settings, DalpException silence, ConcurrentStack<IAsyncDisposable> opened, CancellationToken cancellationToken)
    {
        try
        {
            var (files, pod) = await new FencedPrimary(site, cluster!, infrastructure, openCluster, timeout).OpenAsync(settings, cancellationToken).ConfigureAwait(false);
            opened.Push(files);
            return new ComparedServer(settings.Name, files, await files.ReadLineageAsync(cancellationToken).ConfigureAwait(false), null) { Place = $"Read from the files of {pod}, the primary of the fenced Cluster '{cluster}'." };
        }
        catch (DalpException failure)
        {
            return new ComparedServer(settings.Name, null, null, failure) { Silence = silence };
        }
    }

    private static string Unseen(DalpException? silence, DalpException failure) =>
        $"{(silence is null || silence.Message == failure.Message ? "" : $"{silence.Message} ")}{failure.Message} {failure.RecommendedAction}";

    // Of a stopped server that nothing leads into but its own host, its own programs tell there what is asked for.
    private string ByHand(List<ComparedServer> primaries) => cluster is null && primaries is [{ Lineage.History.LastSwitch: { } fork }]
        ? $" If its PostgreSQL is stopped: name the CloudNativePG Cluster that it is of (-PostgresCluster); or on its own host, if it was on timeline {fork.Timeline} last (pg_controldata), "
          + $"'pg_waldump --path <data>/pg_wal --timeline {fork.Timeline} --start {fork.End} --rmgr Transaction' shows what it committed after the fork, each with COMMIT."
        : "";

    private sealed record ComparedServer(string Name, ILineageSource? Source, DatabaseLineage? Lineage, DalpException? Failure)
    {
        /// <summary>Where it was read, when not from the server itself.</summary>
        public string? Place { get; init; }

        /// <summary>Why the server itself did not tell, where its files did not either.</summary>
        public DalpException? Silence { get; init; }
    }
}
