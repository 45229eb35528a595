using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;
using DalpHa.Infrastructure.Kubernetes;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Models;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>
/// An API server to hold the adapter against, with the objects that <see cref="ClusterContract{T}"/> expects. A server to test starts it;
/// seeding goes through plain HTTP, so that nothing of the adapter is used to prove itself.
/// </summary>
public abstract class ApiServerFixture : IAsyncLifetime
{
    /// <summary>Pods seeded beside the one that the suite looks at: more than two pages.</summary>
    public const int ManyPods = 1200;

    private readonly string kubeconfig = Path.Combine(Path.GetTempPath(), $"dalpha-contract-{Guid.NewGuid():n}");
    private k8s.Kubernetes? admin;

    /// <summary>Why there is no server to test, or null.</summary>
    public virtual string? SkipReason => null;

    /// <summary>The seeded namespace; new for each fixture.</summary>
    public string Namespace { get; } = $"dalpha-{Guid.NewGuid():n}"[..20];

    /// <summary>The seeded node.</summary>
    public string Node => Namespace + "-node";

    /// <summary>The adapter, as one of the users.</summary>
    public ICluster OpenAs(TestUser user) => KubernetesCluster.Open(new ClusterAddress(user.Name, kubeconfig), TimeSpan.FromSeconds(20), TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        if (SkipReason is not null)
        {
            return;
        }
        var (address, authorityPem) = await StartAsync();
        await File.WriteAllTextAsync(kubeconfig, TestUsers.Kubeconfig(address, authorityPem));
        admin = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig, TestUsers.Admin.Name));
        await Kubernetes.Seed.PlantAsync(this);
        await GrantAsync();
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
            File.Delete(kubeconfig);
        }
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the server, which knows <see cref="TestUsers"/>, and says where it is and who signed its certificate.</summary>
    protected abstract Task<(Uri Address, string AuthorityPem)> StartAsync();

    /// <summary>Ends what <see cref="StartAsync"/> started for this fixture alone.</summary>
    protected virtual ValueTask StopAsync() => ValueTask.CompletedTask;

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

    /// <summary>Reads an object.</summary>
    public async Task<JsonNode> ReadAsync(string path)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null);
        Assert.True(response.IsSuccessStatusCode, $"GET {path}: {(int)response.StatusCode}");
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
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

    /// <summary>Whether an object would be taken; it is not made.</summary>
    public async Task<bool> CanCreateAsync(string path, string json)
    {
        using var response = await SendAsync(HttpMethod.Post, $"{path}?dryRun=All", json);
        return response.IsSuccessStatusCode;
    }

    /// <summary>What a request is answered with when a user sends it.</summary>
    public async Task<HttpStatusCode> AskAsync(TestUser user, HttpMethod method, string path, string? json = null)
    {
        using var request = Request(method, path, json);
        request.Headers.Authorization = new("Bearer", user.Token);
        using var response = await admin!.HttpClient.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>Asks something by a POST as a user, and returns the answer.</summary>
    public async Task<JsonNode> PostAsync(TestUser user, string path, string json)
    {
        using var request = Request(HttpMethod.Post, path, json);
        request.Headers.Authorization = new("Bearer", user.Token);
        using var response = await admin!.HttpClient.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    // The roles that ship, bound in the namespace of this fixture.
    private async Task GrantAsync()
    {
        foreach (var thing in AccessManifests.All())
        {
            var isBinding = thing is V1RoleBinding;
            thing.Metadata.NamespaceProperty = isBinding ? Namespace : null;
            var plural = thing switch { V1ClusterRole => "clusterroles", V1ClusterRoleBinding => "clusterrolebindings", _ => "rolebindings" };
            using var response = await SendAsync(
                HttpMethod.Post, $"apis/rbac.authorization.k8s.io/v1/{(isBinding ? $"namespaces/{Namespace}/" : "")}{plural}", KubernetesJson.Serialize(thing));
            // What belongs to no namespace is there already when another fixture shares the server.
            Assert.True(response.StatusCode == HttpStatusCode.Created || (!isBinding && response.StatusCode == HttpStatusCode.Conflict), await response.Content.ReadAsStringAsync());
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string? json) => new(method, new Uri(admin!.BaseUri, path))
    {
        Content = json is null ? null : new StringContent(json, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json"),
    };

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json)
    {
        using var request = Request(method, path, json);
        if (admin!.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, CancellationToken.None);
        }
        return await admin.HttpClient.SendAsync(request);
    }
}
