using System.Diagnostics;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Infrastructure.Kubernetes;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Which settings a context comes to, and what is said of files that give none.</summary>
public sealed class KubeconfigTests : IDisposable
{
    private const string Small = """
        current-context: small
        clusters: [{name: c, cluster: {server: "https://small.example.com"} }]
        users: [{name: u, user: {token: canary-token} }]
        contexts:
        - {name: small, context: {cluster: c, user: u} }
        - {name: anonymous, context: {cluster: c} }
        - {name: no-cluster, context: {cluster: absent, user: u} }
        - {name: no-user, context: {cluster: c, user: absent} }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-kubeconfig-").FullName;

    [Fact]
    public void First_file_that_has_an_entry_decides_it_whole()
    {
        var first = Write("a/config", """
            contexts: [{name: x, context: {cluster: c, user: u} }]
            users: [{name: u, user: {token: first} }]
            """);
        var second = Write("b/config", """
            current-context: x
            clusters: [{name: c, cluster: {server: "https://second.example.com", certificate-authority: ca.pem} }]
            users: [{name: u, user: {token: second, client-certificate: never.pem} }]
            """);
        var entry = Load(null, Join(Path.Combine(folder, "absent"), "", first, second, first));
        Assert.Equal(("x", "https://second.example.com", "first"), (entry.Context, entry.Cluster.Server, entry.User.Token));
        Assert.Null(entry.User.ClientCertificate);
        Assert.Equal(Path.Combine(folder, "b", "ca.pem"), entry.Cluster.CertificateAuthority);
    }

    [Fact]
    public void Paths_are_relative_to_the_file_that_names_them()
    {
        var path = Write("deep/config", """
            clusters: [{name: c, cluster: {server: "https://x"} }]
            users: [{name: u, user: {client-certificate: c.pem, client-key: ../k.pem, tokenFile: /var/t, exec: {apiVersion: v1, command: ./bin/login} } }]
            contexts: [{name: x, context: {cluster: c, user: u} }]
            """);
        var user = Load("x", path).User;
        Assert.Equal(Path.Combine(folder, "deep", "c.pem"), user.ClientCertificate);
        Assert.Equal(Path.Combine(folder, "k.pem"), user.ClientKey);
        Assert.Equal(Path.GetFullPath("/var/t"), user.TokenFile);
        Assert.Equal(Path.Combine(folder, "deep", "bin", "login"), user.Exec!.Command);
    }

    [Fact]
    public void Home_is_used_when_the_variable_names_nothing()
    {
        Write(".kube/config", Small);
        foreach (var variable in (string?[])[null, "", Join("", "")])
        {
            Assert.Equal("small", Load(null, variable).Context);
        }
    }

    [Fact]
    public void Context_without_a_user_is_anonymous()
    {
        Assert.Null(Load("anonymous", Write("config", Small)).User.Token);
    }

    [Theory]
    [InlineData("Small", "ContextNotFound", "'small'")]
    [InlineData("smal", "ContextNotFound", "It has: 'small'")]
    [InlineData("no-cluster", "KubeconfigIncomplete", "cluster 'absent'")]
    [InlineData("no-user", "KubeconfigIncomplete", "user 'absent'")]
    public void What_is_not_there_is_named_with_what_is(string context, string errorId, string told)
    {
        var failure = Assert.Throws<DalpException>(() => Load(context, Write("config", Small)));
        Assert.Equal(errorId, failure.ErrorId);
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_file_and_no_current_context()
    {
        Assert.Equal("KubeconfigNotFound", Assert.Throws<DalpException>(() => Load("x", Path.Combine(folder, "absent"))).ErrorId);
        var given = Assert.Throws<DalpException>(() => Kubeconfig.Load(new ClusterAddress("x", Path.Combine(folder, "no", "file")), _ => null));
        Assert.Equal("KubeconfigNotFound", given.ErrorId);
        Assert.Equal("ContextNotFound", Assert.Throws<DalpException>(() => Load(null, Write("empty", ""))).ErrorId);
    }

    [Fact]
    public async Task What_is_no_file_is_not_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There a pipe has no path among the files.");
        var pipe = Path.Combine(folder, "pipe");
        using (var make = Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        foreach (var path in (string[])[pipe, "/dev/null", "/dev/zero"])
        {
            var failure = await Assert.ThrowsAsync<DalpException>(() => Task.Run(() => Load("x", path)).WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.Equal("ContextNotFound", failure.ErrorId);
        }
        Assert.Equal("KubeconfigUnreadable", Assert.Throws<DalpException>(() => Load("x", folder)).ErrorId);
    }

    [Theory]
    [InlineData("users: [{name: u, user: {token: canary-token}", "line ")]
    [InlineData("users:\n- name: u\n  user: canary-token", "line 3")]
    [InlineData("\tcanary-token", "line 1")]
    [InlineData("clusters: [{name: c, cluster: {insecure-skip-tls-verify: canary-token} }]", "line 1")]
    [InlineData("- canary-token", "line 1")]
    public void Malformed_file_is_told_with_its_line_and_none_of_its_values(string text, string told)
    {
        var path = Write("config", text);
        var failure = Assert.Throws<DalpException>(() => Load("x", path));
        Assert.Equal("KubeconfigMalformed", failure.ErrorId);
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary-token", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_made_to_exhaust_the_reader_are_refused_quickly()
    {
        var bomb = "a0: &a0 [x, x]\n" + string.Concat(Enumerable.Range(1, 60).Select(i => $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n")) + "preferences: *a60\n";
        var clock = Stopwatch.StartNew();
        Assert.Equal("KubeconfigMalformed", Assert.Throws<DalpException>(() => Load("x", Write("deep", new string('[', 500_000)))).ErrorId);
        Assert.Equal("KubeconfigMalformed", Assert.Throws<DalpException>(() => Load("x", Write("long", new string('#', 1024 * 1024 + 1)))).ErrorId);
        Assert.Equal("ContextNotFound", Assert.Throws<DalpException>(() => Load("x", Write("bomb", bomb))).ErrorId);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("{client-certificate-data: bm8=, client-key-data: bm8=}", "", "KubeconfigIncomplete")]
    [InlineData("{client-certificate: absent.pem, client-key: absent.pem}", "", "KubeconfigIncomplete")]
    [InlineData("{tokenFile: absent}", "", "KubeconfigIncomplete")]
    [InlineData("{auth-provider: {name: gcp} }", "", "KubeconfigIncomplete")]
    [InlineData("{}", "certificate-authority: absent.pem", "CertificateAuthorityUnreadable")]
    [InlineData("{}", "certificate-authority-data: '%'", "CertificateAuthorityUnreadable")]
    [InlineData("{}", "certificate-authority-data: bm8=", "CertificateAuthorityUnreadable")]
    [InlineData("{}", "proxy-url: 'http://['", "KubeconfigIncomplete")]
    [InlineData("{exec: {apiVersion: client.authentication.k8s.io/v1} }", "", "CredentialPluginUnusable")]
    [InlineData("{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x} }", "", "CredentialPluginUnusable")]
    [InlineData("{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always} }", "", "CredentialPluginUnusable")]
    public void Settings_that_cannot_work_are_refused_when_the_cluster_is_opened(string user, string cluster, string errorId)
    {
        var failure = Assert.Throws<DalpException>(() => Open(user, cluster));
        Assert.True(failure.ErrorId == errorId, failure.ToString());
    }

    // Whoever opens a named pipe waits for somebody to write into it.
    [Theory]
    [InlineData("{tokenFile: pipe}", "", "KubeconfigIncomplete")]
    [InlineData("{client-certificate: pipe, client-key: pipe}", "", "KubeconfigIncomplete")]
    [InlineData("{}", "certificate-authority: pipe", "CertificateAuthorityUnreadable")]
    public async Task Files_that_nobody_writes_are_refused_instead_of_waited_for(string user, string cluster, string errorId)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no named pipes in folders.");
        using (var make = Process.Start("mkfifo", [Path.Combine(folder, "pipe")]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        var failure = await Task.Run(() => Assert.Throws<DalpException>(() => Open(user, cluster))).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.True(failure.ErrorId == errorId, failure.ToString());
        Assert.Contains("no regular file", failure.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Join(params string[] paths) => string.Join(Path.PathSeparator, paths);

    private KubeconfigEntry Load(string? context, string? variable) =>
        Kubeconfig.Load(new ClusterAddress(context), name => name == "KUBECONFIG" ? variable : name == "HOME" ? folder : null);

    private ICluster Open(string user, string cluster) => KubernetesCluster.Open(
        new ClusterAddress("x", Write("config", $$$"""
            clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"{{{(cluster.Length > 0 ? ", " + cluster : "")}}} } }]
            users: [{name: u, user: {{{user}}} }]
            contexts: [{name: x, context: {cluster: c, user: u} }]
            """)),
        TimeSpan.FromSeconds(1),
        TimeProvider.System);

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
