using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Postgres;
using DalpHa.Infrastructure.Tests.Kubernetes;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>One pair for the tests that leave it as they found it.</summary>
public sealed class SharedPair : IAsyncLifetime
{
    public PostgresPair Pair { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Pair = await PostgresPair.StartAsync(
        new PostgresPairOptions { Folder = PairFolder.New(), Settings = new Dictionary<string, string> { ["max_connections"] = "15" } },
        CancellationToken.None);

    public ValueTask DisposeAsync() => Pair.DisposeAsync();
}

public sealed class DatabaseServerTests(SharedPair shared) : IClassFixture<SharedPair>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private PostgresPair Pair => shared.Pair;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_ends_of_a_healthy_pair_agree()
    {
        await using var primary = Open(Address(Pair.Primary));
        await using var standby = Open(Address(Pair.Standby));
        var s = await standby.SampleAsync(Token);
        var p = await primary.SampleAsync(Token);

        Assert.False(p.IsInRecovery);
        Assert.True(s.IsInRecovery);
        Assert.True(p.CanSeeAll && s.CanSeeAll);
        Assert.Equal(p.SystemIdentifier, s.SystemIdentifier);
        Assert.Equal((1, 1), (p.Timeline, s.Timeline));
        Assert.True(p.VersionNumber >= 130000);
        Assert.False(p.IsReadOnly);
        Assert.True(s.ReplayLsn <= p.CurrentLsn);
        Assert.Equal("streaming", s.Receiver!.Status);
        Assert.Equal(PostgresPair.SlotName, s.Receiver.SlotName);
        Assert.Equal(Pair.Standby.Name, s.Receiver.ApplicationName);
        var sender = Assert.Single(p.Senders);
        var slot = Assert.Single(p.Slots);
        Assert.Equal(sender.ProcessId, slot.ActiveProcessId);
        Assert.Equal("reserved", slot.WalStatus);
        Assert.Equal(Pair.Standby.Name, sender.ApplicationName);
        Assert.Null(p.Archiver);
        Assert.False(s.HasRestoreCommand);
        Assert.Equal(TimeSpan.FromSeconds(10), s.StatusInterval);
        Assert.Equal(TimeSpan.FromMinutes(1), s.ReceiverTimeout);
    }

    [Fact]
    public async Task A_login_without_pg_monitor_says_what_it_cannot_see()
    {
        await using var primary = Open(Address(Pair.Primary, PostgresPair.OwnerUser, Pair.Passwords.Owner));
        await using var standby = Open(Address(Pair.Standby, PostgresPair.OwnerUser, Pair.Passwords.Owner));
        var p = await primary.SampleAsync(Token);
        var s = await standby.SampleAsync(Token);
        Assert.False(p.CanSeeAll || s.CanSeeAll);
        Assert.NotNull(p.CurrentLsn);
        Assert.NotNull(s.ReplayLsn);
        Assert.Equal("", s.Receiver!.Status);
        Assert.All(p.Senders, sender => Assert.Null(sender.SentLsn));
    }

    [Fact]
    public async Task The_session_cannot_write_and_is_kept()
    {
        await using var server = Open(Address(Pair.Primary));
        await server.SampleAsync(Token);
        await server.SampleAsync(Token);
        Assert.Equal(1L, await Pair.Primary.ExecuteAsync("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dalpha'", Token));
    }

    [Fact]
    public async Task The_servers_own_read_only_default_is_seen_through_ours()
    {
        await Pair.Primary.ExecuteAsync("ALTER SYSTEM SET default_transaction_read_only = on", Token);
        await Pair.Primary.ExecuteAsync("SELECT pg_reload_conf()", Token);
        await using var server = Open(Address(Pair.Primary));
        await Poll.UntilAsync(async () => (await server.SampleAsync(Token)).IsReadOnly, Timeout, "the setting is seen");
        await Pair.Primary.ExecuteAsync("ALTER SYSTEM RESET default_transaction_read_only", Token);
        await Pair.Primary.ExecuteAsync("SELECT pg_reload_conf()", Token);
        await Poll.UntilAsync(async () => !(await server.SampleAsync(Token)).IsReadOnly, Timeout, "its removal is seen");
    }

