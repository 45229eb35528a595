using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DalpHa.Core.Errors;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Postgres;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>What a server may answer at a moment that a real one shows too briefly for a test: each answer is one failure, with its own id.</summary>
public sealed class DatabaseFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("57P03", "the database system is starting up", "DatabaseStarting", FaultKind.Unavailable)]
    [InlineData("57P03", "the database system is in recovery mode", "DatabaseInCrashRecovery", FaultKind.Unavailable)]
    [InlineData("57P03", "the database system is shutting down", "DatabaseShuttingDown", FaultKind.Unavailable)]
    [InlineData("57P03", "das Datenbanksystem ist im Wiederherstellungsmodus", "DatabaseStarting", FaultKind.Unavailable)]
    [InlineData("57P03", "the database system is not yet accepting connections", "DatabaseStarting", FaultKind.Unavailable)]
    [InlineData("57P03", "the database system is not accepting connections", "DatabaseStarting", FaultKind.Unavailable)]
    [InlineData("57P01", "terminating connection due to administrator command", "DatabaseShuttingDown", FaultKind.Unavailable)]
    [InlineData("28000", "no pg_hba.conf entry for host \"10.0.0.9\"", "DatabaseAuthenticationFailed", FaultKind.Unauthenticated)]
    [InlineData("28P01", "password authentication failed for user \"dalpha\"", "DatabaseAuthenticationFailed", FaultKind.Unauthenticated)]
    [InlineData("3D000", "database \"dalp\" does not exist", "DatabaseNotFound", FaultKind.NotFound)]
    [InlineData("42501", "permission denied for database", "DatabasePermissionDenied", FaultKind.Forbidden)]
    [InlineData("53300", "too many connections for role \"dalpha\"", "DatabaseOutOfConnections", FaultKind.Unavailable)]
    [InlineData("53300", "remaining connection slots are reserved for roles with the SUPERUSER attribute", "DatabaseOutOfConnections", FaultKind.Unavailable)]
    [InlineData("57014", "canceling statement due to statement timeout", "DatabaseOverloaded", FaultKind.Unavailable)]
    [InlineData("XX000", "something new", "DatabaseAnswerInvalid", FaultKind.InvalidAnswer)]
    public async Task Each_refusal_has_its_own_id(string sqlState, string message, string errorId, FaultKind kind)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var refusal = RefuseAsync(listener, sqlState, message);
        var address = new DatabaseAddress("db", "127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, "dalp", "disable", "dalpha", "canary-31");
        await using var server = new DatabaseServer(address, TimeSpan.FromSeconds(5));
        var error = await Assert.ThrowsAsync<DalpException>(() => server.SampleAsync(Token));
        Assert.Equal((errorId, kind), (error.ErrorId, error.Kind));
        Assert.NotEmpty(error.RecommendedAction);
        Assert.DoesNotContain("canary", error.ToString(), StringComparison.Ordinal);
        await refusal;
    }

    // ErrorResponse: chapter "Frontend/Backend Protocol", "Message Formats" of the PostgreSQL manual.
    private static async Task RefuseAsync(TcpListener listener, string sqlState, string message)
    {
        using var client = await listener.AcceptTcpClientAsync(Token);
        var stream = client.GetStream();
        var length = new byte[4];
        await stream.ReadExactlyAsync(length, Token);
        await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4], Token);
        var fields = Encoding.UTF8.GetBytes($"SFATAL\0VFATAL\0C{sqlState}\0M{message}\0\0");
        var answer = new byte[5 + fields.Length];
        answer[0] = (byte)'E';
        BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(1), 4 + fields.Length);
        fields.CopyTo(answer, 5);
        await stream.WriteAsync(answer, Token);
    }
}
