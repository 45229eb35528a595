using DalpHa.Core.Errors;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The CloudNativePG Cluster of the world's active site, and the actions that fence it: its operator stops PostgreSQL, and keeps it stopped through a loss of power.</summary>
internal sealed class SitePostgresCluster
{
    private readonly FailoverSite site;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;

    private SitePostgresCluster(FailoverWorld world, PostgresCluster now, TimeSpan timeout)
    {
        site = world.Active;
        Now = now;
        this.timeout = timeout;
        time = world.Time;
    }

    /// <summary>As it was read.</summary>
    public PostgresCluster Now { get; }

    private string Target => $"Cluster/{Now.Name}";

    /// <summary>The one that is named for the active site; null when none is.</summary>
    /// <exception cref="DalpException">It is not there, or can't be seen.</exception>
    public static async Task<SitePostgresCluster?> FindAsync(FailoverWorld world, TimeSpan timeout, CancellationToken cancellationToken) =>
        world.Runbook.Promotion is { UsesCloudNativePg: true, ActiveCluster: { } name }
            ? new SitePostgresCluster(world, await FindAsync(world.Active, name, cancellationToken).ConfigureAwait(false), timeout)
            : null;

    /// <summary>Fences all of its instances. A replica takes no writes, and goes on following.</summary>
    public FailoverAction Fence() => new()
    {
        Name = $"Fence {Target}",
        Site = site.Name,
        Outcome = $"{Target} is fenced, and its PostgreSQL does not answer",
        LookAsync = async cancellationToken => await FindAsync(site, Now.Name, cancellationToken).ConfigureAwait(false) switch
        {
            { IsReplica: true } => Sighting.Yes("It is a replica, and takes no writes."),
            { IsFenced: false } => Sighting.NotYet("Not fenced."),
            _ => await AnsweringAsync(one => !one.IsSilent, cancellationToken).ConfigureAwait(false) is { } server
                ? Sighting.NotYet($"Fenced, and {server.Name} still answers.")
                : Sighting.Yes("Fenced; PostgreSQL does not answer."),
        },
        ActAsync = cancellationToken => SetFencedAsync(true, cancellationToken),
        Timeout = timeout,
        RunsRegardless = true,
    };

    /// <summary>Lets its instances run again.</summary>
    public FailoverAction Unfence() => new()
    {
        Name = $"Unfence {Target}",
        Site = site.Name,
        Outcome = $"{Target} is not fenced, and its PostgreSQL answers",
        LookAsync = async cancellationToken => (await FindAsync(site, Now.Name, cancellationToken).ConfigureAwait(false)).FencedInstances.Count > 0
            ? Sighting.NotYet("Fenced.")
            : await AnsweringAsync(one => one.IsServing, cancellationToken).ConfigureAwait(false) is { } server ? Sighting.Yes($"{server.Name} answers.") : Sighting.NotYet("Not fenced; PostgreSQL does not answer yet."),
        ActAsync = cancellationToken => SetFencedAsync(false, cancellationToken),
        Timeout = timeout,
    };

    private Task SetFencedAsync(bool isFenced, CancellationToken cancellationToken) => ClusterChange.OnNewestAsync(
        async token => await site.CloudNativePg.SetFencedAsync(await FindAsync(site, Now.Name, token).ConfigureAwait(false), isFenced, token).ConfigureAwait(false), time, cancellationToken);

    private async Task<DatabaseServerSettings?> AnsweringAsync(Func<ServerSight, bool> answers, CancellationToken cancellationToken) =>
        (await site.ReadServersAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(answers)?.Server;

    /// <summary>A Cluster of a site, by its name.</summary>
    /// <exception cref="DalpException">It is not there, or can't be seen.</exception>
    internal static async Task<PostgresCluster> FindAsync(FailoverSite site, string name, CancellationToken cancellationToken) =>
        await site.CloudNativePg.FindAsync(site.Namespace, name, cancellationToken).ConfigureAwait(false) ?? throw new DalpException(
            "PostgresClusterNotFound", FaultKind.NotFound, $"Namespace '{site.Namespace}' of site '{site.Name}' has no CloudNativePG Cluster '{name}'.", "Correct its name: promotion.activeCluster or promotion.standbyCluster in the runbook, or -PostgresCluster.", name);
}
