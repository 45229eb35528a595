using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Replication;

/// <summary>The way to one database server of the topology: straight, or by a tunnel through the API server, and as whom.</summary>
/// <param name="Address">Where to connect, and as whom to log in.</param>
/// <param name="Tunnel">The tunnel that the address leads into; null when there is none. Whoever asked for the way ends it.</param>
internal sealed record DatabaseReach(DatabaseAddress Address, IPortForward? Tunnel)
{
    /// <summary>Finds the way.</summary>
    /// <param name="site">The server's site.</param>
    /// <param name="settings">The server.</param>
    /// <param name="secret">The Secret that holds the login; null leaves it to the topology's user and the environment.</param>
    /// <param name="login">A login that beats the Secret; null when none was given.</param>
    /// <param name="openCluster">Opens a site's cluster; only asked when a tunnel or a Secret needs it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DalpException">The server has no address, the Secret can't be read, or the tunnel not be opened.</exception>
    public static async Task<DatabaseReach> FindAsync(
        DalpSite site, DatabaseServerSettings settings, SecretLogin? secret, DatabaseLogin? login, Func<SiteRole, ICluster> openCluster, CancellationToken cancellationToken)
    {
        var database = site.Database!;
        var (user, password) = (login?.UserName ?? database.User, login?.Password);
        if (login is null && secret is not null)
        {
            (user, password) = await openCluster(site.Role).ReadLoginAsync(site.Namespace, secret.Secret, secret.UserNameKey, secret.PasswordKey, cancellationToken).ConfigureAwait(false);
        }
        if (settings.Forward is null && settings.Host is { } host)
        {
            return new DatabaseReach(Address(host, settings.Port, tlsHost: null), null);
        }
        if (settings.Forward is not { } target)
        {
            throw new DalpException(
                "DatabaseAddressMissing",
                FaultKind.InvalidInput,
                $"Database server '{settings.Name}' of site '{site.Name}' has neither a host nor a forward.",
                "Give it one in the topology (sites.*.database.servers).",
                settings.Name);
        }
        var tunnel = await openCluster(site.Role).ForwardAsync(target, cancellationToken).ConfigureAwait(false);
        // The name that certificates of in-cluster servers carry is the service's.
        var name = settings.Host ?? (target.Service is { } service ? $"{service}.{target.Namespace}.svc" : target.Pod);
        return new DatabaseReach(Address(tunnel.LocalEndPoint.Address.ToString(), tunnel.LocalEndPoint.Port, name), tunnel);

        DatabaseAddress Address(string address, int port, string? tlsHost) => new(settings.Name, address, port, database.Database, database.SslMode, user, password, tlsHost);
    }
}
