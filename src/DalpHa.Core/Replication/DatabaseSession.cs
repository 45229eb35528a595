using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Replication;

/// <summary>A user name and password for the databases of both sites.</summary>
/// <param name="UserName">The user.</param>
/// <param name="Password">The password.</param>
public sealed record DatabaseLogin(string UserName, string Password)
{
    /// <summary>The user, without the password.</summary>
    public override string ToString() => UserName;
}

/// <summary>One server of the topology, kept open between samples: its tunnel, where it needs one, and its connection. Opened anew after a failure.</summary>
internal sealed class DatabaseSession(
    DalpSite site, DatabaseServerSettings settings, IInfrastructure infrastructure, Func<SiteRole, ICluster> openCluster, DatabaseLogin? login, TimeSpan timeout, SitePatience patience)
    : IAsyncDisposable
{
    private IPortForward? forward;
    private IDatabaseServer? server;

    public string Name => settings.Name;

    /// <summary>Samples the server; a failure is an observation too.</summary>
    public async Task<ServerObservation> SampleAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new ServerObservation(Name, site.Name, await patience.AskAsync(Name, AskAsync, cancellationToken, mayRepeat: false).ConfigureAwait(false), null);
        }
        catch (DalpException failure)
        {
            // A tunnel's pod may be gone, and a login may have been rotated.
            await DisposeAsync().ConfigureAwait(false);
            return new ServerObservation(Name, site.Name, null, failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (server is { } opened)
        {
            server = null;
            await opened.DisposeAsync().ConfigureAwait(false);
        }
        if (forward is { } tunnel)
        {
            forward = null;
            await tunnel.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<DatabaseSample> AskAsync(CancellationToken cancellationToken)
    {
        server ??= await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await server.SampleAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<IDatabaseServer> OpenAsync(CancellationToken cancellationToken)
    {
        var reach = await DatabaseReach.FindAsync(site, settings, site.Database!.Credentials, login, openCluster, cancellationToken).ConfigureAwait(false);
        forward = reach.Tunnel;
        return infrastructure.OpenDatabase(reach.Address, timeout);
    }
}
