using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The database servers of one site, opened for changes as the topology's administrator, each once and kept: a promotion is too short to connect in it.</summary>
/// <param name="site">The site.</param>
/// <param name="infrastructure">Opens them.</param>
/// <param name="openCluster">Opens a site's cluster; only asked when a tunnel or a Secret needs it.</param>
/// <param name="login">A login that beats the topology's; null when none was given.</param>
/// <param name="timeout">The bound on connecting and on each statement.</param>
public sealed class SiteDatabaseControls(DalpSite site, IInfrastructure infrastructure, Func<SiteRole, ICluster> openCluster, DatabaseLogin? login, TimeSpan timeout) : IAsyncDisposable
{
    private readonly Dictionary<string, (IDatabaseControl Control, IPortForward? Tunnel)> opened = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim turn = new(1);

    /// <summary>Opens a server, or gives the one that is open. It ends with this.</summary>
    /// <exception cref="Errors.DalpException">The login can't be read, or the tunnel not be opened.</exception>
    public async Task<IDatabaseControl> OpenAsync(DatabaseServerSettings server, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (opened.TryGetValue(server.Name, out var kept))
            {
                if (kept.Tunnel?.Failure is null)
                {
                    return kept.Control;
                }
                // The tunnel's pod may be gone, and another one may be there.
                opened.Remove(server.Name);
                await CloseAsync(kept).ConfigureAwait(false);
            }
            var database = site.Database!;
            var reach = await DatabaseReach.FindAsync(site, server, database.AdminCredentials ?? database.Credentials, login, openCluster, cancellationToken).ConfigureAwait(false);
            var control = infrastructure.OpenDatabaseControl(reach.Address, timeout);
            opened[server.Name] = (control, reach.Tunnel);
            return control;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Closes all of them.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var one in opened.Values)
        {
            await CloseAsync(one).ConfigureAwait(false);
        }
        opened.Clear();
        turn.Dispose();
    }

    private static async ValueTask CloseAsync((IDatabaseControl Control, IPortForward? Tunnel) one)
    {
        await one.Control.DisposeAsync().ConfigureAwait(false);
        if (one.Tunnel is { } tunnel)
        {
            await tunnel.DisposeAsync().ConfigureAwait(false);
        }
    }
}
