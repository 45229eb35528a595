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
    DalpSite site, DatabaseServerSettings settings, IInfrastructure infrastructure, Func<SiteRole, ICluster> openCluster, DatabaseLogin? login, TimeSpan timeout)
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
            server ??= await OpenAsync(cancellationToken).ConfigureAwait(false);
            return new ServerObservation(Name, site.Name, await server.SampleAsync(cancellationToken).ConfigureAwait(false), null);
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

    private async Task<IDatabaseServer> OpenAsync(CancellationToken cancellationToken)
    {
        var database = site.Database!;
        var (user, password) = login is not null ? (login.UserName, login.Password) : await ReadLoginAsync(database, cancellationToken).ConfigureAwait(false);
        if (settings.Forward is null && settings.Host is { } host)
        {
            return Open(host, settings.Port, tlsHost: null);
        }
        if (settings.Forward is not { } target)
        {
            throw new DalpException(
                "DatabaseAddressMissing",
                FaultKind.InvalidInput,
                $"Database server '{Name}' of site '{site.Name}' has neither a host nor a forward.",
                "Give it one in the topology (sites.*.database.servers).",
                Name);
        }
        forward = await openCluster(site.Role).ForwardAsync(target, cancellationToken).ConfigureAwait(false);
        // The name that certificates of in-cluster servers carry is the service's.
        var name = settings.Host ?? (target.Service is { } service ? $"{service}.{target.Namespace}.svc" : target.Pod);
        return Open(forward.LocalEndPoint.Address.ToString(), forward.LocalEndPoint.Port, name);

        IDatabaseServer Open(string address, int port, string? tlsHost) => infrastructure.OpenDatabase(
            new DatabaseAddress(Name, address, port, database.Database, database.SslMode, user, password, tlsHost), timeout);
    }

    private async Task<(string? User, string? Password)> ReadLoginAsync(DatabaseSettings database, CancellationToken cancellationToken)
    {
        if (database.Credentials is not { } secret)
        {
            return (database.User, null);
        }
        return await openCluster(site.Role)
            .ReadLoginAsync(site.Namespace, secret.Secret, secret.UserNameKey, secret.PasswordKey, cancellationToken).ConfigureAwait(false);
    }
}
