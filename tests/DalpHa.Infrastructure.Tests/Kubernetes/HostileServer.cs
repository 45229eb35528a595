using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;
using DalpHa.Infrastructure.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>An HTTPS server on loopback that answers as a test tells it, with a kubeconfig that leads there.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-hostile-").FullName;

    private HostileServer(WebApplication app, X509Certificate2 certificate)
    {
        this.app = app;
        Certificate = certificate;
    }

    /// <summary>The requests that came, as path and query.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The <c>Authorization</c> headers that came.</summary>
    public ConcurrentQueue<string> Logins { get; } = new();

    /// <summary>The names that clients asked for in the TLS handshake.</summary>
    public ConcurrentQueue<string?> ServerNames { get; } = new();

    /// <summary>What it shows to connections from now on.</summary>
    public X509Certificate2 Certificate { get; set; }

    public Uri Address => new(app.Urls.First());

    public static async Task<HostileServer> StartAsync(Func<HttpContext, int, Task> answer, X509Certificate2? certificate = null)
    {
        HostileServer? server = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
            https.ServerCertificateSelector = (_, name) =>
            {
                server!.ServerNames.Enqueue(name);
                return server.Certificate;
            };
        })));
        var app = builder.Build();
        server = new HostileServer(app, certificate ?? TestCertificates.Loopback);
        var count = 0;
        app.UseWebSockets();
        app.Run(context =>
        {
            server.Requests.Enqueue(context.Request.Path + context.Request.QueryString);
            server.Logins.Enqueue(context.Request.Headers.Authorization.ToString());
            return answer(context, Interlocked.Increment(ref count));
        });
        await app.StartAsync();
        return server;
    }

    /// <summary>Writes a kubeconfig whose context <c>hostile</c> leads here.</summary>
    /// <param name="user">The user's settings, as YAML flow.</param>
    /// <param name="cluster">Further settings of the cluster, as YAML flow.</param>
    /// <param name="authority">The authority to trust; null for the test run's own.</param>
    /// <param name="port">The loopback port of a link that leads here; null for none.</param>
    public string WriteKubeconfig(string user = "{token: canary-token}", string cluster = "", X509Certificate2? authority = null, int? port = null)
    {
        var path = Path.Combine(folder, Path.GetRandomFileName());
        var pem = Convert.ToBase64String(Encoding.ASCII.GetBytes((authority ?? TestCertificates.Authority).ExportCertificatePem()));
        File.WriteAllText(path, $$"""
            clusters: [{name: c, cluster: {server: "{{new UriBuilder(Address) { Port = port ?? Address.Port }}}", certificate-authority-data: {{pem}}{{(cluster.Length > 0 ? ", " + cluster : "")}} } }]
            users: [{name: u, user: {{user}} }]
            contexts: [{name: hostile, context: {cluster: c, user: u} }]
            """);
        return path;
    }

    /// <summary>The adapter, led here.</summary>
    public ICluster Open(double seconds = 1.5, string? kubeconfig = null) =>
        KubernetesCluster.Open(new ClusterAddress("hostile", kubeconfig ?? WriteKubeconfig()), TimeSpan.FromSeconds(seconds), TimeProvider.System);

    /// <summary>Answers with JSON.</summary>
    public static Task JsonAsync(HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    /// <summary>Answers with an error as Kubernetes writes it.</summary>
    public static Task FailAsync(HttpContext context, int status, string message = "test") =>
        JsonAsync(context, $$"""{"kind":"Status","status":"Failure","message":"{{message}}","code":{{status}}}""", status);

    /// <summary>Answers with a page of pods.</summary>
    public static Task PodsAsync(HttpContext context, string? next, params string[] names) => JsonAsync(context, $$$$"""
        {"kind":"PodList","metadata":{"continue":"{{{{next}}}}"},"items":[{{{{string.Join(",", names.Select(n => "{\"metadata\":{\"name\":\"" + n + "\"}}"))}}}}]}
        """);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
