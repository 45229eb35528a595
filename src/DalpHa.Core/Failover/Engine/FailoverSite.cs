using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>One site as a failover reads and changes it.</summary>
public sealed class FailoverSite(DalpSite site, ICluster? cluster, IClusterControl? control, ICloudNativePg? cloudNativePg, DalpException? failure, Func<DatabaseServerSettings, CancellationToken, Task<IDatabaseControl>> openDatabase)
{
    /// <summary>The site.</summary>
    public DalpSite Site => site;

    /// <summary>Its name.</summary>
    public string Name => site.Name;

    /// <summary>The namespace that the platform runs in.</summary>
    public string Namespace => site.Namespace;

    /// <summary>How long it is waited for.</summary>
    public SitePatience Patience { get; init; } = SitePatience.Full;

    /// <summary>What reads its cluster.</summary>
    /// <exception cref="DalpException">It could not be opened.</exception>
    public ICluster Cluster => cluster ?? throw failure!;

    /// <summary>What changes its cluster.</summary>
    /// <exception cref="DalpException">It could not be opened.</exception>
    public IClusterControl Control => control ?? throw failure!;

    /// <summary>Its CloudNativePG clusters.</summary>
    /// <exception cref="DalpException">Its cluster could not be opened.</exception>
    public ICloudNativePg CloudNativePg => cloudNativePg ?? throw failure!;

    /// <summary>Opens one of its database servers for changes. Closed with the world.</summary>
    /// <exception cref="DalpException">It can't be reached or does not let us in.</exception>
    public Task<IDatabaseControl> OpenDatabaseAsync(DatabaseServerSettings server, CancellationToken cancellationToken) => openDatabase(server, cancellationToken);

    /// <summary>Reads its cluster, as patiently as it deserves.</summary>
    /// <exception cref="DalpException">It can't be reached, or refuses.</exception>
    public Task<T> ReadClusterAsync<T>(Func<ICluster, CancellationToken, Task<T>> readAsync, CancellationToken cancellationToken) =>
        Patience.AskAsync("cluster", token => readAsync(Cluster, token), cancellationToken);

    /// <summary>Reads what one of its database servers does with writes, as patiently as it deserves.</summary>
    /// <exception cref="DalpException">It can't be reached, or refuses.</exception>
    public Task<WriteActivity> ReadActivityAsync(DatabaseServerSettings server, CancellationToken cancellationToken) => Patience.AskAsync(
        server.Name,
        async token => await (await OpenDatabaseAsync(server, token).ConfigureAwait(false)).ReadActivityAsync(token).ConfigureAwait(false),
        cancellationToken);

    /// <summary>Reads what one of its database servers has for those that follow it, where it answers; null where it does not.</summary>
    public Task<ServerProvision?> FindProvisionAsync(DatabaseServerSettings server, CancellationToken cancellationToken) => Patience.AskInPassingAsync(
        server.Name,
        async token => await (await OpenDatabaseAsync(server, token).ConfigureAwait(false)).ReadProvisionAsync(token).ConfigureAwait(false),
        cancellationToken);

    /// <summary>Reads all of its database servers at once. What can't be seen is told of each, and no exception.</summary>
    public async Task<IReadOnlyList<ServerSight>> ReadServersAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll((site.Database?.Servers ?? []).Select(server => ReadServerAsync(server, cancellationToken))).ConfigureAwait(false);

    /// <summary>What stands for its databases where the topology names none of them.</summary>
    internal Finding NoServerNamed(string expected) => Finding.Unknown(Name, "database", "not named", expected, "The topology names no database server of the site.", "Name it in the topology: database.servers.");

    /// <summary>Reads one of them; that it can't be seen is told, and no exception.</summary>
    public async Task<ServerSight> ReadServerAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        try
        {
            return new ServerSight(server, await ReadActivityAsync(server, cancellationToken).ConfigureAwait(false), null);
        }
        catch (DalpException exception)
        {
            return new ServerSight(server, null, exception);
        }
    }
}
