using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using DalpHa.Core.Errors;
using DalpHa.Core.Replication;
using Npgsql;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>Turns what PostgreSQL and its driver say into DalpHa's failures. Messages name the user, never a password.</summary>
internal static class DatabaseFaults
{
    public static DalpException TimedOut(DatabaseAddress address, TimeSpan timeout, Exception? inner) => Make(
        address,
        "DatabaseTimedOut",
        FaultKind.TimedOut,
        $"did not answer within {timeout.TotalSeconds:0.###} s",
        "See whether the server hangs or packets to it vanish (a firewall that drops). Give -TimeoutSeconds more when it is only far or loaded.",
        inner);

    /// <summary>The connection broke after a statement was sent that must not be sent twice.</summary>
    public static DalpException AnswerLost(DatabaseAddress address, Need need, DalpException cause) => Make(
        address,
        "DatabaseAnswerLost",
        cause.Kind,
        $"was asked to let us {need.Purpose}, and its answer was lost: whether it was done is not known. {cause.Message}",
        "Look at the server before anything else; DalpHa does not ask again by itself.",
        cause);

    /// <summary>Reads an answer, and tells one that can't be read as the server's fault.</summary>
    public static T WhenUnreadable<T>(DatabaseAddress address, TimeSpan timeout, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            throw From(exception, address, timeout, Need.Replication);
        }
    }

    public static DalpException From(Exception exception, DatabaseAddress address, TimeSpan timeout, Need need) => exception switch
    {
        DalpException known => known,
        PostgresException error => FromServer(error, address, timeout, need),
        JsonException or FormatException => Make(
            address,
            "DatabaseAnswerInvalid",
            FaultKind.InvalidAnswer,
            $"answered with something that is not what it was asked: {exception.Message}",
            "Make sure that a PostgreSQL server of version 13 or later listens there.",
            exception),
        NpgsqlException or SocketException or IOException => FromConnection(exception, address, timeout),
        CryptographicException or UnauthorizedAccessException => Tls(address, exception.Message, exception),
        _ => Make(
            address,
            "DatabaseAnswerInvalid",
            FaultKind.InvalidAnswer,
            $"can't be talked to: {exception.GetType().Name}: {exception.Message}",
            "Make sure that a PostgreSQL server of version 13 or later listens there.",
            exception),
    };

    // SQLSTATE codes: appendix "PostgreSQL Error Codes" of its manual.
    private static DalpException FromServer(PostgresException error, DatabaseAddress address, TimeSpan timeout, Need need) => error.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => Make(
            address,
            "DatabaseAuthenticationFailed",
            FaultKind.Unauthenticated,
            $"does not let {User(address)} in: {error.MessageText}",
            "Check the user and password (topology credentials, -DatabaseCredential, PGPASSFILE or .pgpass, PGUSER), and the server's pg_hba.conf.",
            error),
        PostgresErrorCodes.CannotConnectNow => CannotConnectNow(error, address),
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown => ShuttingDown(error, address),
        PostgresErrorCodes.TooManyConnections => Make(
            address,
            "DatabaseOutOfConnections",
            FaultKind.Unavailable,
            $"has no connection left for {User(address)}: {error.MessageText}",
            "End idle sessions or raise max_connections (or the role's limit); it says nothing about replication.",
            error),
        PostgresErrorCodes.InvalidCatalogName => Make(
            address,
            "DatabaseNotFound",
            FaultKind.NotFound,
            $"has no database '{address.Database}'",
            "Correct the topology's database.database; 'postgres' exists almost everywhere.",
            error),
        PostgresErrorCodes.InsufficientPrivilege => NotAllowed(error, address, need),
        // allow_alter_system = off (PostgreSQL 17 or later).
        PostgresErrorCodes.FeatureNotSupported when need == Need.ReadOnlyDefault => NotAllowed(error, address, need),
        PostgresErrorCodes.ObjectNotInPrerequisiteState when need == Need.Promotion => Make(
            address,
            "DatabaseNotInRecovery",
            FaultKind.Conflict,
            $"is a primary already, and can't be promoted: {error.MessageText}",
            "See how far it is and on which timeline: Get-DalpReplicationLag. If nobody promoted it, make sure that it is the server that you mean.",
            error),
        // It is the server that says so: it runs, and whoever waits for silence has not found it.
        PostgresErrorCodes.QueryCanceled => Make(
            address,
            "DatabaseOverloaded",
            FaultKind.Unavailable,
            $"answers, and did not get through with what it was asked within {timeout.TotalSeconds:0.###} s: {error.MessageText}",
            "See what it is busy with or waits for (pg_stat_activity, pg_locks); give -TimeoutSeconds more when it is only loaded.",
            error),
        _ => Make(
            address,
            "DatabaseAnswerInvalid",
            FaultKind.InvalidAnswer,
            $"refused with {error.SqlState}: {error.MessageText}",
            "See the server's log. PostgreSQL 13 or later is needed.",
            error),
    };

    private static DalpException NotAllowed(PostgresException error, DatabaseAddress address, Need need) => Make(
        address, "DatabasePermissionDenied", FaultKind.Forbidden, $"does not allow {User(address)} to {need.Purpose}: {error.MessageText}", need.Grant, error);

    // One SQLSTATE covers a start, a crash recovery and a shutdown. Only the words tell them apart, and those are the server's language:
    // where they are not English the failure stays the general one, with the words in its message.
    private static DalpException CannotConnectNow(PostgresException error, DatabaseAddress address)
    {
        if (error.MessageText.Contains("shutting down", StringComparison.Ordinal))
        {
            return ShuttingDown(error, address);
        }
        return error.MessageText.Contains("recovery", StringComparison.Ordinal)
            ? Make(
                address,
                "DatabaseInCrashRecovery",
                FaultKind.Unavailable,
                $"recovers and takes no connections yet: {error.MessageText}",
                "Wait until it has replayed its WAL; its log shows how far it is, and why it stopped before.",
                error)
            : Make(
                address,
                "DatabaseStarting",
                FaultKind.Unavailable,
                $"takes no connections now: {error.MessageText}",
                "Wait until it has started; its log shows how far it is. A standby with hot_standby = off never takes connections.",
                error);
    }

    private static DalpException ShuttingDown(PostgresException error, DatabaseAddress address) => Make(
        address,
        "DatabaseShuttingDown",
        FaultKind.Unavailable,
        $"shuts down: {error.MessageText}",
        "Find out who stopped it, and wait until it is up again.",
        error);

    private static DalpException FromConnection(Exception exception, DatabaseAddress address, TimeSpan timeout)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case TimeoutException or SocketException { SocketErrorCode: SocketError.TimedOut }:
                    return TimedOut(address, timeout, exception);
                case AuthenticationException:
                    // The driver takes no other judge of the certificate than its own, and that one gives no reason.
                    return Tls(
                        address,
                        $"{cause.Message.TrimEnd('.')}. A certificate is refused when its authority is not trusted, when it is for another name, and when it has expired or is not valid yet: "
                            + $"this machine's clock says {TimeProvider.System.GetUtcNow():u}",
                        exception);
                case CryptographicException or FileNotFoundException:
                    return Tls(address, cause.Message, exception);
                case SocketException socket:
                    return Unreachable(address, socket.Message, exception);
            }
        }
        // The driver has no type for these two.
        if (exception is NpgsqlException && exception.Message.Contains("SSL", StringComparison.Ordinal))
        {
            return Tls(address, exception.Message, exception);
        }
        if (exception is NpgsqlException && exception.Message.Contains("password", StringComparison.OrdinalIgnoreCase))
        {
            return Make(
                address,
                "DatabaseAuthenticationFailed",
                FaultKind.Unauthenticated,
                $"wants a password of {User(address)}, and there is none",
                "Give one: topology credentials, -DatabaseCredential, PGPASSFILE or .pgpass (host, port, database and user must match), PGPASSWORD.",
                exception);
        }
        return Unreachable(address, exception.InnerException?.Message ?? exception.Message, exception);
    }

    private static DalpException Unreachable(DatabaseAddress address, string why, Exception inner) => Make(
        address,
        "DatabaseUnreachable",
        FaultKind.Unreachable,
        $"can't be reached: {why}",
        "Check host and port, that the server runs, and that the network lets you through.",
        inner);

    private static DalpException Tls(DatabaseAddress address, string why, Exception inner) => Make(
        address,
        "DatabaseTlsMismatch",
        FaultKind.Tls,
        $"and this client don't agree on TLS (sslmode {address.SslMode ?? "from PGSSLMODE or prefer"}, server name {address.TlsHost ?? address.Host}): {why}",
        "Check sslMode, PGSSLROOTCERT, PGSSLCERT and PGSSLKEY, that the server's certificate is valid now and for that name, and this machine's clock.",
        inner);

    private static string User(DatabaseAddress address) =>
        (address.UserName ?? Environment.GetEnvironmentVariable("PGUSER")) is { Length: > 0 } name ? $"user '{name}'" : $"user '{Environment.UserName}'";

    private static DalpException Make(DatabaseAddress address, string errorId, FaultKind kind, string what, string action, Exception? inner) =>
        new(errorId, kind, $"Database server {address} {what}.", action, address.Name, inner);
}
