using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>One cluster behind its Kubernetes API.</summary>
internal sealed class KubernetesCluster : ICluster
{
    // A Secret or ConfigMap can hold a mebibyte, so that few of them make a page.
    private const int LargeObjects = 50;
    private const int ParallelReviews = 8;

    // Cluster-made or Helm's own: they differ between any two clusters and no workload needs them.
    private const string WorkloadSecrets = "type!=kubernetes.io/service-account-token,type!=helm.sh/release.v1";

    // What DalpHa itself keeps in a cluster is no configuration of the platform.
    private const string NotOurs = $"{ControlReading.ManagedBy}!={ControlReading.Dalpha}";

    private readonly ApiClient client;
    private readonly ApiFaults faults;
    private readonly PortForwarding forwarding;
    private readonly CronJobs cronJobs;

    private readonly TimeProvider time;

    private KubernetesCluster(string context, Uri server, ApiClient client, ApiFaults faults, TimeProvider time)
    {
        Context = context;
        Server = server;
        this.client = client;
        this.faults = faults;
        this.time = time;
        forwarding = new PortForwarding(client, faults);
        cronJobs = new CronJobs(client);
        Control = new KubernetesControl(client, faults, cronJobs);
        CloudNativePg = new CloudNativePg(client);
        Backups = new Backups(client);
    }

    /// <inheritdoc/>
    public string Context { get; }

    /// <inheritdoc/>
    public Uri Server { get; }

    /// <summary>What changes it, over the same connections and credentials.</summary>
    public IClusterControl Control { get; }

    /// <summary>Its CloudNativePG clusters, over the same connections and credentials.</summary>
    public ICloudNativePg CloudNativePg { get; }

    /// <summary>The backups that it knows of, over the same connections and credentials.</summary>
    public IBackups Backups { get; }

    /// <summary>Runs programs in its pods, over the same connections and credentials.</summary>
    /// <param name="timeout">The bound on each run.</param>
    public PodExec Execute(TimeSpan timeout) => new(client, timeout, time);

    /// <summary>Reads the kubeconfig; connects to nothing.</summary>
    /// <exception cref="DalpException">The kubeconfig is missing, malformed or incomplete, or the context is not in it.</exception>
    public static KubernetesCluster Open(ClusterAddress address, TimeSpan timeout, TimeProvider time)
    {
        var entry = Kubeconfig.Load(address, Environment.GetEnvironmentVariable);
        var server = ApiSession.ServerOf(entry);
        var faults = new ApiFaults(entry.Context, server);
        return new KubernetesCluster(entry.Context, server, new ApiClient(new SessionSource(entry, timeout, time), faults, timeout, time), faults, time);
    }

    /// <inheritdoc/>
    public async Task<ClusterVersion> GetVersionAsync(CancellationToken cancellationToken)
    {
        var request = new ApiRequest("get", "/version", null, "version");
        var version = await client.FindAsync(request, WireJson.Default.WireVersion, cancellationToken).ConfigureAwait(false);
        return (version is null ? null : ClusterReading.ToVersion(version)) ?? throw faults.Invalid(request, "names no version").Failure;
    }

