using System.Net;
using System.Text;
using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;
using DalpHa.Infrastructure.Kubernetes;
using k8s;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>
/// An API server to hold the adapter against, with the objects that <see cref="ClusterContract{T}"/> expects. A server to test says where its
/// kubeconfig is; seeding goes through plain HTTP, so that nothing of the adapter is used to prove itself.
/// </summary>
public abstract class ApiServerFixture : IAsyncLifetime
{
    /// <summary>Pods seeded beside the one that the suite looks at: more than two pages.</summary>
    public const int ManyPods = 1200;

    private k8s.Kubernetes? admin;

    /// <summary>Why there is no server to test, or null.</summary>
    public abstract string? SkipReason { get; }

    /// <summary>The seeded namespace; new for each run.</summary>
    public string Namespace { get; } = $"dalpha-{Guid.NewGuid():n}"[..20];

    /// <summary>The seeded node.</summary>
    public string Node => Namespace + "-node";

    /// <summary>A file whose context has every right.</summary>
    protected abstract string KubeconfigPath { get; }

    /// <summary>That context.</summary>
    protected abstract string Context { get; }

    /// <summary>The adapter, with every right.</summary>
    public ICluster Open() => KubernetesCluster.Open(new ClusterAddress(Context, KubeconfigPath), TimeSpan.FromSeconds(20), TimeProvider.System);

    /// <summary>The adapter, as a user that nobody granted anything.</summary>
    public virtual ICluster OpenAsNobody()
    {
        // Impersonation needs no second credential, and every conformant server has it.
        var entry = Kubeconfig.Load(new ClusterAddress(Context, KubeconfigPath), Environment.GetEnvironmentVariable);
        var user = entry.User;
        var copy = Path.Combine(Path.GetTempPath(), $"dalpha-nobody-{Guid.NewGuid():n}");
        try
        {
            File.WriteAllText(copy, $$$$"""
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "{{{{entry.Cluster.Server}}}}", certificate-authority-data: "{{{{entry.Cluster.CertificateAuthorityData}}}}", certificate-authority: "{{{{entry.Cluster.CertificateAuthority}}}}"}}]
                users: [{name: u, user: {client-certificate-data: "{{{{user.ClientCertificateData}}}}", client-key-data: "{{{{user.ClientKeyData}}}}", client-certificate: "{{{{user.ClientCertificate}}}}", client-key: "{{{{user.ClientKey}}}}", token: "{{{{user.Token}}}}", as: nobody}}]
                contexts: [{name: nobody, context: {cluster: c, user: u}}]
                """);
            return KubernetesCluster.Open(new ClusterAddress("nobody", copy), TimeSpan.FromSeconds(20), TimeProvider.System);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (SkipReason is not null)
        {
            return;
        }
        admin = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeconfigPath, Context));
        await Seed.PlantAsync(this);
    }

    public async ValueTask DisposeAsync()
    {
        if (admin is not null)
        {
            await SendAsync(HttpMethod.Delete, $"api/v1/namespaces/{Namespace}", null);
            await SendAsync(HttpMethod.Delete, $"api/v1/nodes/{Node}", null);
            await SendAsync(HttpMethod.Delete, $"apis/storage.k8s.io/v1/storageclasses/{Namespace}", null);
            await SendAsync(HttpMethod.Delete, $"apis/networking.k8s.io/v1/ingressclasses/{Namespace}", null);
            admin.Dispose();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes an object.</summary>
    public async Task CreateAsync(string path, string json)
    {
        using var response = await SendAsync(HttpMethod.Post, path, json);
        Assert.True(response.StatusCode == HttpStatusCode.Created, $"POST {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    /// <summary>Merges into an object, or a subresource of one.</summary>
    public async Task MergeAsync(string path, string json)
    {
        using var response = await SendAsync(HttpMethod.Patch, path, json);
        Assert.True(response.IsSuccessStatusCode, $"PATCH {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    /// <summary>Deletes an object.</summary>
    public async Task DeleteAsync(string path)
    {
        using var response = await SendAsync(HttpMethod.Delete, path, null);
        Assert.True(response.IsSuccessStatusCode, $"DELETE {path}: {(int)response.StatusCode}");
    }

    /// <summary>Whether an object is there.</summary>
    public async Task<bool> ExistsAsync(string path)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null);
        return response.IsSuccessStatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, new Uri(admin!.BaseUri, path));
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }
        if (admin.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, CancellationToken.None);
        }
        return await admin.HttpClient.SendAsync(request);
    }
}