    [Fact]
    public async Task A_wrong_password_names_the_user_and_not_the_password()
    {
        var error = await FailAsync(Address(Pair.Primary, password: "canary-5d1f"));
        Assert.Equal("DatabaseAuthenticationFailed", error.ErrorId);
        Assert.Equal(FaultKind.Unauthenticated, error.Kind);
        Assert.Contains(PostgresPair.MonitorUser, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_password_is_told_from_a_wrong_one()
    {
        var error = await FailAsync(Address(Pair.Primary) with { UserName = "nobody-has-this-login", Password = null });
        Assert.Equal("DatabaseAuthenticationFailed", error.ErrorId);
        Assert.Contains("there is none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_database_is_named()
    {
        var error = await FailAsync(Address(Pair.Primary) with { Database = "no_such" });
        Assert.Equal("DatabaseNotFound", error.ErrorId);
        Assert.Contains("no_such", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_sslmode_is_refused_before_connecting()
    {
        var error = Assert.Throws<DalpException>(() => Open(Address(Pair.Primary) with { SslMode = "verify-everything" }));
        Assert.Equal(("DatabaseSslModeInvalid", FaultKind.InvalidInput), (error.ErrorId, error.Kind));
        Assert.Equal("DatabaseTlsMismatch", (await FailAsync(Address(Pair.Primary) with { SslMode = "require" })).ErrorId);
    }

    [Fact]
    public async Task A_closed_port_is_unreachable_at_once()
    {
        var clock = Stopwatch.StartNew();
        var error = await FailAsync(new DatabaseAddress("gone", "127.0.0.1", 1, "postgres", null, "dalpha", "x"));
        Assert.Equal(("DatabaseUnreachable", FaultKind.Unreachable), (error.ErrorId, error.Kind));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_peer_that_never_answers_ends_within_the_timeout()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var clock = Stopwatch.StartNew();
        var error = await FailAsync(new DatabaseAddress("mute", "127.0.0.1", port, "postgres", null, "dalpha", "x"), TimeSpan.FromSeconds(1));
        Assert.Equal(("DatabaseTimedOut", FaultKind.TimedOut), (error.ErrorId, error.Kind));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(1.8));
    }

    [Fact]
    public async Task A_peer_of_another_protocol_is_no_crash()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var answer = Task.Run(
            async () =>
            {
                using var client = await listener.AcceptTcpClientAsync(Token);
                await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Token);
            },
            Token);
        var error = await FailAsync(new DatabaseAddress("http", "127.0.0.1", port, "postgres", "disable", "dalpha", "x"));
        Assert.Contains(error.ErrorId, new[] { "DatabaseAnswerInvalid", "DatabaseUnreachable" });
        await answer;
    }

    [Fact]
    public async Task Out_of_connections_is_said()
    {
        var held = new List<NpgsqlConnection>();
        await using var kept = Open(Address(Pair.Primary));
        await kept.SampleAsync(Token);
        await using var reserved = Open(Address(Pair.Primary, "postgres", Pair.Passwords.Superuser));
        try
        {
            var connectionString = Pair.Primary.ConnectionString(PostgresPair.OwnerUser, Pair.Passwords.Owner);
            var full = false;
            while (!full)
            {
                Assert.True(held.Count < 20);
                var connection = new NpgsqlConnection(connectionString);
                held.Add(connection);
                try
                {
                    await connection.OpenAsync(Token);
                }
                catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.TooManyConnections)
                {
                    full = true;
                }
            }
            Assert.Equal("DatabaseOutOfConnections", (await FailAsync(Address(Pair.Primary))).ErrorId);
            // A connection that is kept is no new one, and some are reserved for superusers.
            Assert.False((await kept.SampleAsync(Token)).IsInRecovery);
            Assert.False((await reserved.SampleAsync(Token)).IsInRecovery);
        }
        finally
        {
            foreach (var connection in held)
            {
                await connection.DisposeAsync();
            }
        }
        await Poll.UntilAsync(() => SamplesAsync(Address(Pair.Primary)), Timeout, "there is a connection again");
    }

    [Fact]
    public async Task A_killed_session_is_replaced_without_an_error()
    {
        await using var server = Open(Address(Pair.Primary));
        await server.SampleAsync(Token);
        await Pair.Primary.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dalpha'", Token);
        var sample = await server.SampleAsync(Token);
        Assert.False(sample.IsInRecovery);
    }

    [Fact]
    public async Task A_tunnels_certificate_is_checked_against_the_servers_own_name()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=db.example.com", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("db.example.com");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Pair.Standby.Data.WriteFile("server.crt", certificate.ExportCertificatePem());
        Pair.Standby.Data.WriteFile("server.key", key.ExportPkcs8PrivateKeyPem());
        await Pair.Standby.ExecuteAsync("ALTER SYSTEM SET ssl = on", Token);
        await Pair.Standby.ExecuteAsync("SELECT pg_reload_conf()", Token);
        var root = Path.GetTempFileName();
        await File.WriteAllTextAsync(root, certificate.ExportCertificatePem(), Token);
        Environment.SetEnvironmentVariable("PGSSLROOTCERT", root);
        try
        {
            var address = Address(Pair.Standby) with { SslMode = "verify-full", TlsHost = "db.example.com" };
            await Poll.UntilAsync(async () => await SamplesAsync(address), Timeout, "the certificate is accepted under its own name");
            Assert.Equal("DatabaseTlsMismatch", (await FailAsync(address with { TlsHost = null })).ErrorId);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PGSSLROOTCERT", null);
            File.Delete(root);
        }
    }

    [Theory]
    [InlineData(-1440, -1)]
    [InlineData(5, 1440)]
    public async Task A_certificate_outside_its_validity_is_told_as_that_or_a_wrong_clock(int from, int to)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var valid = TestCertificates.Leaf("127.0.0.1", now.AddDays(-1), now.AddDays(1));
        using var outside = TestCertificates.Leaf("127.0.0.1", now.AddMinutes(from), now.AddMinutes(to));
        var root = Path.GetTempFileName();
        await File.WriteAllTextAsync(root, TestCertificates.Authority.ExportCertificatePem(), Token);
        DalpException? failure = null;
        Environment.SetEnvironmentVariable("PGSSLROOTCERT", root);
        try
        {
            // Nothing but the validity differs between the two: what is refused of the second is that.
            var verifying = Address(Pair.Standby) with { SslMode = "verify-full" };
            await ServeAsync(valid);
            await Poll.UntilAsync(() => SamplesAsync(verifying), Timeout, "the valid certificate is accepted");
            await ServeAsync(outside);
            await Poll.UntilAsync(async () => (failure = await FailureAsync(verifying)) is { ErrorId: "DatabaseTlsMismatch" }, Timeout, "the other is refused");
            Assert.Equal(FaultKind.Tls, failure!.Kind);
            Assert.Contains("has expired or is not valid yet: this machine's clock says", failure.Message, StringComparison.Ordinal);
            Assert.Contains("clock", failure.RecommendedAction, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PGSSLROOTCERT", null);
            File.Delete(root);
        }
    }

    [Fact]
    public async Task A_server_that_hangs_is_given_up_in_time_and_on_cancellation()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGSTOP.");
        await using var server = Open(Address(Pair.Primary), TimeSpan.FromSeconds(1));
        await server.SampleAsync(Token);
        var backend = (int)(await Pair.Primary.ExecuteAsync("SELECT pid FROM pg_stat_activity WHERE application_name = 'dalpha'", Token))!;
        Pair.Primary.Freeze();
        await Signal.SendAsync("-STOP", backend);
        try
        {
            var clock = Stopwatch.StartNew();
            var error = await Assert.ThrowsAsync<DalpException>(() => server.SampleAsync(Token));
            Assert.Equal("DatabaseTimedOut", error.ErrorId);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"took {clock.Elapsed}");

            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await using var patient = Open(Address(Pair.Primary), TimeSpan.FromMinutes(1));
            clock.Restart();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient.SampleAsync(stop.Token));
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"took {clock.Elapsed}");
        }
        finally
        {
            await Signal.SendAsync("-CONT", backend);
            Pair.Primary.Thaw();
        }
        Assert.NotNull((await server.SampleAsync(Token)).CurrentLsn);
    }

    private DatabaseAddress Address(PostgresServer server, string user = PostgresPair.MonitorUser, string? password = null) =>
        new(server.Name, "127.0.0.1", server.Port, Pair.Database, null, user, password ?? Pair.Passwords.Monitor);

    private static IDatabaseServer Open(DatabaseAddress address, TimeSpan? timeout = null) => new DatabaseServer(address, timeout ?? Timeout);

    private static async Task<DalpException> FailAsync(DatabaseAddress address, TimeSpan? timeout = null)
    {
        await using var server = Open(address, timeout);
        return await Assert.ThrowsAsync<DalpException>(() => server.SampleAsync(Token));
    }

    private async Task ServeAsync(X509Certificate2 certificate)
    {
        Pair.Standby.Data.WriteFile("server.crt", certificate.ExportCertificatePem());
        Pair.Standby.Data.WriteFile("server.key", TestCertificates.PrivateKeyPem(certificate));
        await Pair.Standby.ExecuteAsync("ALTER SYSTEM SET ssl = on", Token);
        await Pair.Standby.ExecuteAsync("SELECT pg_reload_conf()", Token);
    }

    private static async Task<bool> SamplesAsync(DatabaseAddress address) => await FailureAsync(address) is null;

    private static async Task<DalpException?> FailureAsync(DatabaseAddress address)
    {
        await using var server = Open(address);
        try
        {
            await server.SampleAsync(Token);
            return null;
        }
        catch (DalpException failure)
        {
            return failure;
        }
    }
}