    /// <inheritdoc/>
    public async Task<bool> NamespaceExistsAsync(string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            var request = new ApiRequest("get", "namespaces", @namespace, $"api/v1/namespaces/{Uri.EscapeDataString(@namespace)}");
            return await client.FindAsync(request, WireJson.Default.WireObject, cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (DalpException forbidden) when (forbidden.ErrorId == "ApiForbidden")
        {
            // An object in it proves that a namespace is there, and every living one holds the first two. Nothing found proves nothing.
            foreach (var resource in (string[])["configmaps", "serviceaccounts", "pods"])
            {
                if (await HasAnyAsync(@namespace, resource, cancellationToken).ConfigureAwait(false))
                {
                    return true;
                }
            }
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Workload>> ListWorkloadsAsync(string @namespace, CancellationToken cancellationToken)
    {
        var lists = await Task.WhenAll(
            ListWorkloadsAsync(WorkloadKind.Deployment, "deployments", @namespace, cancellationToken),
            ListWorkloadsAsync(WorkloadKind.StatefulSet, "statefulsets", @namespace, cancellationToken),
            ListWorkloadsAsync(WorkloadKind.DaemonSet, "daemonsets", @namespace, cancellationToken)).ConfigureAwait(false);
        return [.. lists.SelectMany(l => l)];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<CronJob>> ListCronJobsAsync(string @namespace, CancellationToken cancellationToken) => cronJobs.ListAsync(@namespace, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Pod>> ListPodsAsync(string @namespace, CancellationToken cancellationToken) =>
        client.ListAsync(ApiRequest.List("v1", "pods", @namespace), WireJson.Default.Pods, WorkloadReading.ToPod, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<PodRequests>> ListPodRequestsElsewhereAsync(string @namespace, CancellationToken cancellationToken)
    {
        var unfinished = ApiRequest.Selector("fieldSelector", $"metadata.namespace!={@namespace},status.phase!=Succeeded,status.phase!=Failed");
        return client.ListAsync(ApiRequest.List("v1", "pods", null, unfinished), WireJson.Default.Pods, WorkloadReading.ToRequests, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<SecretDigest?> GetSecretAsync(string @namespace, string name, DigestKey key, CancellationToken cancellationToken) =>
        await FindSecretAsync(@namespace, name, cancellationToken).ConfigureAwait(false) is { } secret ? SecretReading.ToDigest(secret, key) : null;

    /// <inheritdoc/>
    public Task<IReadOnlyList<SecretDigest>> ListSecretsAsync(string @namespace, DigestKey key, CancellationToken cancellationToken) =>
        ListSecretsAsync(@namespace, ApiRequest.Selector("fieldSelector", WorkloadSecrets), s => SecretReading.ToDigest(s, key), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TlsCertificate>> ListTlsCertificatesAsync(string @namespace, CancellationToken cancellationToken) =>
        ListSecretsAsync(@namespace, ApiRequest.Selector("fieldSelector", "type=kubernetes.io/tls"), SecretReading.ToCertificate, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ConfigMapDigest>> ListConfigMapsAsync(string @namespace, DigestKey key, CancellationToken cancellationToken) =>
        client.ListAsync(ApiRequest.List("v1", "configmaps", @namespace, ApiRequest.Selector("labelSelector", NotOurs)), WireJson.Default.ConfigMaps, m => SecretReading.ToDigest(m, key), cancellationToken, LargeObjects);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IngressRoute>> ListIngressRoutesAsync(string @namespace, CancellationToken cancellationToken)
    {
        var ingresses = client.ListAsync(ApiRequest.List("networking.k8s.io/v1", "ingresses", @namespace), WireJson.Default.Ingresses, ClusterReading.ToRoute, cancellationToken);
        var routes = ListRoutesAsync(@namespace, cancellationToken);
        var lists = await Task.WhenAll(ingresses, routes).ConfigureAwait(false);
        return [.. lists.SelectMany(l => l)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HelmRelease>> ListHelmReleasesAsync(string @namespace, DigestKey key, CancellationToken cancellationToken)
    {
        // What a failed or hanging attempt left is read too: the release is deployed then all the same, as it was before.
        var attempts = ApiRequest.Selector("labelSelector", $"owner=helm,status in ({HelmRelease.Deployed},failed,pending-upgrade,pending-rollback)");
        var records = await Task.WhenAll(
            ListSecretsAsync(@namespace, attempts, s => HelmReading.ToRelease(s, key), cancellationToken),
            client.ListAsync(ApiRequest.List("v1", "configmaps", @namespace, attempts), WireJson.Default.ConfigMaps, m => HelmReading.ToRelease(m, key), cancellationToken, LargeObjects)).ConfigureAwait(false);
        return [.. records.SelectMany(r => r).GroupBy(r => r.Name, StringComparer.Ordinal).Select(HelmReading.Latest).OfType<HelmRelease>()];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> ListNodesAsync(CancellationToken cancellationToken) =>
        client.ListAsync(ApiRequest.List("v1", "nodes", null), WireJson.Default.Nodes, ClusterReading.ToNode, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ResourceQuota>> ListQuotasAsync(string @namespace, CancellationToken cancellationToken) =>
        client.ListAsync(ApiRequest.List("v1", "resourcequotas", @namespace), WireJson.Default.Quotas, ClusterReading.ToQuota, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LimitRange>> ListLimitRangesAsync(string @namespace, CancellationToken cancellationToken) =>
        [.. (await client.ListAsync(ApiRequest.List("v1", "limitranges", @namespace), WireJson.Default.LimitRanges, ClusterReading.ToLimitRanges, cancellationToken).ConfigureAwait(false)).SelectMany(l => l)];

    /// <inheritdoc/>
    public Task<IReadOnlyList<VolumeClaim>> ListVolumeClaimsAsync(string @namespace, CancellationToken cancellationToken) =>
        client.ListAsync(ApiRequest.List("v1", "persistentvolumeclaims", @namespace), WireJson.Default.Claims, ClusterReading.ToClaim, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterClass>> ListStorageClassesAsync(CancellationToken cancellationToken) =>
        client.ListAsync(ApiRequest.List("storage.k8s.io/v1", "storageclasses", null), WireJson.Default.StorageClasses, ClusterReading.ToClass, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClusterClass>> ListIngressClassesAsync(CancellationToken cancellationToken) =>
        client.ListAsync(ApiRequest.List("networking.k8s.io/v1", "ingressclasses", null), WireJson.Default.IngressClasses, ClusterReading.ToClass, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AccessDecision>> ReviewAccessAsync(IReadOnlyList<AccessRequest> requests, CancellationToken cancellationToken)
    {
        var decisions = new AccessDecision[requests.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelReviews, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, requests.Count, options, async (i, token) =>
            decisions[i] = await ReviewAsync(requests[i], token).ConfigureAwait(false)).ConfigureAwait(false);
        return decisions;
    }

    /// <inheritdoc/>
    public async Task<(string UserName, string Password)> ReadLoginAsync(
        string @namespace, string secret, string userNameKey, string passwordKey, CancellationToken cancellationToken)
    {
        var found = await FindSecretAsync(@namespace, secret, cancellationToken).ConfigureAwait(false) ?? throw new DalpException(
            "SecretNotFound",
            FaultKind.NotFound,
            $"Namespace '{@namespace}' (context '{Context}') has no Secret '{secret}', which should hold the database login.",
            "Create it, or correct credentials.secret in the topology.",
            secret);
        try
        {
            return (Value(found, userNameKey), Value(found, passwordKey));
        }
        finally
        {
            found.Erase();
        }
    }

    /// <inheritdoc/>
    public Task<IPortForward> ForwardAsync(ForwardTarget target, CancellationToken cancellationToken) => forwarding.OpenAsync(target, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<IReadOnlyList<Workload>> ListWorkloadsAsync(WorkloadKind kind, string resource, string @namespace, CancellationToken cancellationToken) =>
        client.ListAsync(ApiRequest.List("apps/v1", resource, @namespace), WireJson.Default.Workloads, w => WorkloadReading.ToWorkload(kind, w), cancellationToken);

    private Task<IReadOnlyList<T>> ListSecretsAsync<T>(string @namespace, string query, Func<WireSecret, T> keep, CancellationToken cancellationToken)
        where T : class =>
        client.ListAsync(ApiRequest.List("v1", "secrets", @namespace, query), WireJson.Default.Secrets, keep, cancellationToken, LargeObjects);

    private Task<WireSecret?> FindSecretAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        client.FindAsync(ApiRequest.Get("v1", "secrets", @namespace, name), WireJson.Default.WireSecret, cancellationToken);

    private async Task<bool> HasAnyAsync(string @namespace, string resource, CancellationToken cancellationToken)
    {
        try
        {
            var request = ApiRequest.List("v1", resource, @namespace).Page(1, null);
            return await client.FindAsync(request, WireJson.Default.Objects, cancellationToken).ConfigureAwait(false) is { Items.Count: > 0 };
        }
        catch (DalpException exception) when (exception.ErrorId == "ApiForbidden")
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<IngressRoute>> ListRoutesAsync(string @namespace, CancellationToken cancellationToken)
    {
        // Whether the cluster knows Routes is asked first: a list that the user may not make is forbidden even where there is nothing to list.
        var groups = await client.FindAsync(new ApiRequest("get", "/apis", null, "apis"), WireJson.Default.WireGroups, cancellationToken).ConfigureAwait(false);
        return groups?.Groups?.Any(g => g.Name == "route.openshift.io") != true
            ? []
            : await client.ListAsync(ApiRequest.List("route.openshift.io/v1", "routes", @namespace), WireJson.Default.Routes, ClusterReading.ToRoute, cancellationToken).ConfigureAwait(false);
    }

    private async Task<AccessDecision> ReviewAsync(AccessRequest question, CancellationToken cancellationToken)
    {
        var request = new ApiRequest("create", "selfsubjectaccessreviews.authorization.k8s.io", null, "apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
        var review = new WireAccessReview
        {
            ApiVersion = "authorization.k8s.io/v1",
            Kind = "SelfSubjectAccessReview",
            Spec = new WireAccessSpec(new WireAccessAttributes(question.Namespace, question.Verb, question.Group, question.Resource, question.Subresource)),
        };
        var answer = await client.AskAsync(request, review, WireJson.Default.WireAccessReview, WireJson.Default.WireAccessReview, cancellationToken).ConfigureAwait(false);
        var status = answer.Status ?? throw faults.Invalid(request, "holds no decision").Failure;
        var reason = string.IsNullOrEmpty(status.Reason) ? status.EvaluationError : status.Reason;
        return new AccessDecision(question, status.Allowed, string.IsNullOrEmpty(reason) ? null : reason);
    }

    private string Value(WireSecret secret, string key) => secret.Data?.GetValueOrDefault(key) is { } value
        ? System.Text.Encoding.UTF8.GetString(value)
        : throw new DalpException(
            "SecretKeyNotFound",
            FaultKind.NotFound,
            $"The Secret '{secret.Metadata.Name}' (context '{Context}') has no key '{key}'. It has: {string.Join(", ", (secret.Data ?? []).Keys.Order(StringComparer.Ordinal))}.",
            "Correct credentials.usernameKey or credentials.passwordKey in the topology, or the Secret.",
            secret.Metadata.Name);
}
