using System.Net;
using System.Net.Sockets;
using System.Text;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Kubernetes;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Which servers are reached through which proxy.</summary>
public sealed class EnvironmentProxyTests
{
    [Theory]
    [InlineData("https://api.example.com:6443", "", true)]
    [InlineData("https://api.example.com:6443", "example.com", false)]
    [InlineData("https://api.example.com:6443", ".example.com", false)]
    [InlineData("https://api.example.com:6443", "*.example.com", false)]
    [InlineData("https://example.com", ".example.com", true)]
    [InlineData("https://notexample.com", "example.com", true)]
    [InlineData("https://api.example.com:6443", "other, API.example.com:6443", false)]
    [InlineData("https://api.example.com:6443", "api.example.com:443", true)]
    [InlineData("https://10.1.2.3:6443", "10.0.0.0/8", false)]
    [InlineData("https://10.1.2.3:6443", "10.2.0.0/16", true)]
    [InlineData("https://10.1.2.3:6443", "10.1.2.3", false)]
    [InlineData("https://[fd00::1]:6443", "fd00::/8", false)]
    [InlineData("https://10.1.2.3:6443", "*", false)]
    [InlineData("https://127.0.0.1:6443", "", false)]
    [InlineData("https://localhost:6443", "", false)]
    public void Exceptions_count_as_in_kubectl(string server, string exceptions, bool isProxied)
    {
        var address = new Uri(server);
        var proxy = EnvironmentProxy.For(address, name => name switch { "https_proxy" => "proxy.example.com:3128", "NO_PROXY" => exceptions, _ => null });
        Assert.Equal(isProxied ? new Uri("http://proxy.example.com:3128") : null, proxy!.GetProxy(address));
    }

    [Fact]
    public void Without_a_variable_there_is_no_proxy() =>
        Assert.Null(EnvironmentProxy.For(new Uri("https://x"), name => name == "HTTP_PROXY" ? "http://proxy" : null));

    [Fact]
    public async Task Proxy_of_the_kubeconfig_is_asked_for_the_tunnel_with_its_login()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = AnswerOnceAsync(listener);
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.PodsAsync(c, null));
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var cluster = server.Open(5, server.WriteKubeconfig(cluster: $"proxy-url: 'http://jane:pass@127.0.0.1:{port}'"));
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ListPodsAsync("ns", TestContext.Current.CancellationToken));
        Assert.Equal("ApiUnreachable", failure.ErrorId);
        Assert.DoesNotContain("pass", failure.Message, StringComparison.Ordinal);
        Assert.StartsWith($"CONNECT 127.0.0.1:{server.Address.Port} HTTP/1.1", await asked, StringComparison.Ordinal);
    }

    private static async Task<string> AnswerOnceAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        var length = await client.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
