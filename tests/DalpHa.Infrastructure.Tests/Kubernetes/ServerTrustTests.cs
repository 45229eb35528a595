using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Certificates;
using DalpHa.Infrastructure.Kubernetes;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Which server certificates count, and what is said of those that do not.</summary>
public sealed class ServerTrustTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Certificate_of_the_authority_for_the_address_is_trusted()
    {
        await using var server = await StartAsync(TestCertificates.Leaf("127.0.0.1"));
        await using var cluster = server.Open();
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
    }

    [Fact]
    public async Task Certificate_of_the_authority_for_another_name_is_not()
    {
        await using var server = await StartAsync(TestCertificates.Leaf("node-7.example.com"));
        Assert.Contains("node-7.example.com", (await RefusesAsync(server)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_of_another_authority_is_not()
    {
        await using var server = await StartAsync(TestCertificates.Leaf("127.0.0.1", TestCertificates.OtherAuthority));
        Assert.Contains("CN=dalpha-other-ca", (await RefusesAsync(server)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Certificate_that_only_the_machine_trusts_is_not()
    {
        var pem = System.Text.Encoding.UTF8.GetBytes(TestCertificates.Authority.ExportCertificatePem());
        var trust = ServerTrust.Of(new KubeconfigEntry("x", new ClusterSettings { CertificateAuthorityData = Convert.ToBase64String(pem) }, new UserSettings()));
        using var chain = new X509Chain();
        using var meant = TestCertificates.Leaf("127.0.0.1");
        using var proxys = TestCertificates.Leaf("127.0.0.1", TestCertificates.OtherAuthority);
        Assert.True(trust.Accept(this, meant, chain, SslPolicyErrors.None));
        Assert.Contains("CN=dalpha-other-ca", Assert.Throws<ServerCertificateException>(() => trust.Accept(this, proxys, chain, SslPolicyErrors.None)).Message, StringComparison.Ordinal);
    }

    // In minutes from now. By a clock that is five minutes off, a certificate made now begins later, and one renewed late has ended.
    [Theory]
    [InlineData(-86_400, -1)]
    [InlineData(-86_400, -2 * 1440)]
    [InlineData(5, 86_400)]
    [InlineData(1, 86_400)]
    public async Task Certificate_outside_its_validity_is_told_as_that_or_a_wrong_clock(int from, int to)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var server = await StartAsync(TestCertificates.Leaf("127.0.0.1", now.AddMinutes(from), now.AddMinutes(to)));
        var failure = await RefusesAsync(server);
        Assert.Contains("outside its validity", failure.Message, StringComparison.Ordinal);
        Assert.Contains("a wrong clock", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{now.AddMinutes(to).UtcDateTime:yyyy-MM-dd HH:mm}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("clock", failure.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("renew", failure.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_that_began_a_moment_ago_and_ends_in_one_is_trusted()
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var server = await StartAsync(TestCertificates.Leaf("127.0.0.1", now.AddSeconds(-2), now.AddMinutes(2)));
        await using var cluster = server.Open();
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
    }

    [Fact]
    public async Task Server_name_of_the_kubeconfig_is_asked_for_and_checked()
    {
        await using var server = await StartAsync(TestCertificates.Leaf("api.example.com"));
        await using var cluster = server.Open(kubeconfig: server.WriteKubeconfig(cluster: "tls-server-name: api.example.com"));
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
        Assert.Contains("api.example.com", server.ServerNames);
        await RefusesAsync(server, server.WriteKubeconfig(cluster: "tls-server-name: other.example.com"));
    }

    [Fact]
    public async Task Verification_can_be_switched_off_for_a_cluster()
    {
        await using var server = await StartAsync(TestCertificates.Leaf("node", TestCertificates.OtherAuthority));
        await using var cluster = server.Open(kubeconfig: server.WriteKubeconfig(cluster: "insecure-skip-tls-verify: true"));
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
    }

    [Fact]
    public async Task Authority_that_is_the_servers_own_certificate_is_trusted_as_it_stands()
    {
        var leaf = TestCertificates.Leaf("127.0.0.1");
        await using var server = await StartAsync(leaf);
        await using var cluster = server.Open(kubeconfig: server.WriteKubeconfig(authority: leaf));
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
    }

    [Fact]
    public async Task Server_without_tls_is_told_so()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var plain = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(Token);
            await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Token);
        }, Token);
        await using var server = await StartAsync(TestCertificates.Leaf("127.0.0.1"));
        var path = server.WriteKubeconfig();
        File.WriteAllText(path, File.ReadAllText(path).Replace($":{server.Address.Port}", $":{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}", StringComparison.Ordinal));
        await RefusesAsync(server, path);
        await plain;
    }

    private static Task<HostileServer> StartAsync(X509Certificate2 certificate) => HostileServer.StartAsync((c, _) => HostileServer.PodsAsync(c, null, "a"), certificate);

    private static async Task<DalpException> RefusesAsync(HostileServer server, string? kubeconfig = null)
    {
        await using var cluster = server.Open(kubeconfig: kubeconfig);
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ListPodsAsync("ns", Token));
        Assert.True(failure.ErrorId == "ApiTlsMismatch", failure.ToString());
        Assert.Equal(FaultKind.Tls, failure.Kind);
        return failure;
    }
}
