using DalpHa.Core.Errors;
using DalpHa.Core.Replication;
using Npgsql;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>Says to Npgsql what libpq would take from the same address and environment.</summary>
/// <remarks>
/// Npgsql itself reads PGUSER, PGPASSWORD, PGPASSFILE and <c>.pgpass</c>, PGSSLCERT, PGSSLKEY and PGSSLROOTCERT (its PostgresEnvironment.cs),
/// and not PGSSLMODE.
/// </remarks>
internal static class ConnectionSettings
{
    public static NpgsqlDataSource CreateSource(DatabaseAddress address, TimeSpan timeout)
    {
        // The caller's bound ends every wait; the driver's own, in whole seconds, only stand behind it.
        var seconds = (int)Math.Ceiling(timeout.TotalSeconds) + 1;
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = address.Host,
            Port = address.Port,
            Database = address.Database,
            Username = address.UserName,
            Password = address.Password,
            SslMode = ParseSslMode(address),
            ApplicationName = "dalpha",
            Pooling = false,
            Timeout = seconds,
            CommandTimeout = seconds,
        };
        if (Environment.GetEnvironmentVariable("PGGSSENCMODE") is not { Length: > 0 })
        {
            // 'prefer' costs a round trip and needs a Kerberos library; who uses GSS says so.
            settings.GssEncryptionMode = GssEncryptionMode.Disable;
        }
        // Text is all that is read: every other type's converter would be made ready in vain, as would the catalogue of types, which costs a round trip.
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableTransportSecurity().EnableIntegratedSecurity();
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        if (address.TlsHost is { } name)
        {
            builder.UseSslClientAuthenticationOptionsCallback(options => options.TargetHost = name);
        }
        return builder.Build();
    }

    // libpq's names: "Database Connection Control Functions" of the PostgreSQL manual.
    private static SslMode ParseSslMode(DatabaseAddress address)
    {
        var text = address.SslMode ?? Environment.GetEnvironmentVariable("PGSSLMODE");
        return text switch
        {
            null or "" or "prefer" => SslMode.Prefer,
            "disable" => SslMode.Disable,
            "allow" => SslMode.Allow,
            "require" => SslMode.Require,
            "verify-ca" => SslMode.VerifyCA,
            "verify-full" => SslMode.VerifyFull,
            _ => throw new DalpException(
                "DatabaseSslModeInvalid",
                FaultKind.InvalidInput,
                $"'{text}' is not an sslmode (database server {address}).",
                "Give disable, allow, prefer, require, verify-ca or verify-full (topology: sslMode; environment: PGSSLMODE).",
                address.Name),
        };
    }
}
