using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>What the adapter owes on every API server, to every user who may read. A server or a user joins the suite with an empty subclass.</summary>
public abstract class ClusterContract<TServer>(TServer server, TestUser user)
    where TServer : ApiServerFixture
{
    private readonly DigestKey key = new();

    private string Namespace
    {
        get
        {
            Assert.SkipWhen(server.SkipReason is not null, server.SkipReason ?? "");
            return server.Namespace;
        }
    }

    private CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Version_is_read()
    {
        _ = Namespace;
        await using var cluster = server.OpenAs(user);
        var version = await cluster.GetVersionAsync(Token);
        Assert.Equal(1, version.Major);
        Assert.StartsWith($"v1.{version.Minor}.", version.GitVersion, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Namespace_is_there_or_not()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        Assert.True(await cluster.NamespaceExistsAsync(ns, Token));
        // Whose rights end with the namespace can't tell that another is not there.
        await using var admin = server.OpenAs(TestUsers.Admin);
        Assert.False(await admin.NamespaceExistsAsync(ns + "-not", Token));
    }

    [Fact]
    public async Task Namespace_that_may_not_be_read_is_not_absent()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Nobody);
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.NamespaceExistsAsync(ns, Token));
        Assert.Equal("ApiForbidden", failure.ErrorId);
    }

    [Fact]
    public async Task Long_list_comes_whole_and_once()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var pods = await cluster.ListPodsAsync(ns, Token);
        Assert.Equal(ApiServerFixture.ManyPods + 1, pods.Count);
        Assert.Equal(pods.Count, pods.Select(p => p.Name).Distinct().Count());
    }

    [Fact]
    public async Task Pod_tells_how_its_containers_fare()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var pod = Assert.Single(await cluster.ListPodsAsync(ns, Token), p => p.Name == "crashing");
        Assert.Equal(("Running", false, false, server.Node), (pod.Phase, pod.IsReady, pod.IsDeleting, pod.NodeName));
        var container = Assert.Single(pod.Containers);
        Assert.Equal("ghcr.io/example/main:1", container.Image);
        Assert.Equal("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", container.Digest);
        Assert.Equal((7, "CrashLoopBackOff", "OOMKilled"), (container.RestartCount, container.WaitingReason, container.LastTerminatedReason));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), container.LastTerminatedAt);
    }

    [Fact]
    public async Task Requests_of_bound_pods_only()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var holding = Assert.Single(await cluster.ListPodsAsync(ns, Token), pod => pod.Holds is not null);
        Assert.Equal(new PodRequests(server.Node, new ResourceAmounts(0.1m, 64 * 1024 * 1024)), holding.Holds);
    }

    [Fact]
    public async Task Requests_elsewhere_are_those_of_other_namespaces()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        Assert.DoesNotContain(await cluster.ListPodRequestsElsewhereAsync(ns, Token), pod => pod.NodeName == server.Node);
        var bound = Assert.Single(await cluster.ListPodRequestsElsewhereAsync("another", Token), pod => pod.NodeName == server.Node);
        Assert.Equal(new ResourceAmounts(0.1m, 64 * 1024 * 1024), bound.Requests);
    }

    [Fact]
    public async Task Workloads_of_all_kinds()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var workloads = await cluster.ListWorkloadsAsync(ns, Token);
        Assert.Equal(["DaemonSet/agent", "Deployment/dapp", "StatefulSet/redis"], workloads.Select(w => w.Target).Order(StringComparer.Ordinal));
        var dapp = workloads.Single(w => w.Name == "dapp");
        Assert.Equal((0, 0), (dapp.Desired, dapp.Ready));
        Assert.Equal("front", dapp.Labels["tier"]);
        Assert.Equal("dapp", dapp.PodLabels["app"]);
        Assert.Equal(["busybox:1", "ghcr.io/example/dapp:7.2"], dapp.Containers.Select(c => c.Image));
        // CPU: the init container's 1 beats 250m. Memory: 1Gi beats the 512Mi that the limit stands for.
        Assert.Equal(new ResourceAmounts(1, 1024m * 1024 * 1024), dapp.RequestsPerReplica);
        Assert.Equal(512m * 1024 * 1024, dapp.Containers[1].Requests.MemoryBytes);
    }

    [Fact]
    public async Task Secrets_are_digests_without_the_clusters_own()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var secrets = await cluster.ListSecretsAsync(ns, key, Token);
        Assert.Equal(["login", "login-copy", "tls-damaged", "tls-good"], secrets.Select(s => s.Name).Order(StringComparer.Ordinal));
        var login = secrets.Single(s => s.Name == "login");
        Assert.Equal(login.KeyDigests["password"], secrets.Single(s => s.Name == "login-copy").KeyDigests["password"]);
        Assert.NotEqual(login.KeyDigests["password"], login.KeyDigests["username"]);
        Assert.Equal(key.Compute("dalp"u8), login.KeyDigests["username"]);
        Assert.Equal(login.KeyDigests, (await cluster.GetSecretAsync(ns, "login", key, Token))!.KeyDigests);
        Assert.Null(await cluster.GetSecretAsync(ns, "absent", key, Token));
    }

    [Fact]
    public async Task Login_is_read_and_what_is_missing_is_named()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        Assert.Equal(("dalp", Seed.SecretValue), await cluster.ReadLoginAsync(ns, "login", "username", "password", Token));
        var noSecret = await Assert.ThrowsAsync<DalpException>(() => cluster.ReadLoginAsync(ns, "absent", "username", "password", Token));
        var noKey = await Assert.ThrowsAsync<DalpException>(() => cluster.ReadLoginAsync(ns, "login", "user", "password", Token));
        Assert.Equal(("SecretNotFound", "SecretKeyNotFound"), (noSecret.ErrorId, noKey.ErrorId));
        Assert.Contains("password, username", noKey.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Seed.SecretValue, noKey.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_are_read_or_their_problem_told()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var certificates = (await cluster.ListTlsCertificatesAsync(ns, Token)).ToDictionary(c => c.SecretName);
        Assert.Equal(["dapp.example.com"], certificates["tls-good"].DnsNames);
        Assert.InRange(certificates["tls-good"].NotAfter!.Value - TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(29), TimeSpan.FromDays(31));
        Assert.Null(certificates["tls-good"].Problem);
        Assert.NotNull(certificates["tls-damaged"].Problem);
        Assert.Null(certificates["tls-damaged"].NotAfter);
    }

    [Fact]
    public async Task Newest_deployed_helm_release_counts_and_how_the_newest_attempt_ended_is_told()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var release = Assert.Single(await cluster.ListHelmReleasesAsync(ns, key, Token));
        Assert.Equal(("dalp", 2, "dalp", "1.1.0", "7.2"), (release.Name, release.Revision, release.Chart, release.ChartVersion, release.AppVersion));
        Assert.Equal("failed", release.LastStatus);
        Assert.Equal(["a.x", "a.y[0]", "a.y[1]", "b"], release.ValueDigests.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((key.Compute("\"1\""u8), key.Compute("2"u8)), (release.ValueDigests["a.x"], release.ValueDigests["b"]));
    }

    [Fact]
    public async Task Config_maps_are_digests_without_the_clusters_own()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var map = Assert.Single(await cluster.ListConfigMapsAsync(ns, key, Token));
        Assert.Equal("site", map.Name);
        Assert.Equal(key.Compute("eu-west"u8), map.KeyDigests["region"]);
        Assert.Equal(key.Compute([0, 1, 2]), map.KeyDigests["blob"]);
    }

    [Fact]
    public async Task Node_tells_what_it_gives_and_what_keeps_pods_off()
    {
        _ = Namespace;
        await using var cluster = server.OpenAs(user);
        var node = Assert.Single(await cluster.ListNodesAsync(Token), n => n.Name == server.Node);
        Assert.Equal(new ResourceAmounts(3.5m, 8m * 1024 * 1024 * 1024), node.Allocatable);
        Assert.Equal((110, "eu-west", "eu-west-1a"), (node.AllocatablePods, node.Region, node.Zone));
        Assert.Contains("dedicated=db:NoSchedule", node.BlockingTaints);
        Assert.False(node.TakesPods);
    }

    [Fact]
    public async Task Quota_limits_come_under_one_name()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var quota = Assert.Single(await cluster.ListQuotasAsync(ns, Token));
        Assert.Equal((5000m, 5000m, 20m * 1024 * 1024 * 1024 * 1024), (quota.Hard["pods"], quota.Hard["requests.cpu"], quota.Hard["requests.memory"]));
        Assert.True(quota.Used.ContainsKey("pods"));
    }

    [Fact]
    public async Task Limit_ranges_of_pods_and_containers()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var ranges = await cluster.ListLimitRangesAsync(ns, Token);
        var container = Assert.Single(ranges, range => !range.IsForPods);
        Assert.Equal(("sizes", new ResourceAmounts(0.05m, 0), new ResourceAmounts(0, 16m * 1024 * 1024)), (container.Name, container.DefaultRequest with { MemoryBytes = 0 }, container.Min));
        Assert.Equal(new ResourceAmounts(64, 0), Assert.Single(ranges, range => range.IsForPods).Max);
    }

    [Fact]
    public async Task Claims_and_classes()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        Assert.Equal(new VolumeClaim("data", ns, "Pending"), Assert.Single(await cluster.ListVolumeClaimsAsync(ns, Token)));
        Assert.Contains(new ClusterClass(ns, "example.com/disk", true), await cluster.ListStorageClassesAsync(Token));
        Assert.Contains(new ClusterClass(ns, "example.com/ingress", false), await cluster.ListIngressClassesAsync(Token));
    }

    [Fact]
    public async Task Ingress_hosts_without_repetition_and_no_routes_where_there_are_none()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        var route = Assert.Single(await cluster.ListIngressRoutesAsync(ns, Token));
        Assert.Equal(("Ingress", "dapp", ns), (route.Kind, route.Name, route.ClassName));
        Assert.Equal(["dapp.example.com", "api.example.com"], route.Hosts);
        Assert.Equal(["dapp.example.com: dapp-tls", ": "], route.Certificates.Select(certificate => $"{string.Join(',', certificate.Hosts)}: {certificate.SecretName}"));
    }

    [Fact]
    public async Task Access_is_answered_in_the_order_of_the_questions()
    {
        var ns = Namespace;
        AccessRequest[] questions =
        [
            .. Enumerable.Range(0, 20).Select(i => new AccessRequest("get", "", "pods", null, ns, $"question {i}")),
            new AccessRequest("patch", "apps", "deployments", "scale", ns, "start"),
        ];
        await using var admin = server.OpenAs(TestUsers.Admin);
        await using var nobody = server.OpenAs(TestUsers.Nobody);
        var granted = await admin.ReviewAccessAsync(questions, Token);
        Assert.Equal(questions, granted.Select(d => d.Request));
        Assert.All(granted, d => Assert.True(d.IsAllowed));
        Assert.All(await nobody.ReviewAccessAsync(questions, Token), d => Assert.False(d.IsAllowed));
    }

    [Fact]
    public async Task Forbidden_list_names_verb_resource_and_namespace()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(TestUsers.Nobody);
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ListSecretsAsync(ns, key, Token));
        Assert.Equal(("ApiForbidden", FaultKind.Forbidden), (failure.ErrorId, failure.Kind));
        Assert.Contains($"list secrets in namespace '{ns}'", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"verb 'list' on 'secrets' in namespace '{ns}'", failure.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forwarding_to_a_pod_or_service_that_is_not_there()
    {
        var ns = Namespace;
        await using var cluster = server.OpenAs(user);
        foreach (var target in (ForwardTarget[])[new(ns, "absent", null, 5432), new(ns, null, "absent", 5432)])
        {
            var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ForwardAsync(target, Token));
            Assert.Equal("ForwardTargetNotFound", failure.ErrorId);
        }
    }
}
