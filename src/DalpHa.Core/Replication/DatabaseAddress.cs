namespace DalpHa.Core.Replication;

/// <summary>Where a database server listens and as whom to log in.</summary>
/// <param name="Name">The server's name in the topology.</param>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">Port.</param>
/// <param name="Database">The database to connect to.</param>
/// <param name="SslMode">libpq's <c>sslmode</c>; null leaves it to PGSSLMODE and then to <c>prefer</c>.</param>
/// <param name="UserName">Who logs in; null leaves it to PGUSER and then to the operating system's user.</param>
/// <param name="Password">The password; null leaves it to PGPASSWORD, PGPASSFILE and <c>.pgpass</c>.</param>
/// <param name="TlsHost">
/// The name that the server's certificate must carry when it differs from <paramref name="Host"/> (a tunnel's loopback end); null when it does not.
/// </param>
public sealed record DatabaseAddress(
    string Name,
    string Host,
    int Port,
    string Database,
    string? SslMode,
    string? UserName,
    string? Password,
    string? TlsHost = null)
{
    /// <summary>The address without the password.</summary>
    public override string ToString() => $"{Name} ({Host}:{Port}/{Database})";
}
