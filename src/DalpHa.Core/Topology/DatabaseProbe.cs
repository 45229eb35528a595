using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Topology;

/// <summary>Reaches one database server the way the topology says: directly or through a tunnel, with or without a login from a Secret.</summary>
internal static class DatabaseProbe
{
    /// <summary>Reads the server's state once.</summary>
    /// <exception cref="Errors.DalpException">It can't be reached, or does not let us in.</exception>
    public static async Task<DatabaseSample> SampleAsync(
        IInfrastructure infrastructure, DalpSite site, DatabaseServerSettings server, ICluster? cluster, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var settings = site.Database!;
        (string UserName, string Password)? login = settings.Credentials is { } secret
            ? await cluster!.ReadLoginAsync(site.Namespace, secret.Secret, secret.UserNameKey, secret.PasswordKey, cancellationToken).ConfigureAwait(false)
            : null;
        await using var tunnel = server.Forward is { } target ? await cluster!.ForwardAsync(target, cancellationToken).ConfigureAwait(false) : null;
        var address = new DatabaseAddress(
            server.Name,
            tunnel?.LocalEndPoint.Address.ToString() ?? server.Host!,
            tunnel?.LocalEndPoint.Port ?? server.Port,
            settings.Database,
            settings.SslMode,
            login?.UserName ?? settings.User,
            login?.Password,
            server.Forward is null ? null : CertificateName(server.Forward));
        await using var database = infrastructure.OpenDatabase(address, timeout);
        return await database.SampleAsync(cancellationToken).ConfigureAwait(false);
    }

    // Inside the cluster a server is known by its service's name, and its certificate carries that.
    private static string CertificateName(ForwardTarget target) => target.Service is { } service ? $"{service}.{target.Namespace}.svc" : target.Pod!;
}
