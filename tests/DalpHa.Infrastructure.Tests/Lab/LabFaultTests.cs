using System.Security.Cryptography.X509Certificates;
using System.Text;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>One lab for all faults: each shows to a plain client, and what it changed is as it was when it is undone.</summary>
public sealed class LabFaultTests(LabFaultTests.OneLab one) : IClassFixture<LabFaultTests.OneLab>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AHealthyPairIsThereForTheOperator()
    {
        using var active = one.Client("lab-active");
        using var standby = one.Client("lab-standby");

        Assert.Equal(new Dictionary<string, int> { ["dapp"] = 2, ["dapi"] = 2, ["erpc"] = 1, ["workflow"] = 1, ["indexer"] = 1, ["txsigner"] = 1 }, await ReadyAsync(active));
        Assert.Equal(new Dictionary<string, int> { ["dapp"] = 2, ["dapi"] = 2, ["erpc"] = 1, ["workflow"] = 0, ["indexer"] = 0, ["txsigner"] = 0 }, await ReadyAsync(standby));
        Assert.Equal(4, Assert.Single((await active.AppsV1.ListNamespacedStatefulSetAsync("dalp", cancellationToken: Token)).Items).Status.ReadyReplicas);
        Assert.All((await active.CoreV1.ListNamespacedPersistentVolumeClaimAsync("dalp", cancellationToken: Token)).Items, claim => Assert.Equal("Bound", claim.Status.Phase));
        Assert.Equal(await StateAsync(active, requiredOnly: true), await StateAsync(standby, requiredOnly: true));
        var regions = new[] { await RegionAsync(active), await RegionAsync(standby) };
        Assert.Equal(2, regions.Distinct().Count());
    }

    [Fact]
    public async Task TheOperatorMayDoWhatAFailoverNeedsAndNoMore()
    {
        using var standby = one.Client("lab-standby");

        Assert.True(await MayAsync(standby, "patch", "apps", "deployments", null));
        Assert.True(await MayAsync(standby, "create", "", "pods", "portforward"));
        Assert.False(await MayAsync(standby, "delete", "", "secrets", null));
        Assert.False(await MayAsync(standby, "create", "", "namespaces", null));
    }

    [Theory]
    [InlineData(LabFault.MissingSecret, SiteRole.Standby)]
    [InlineData(LabFault.MissingSecret, SiteRole.Active)]
    [InlineData(LabFault.DifferentSecret, SiteRole.Standby)]
    [InlineData(LabFault.ImageDrift, SiteRole.Standby)]
    [InlineData(LabFault.CrashLoop, SiteRole.Standby)]
    [InlineData(LabFault.ExpiredCertificate, SiteRole.Active)]
    [InlineData(LabFault.NodeLoss, SiteRole.Standby)]
    public async Task AFaultOfTheClusterShowsAndGoes(LabFault fault, SiteRole site)
    {
        using var cluster = one.Client(site == SiteRole.Active ? "lab-active" : "lab-standby");
        var before = await StateAsync(cluster);

        Assert.Equal(LabFaultState.Injected, (await one.Control.InjectAsync(fault, site, Token)).State);
        var broken = await StateAsync(cluster);
        Assert.Equal(LabFaultState.AlreadyInjected, (await one.Control.InjectAsync(fault, site, Token)).State);
        Assert.Contains((await one.Control.GetStatusAsync(Token)).Faults, shown => shown.Name == fault && shown.Site == site);
        Assert.Equal(LabFaultState.Undone, (await one.Control.UndoAsync(fault, site, Token)).State);
        Assert.Equal(LabFaultState.NotInjected, (await one.Control.UndoAsync(fault, site, Token)).State);

        Assert.NotEqual(before, broken);
        Assert.Equal(before, await StateAsync(cluster));
        Assert.Empty((await one.Control.GetStatusAsync(Token)).Faults);
    }

    [Fact]
    public async Task ACrashLoopLooksLikeOne()
    {
        using var cluster = one.Client("lab-standby");
        await one.Control.InjectAsync(LabFault.CrashLoop, null, Token);

        var pods = await cluster.CoreV1.ListNamespacedPodAsync("dalp", labelSelector: "app.kubernetes.io/component=dapi", cancellationToken: Token);
        await one.Control.UndoAsync(LabFault.CrashLoop, null, Token);

        Assert.Equal(2, pods.Items.Count);
        Assert.All(pods.Items.Select(pod => pod.Status.ContainerStatuses[0]), status =>
        {
            Assert.Equal("CrashLoopBackOff", status.State.Waiting.Reason);
            Assert.True(status.RestartCount > 5);
        });
    }

    [Fact]
    public async Task AnExpiredCertificateHasExpired()
    {
        using var cluster = one.Client("lab-active");
        await one.Control.InjectAsync(LabFault.ExpiredCertificate, SiteRole.Active, Token);
        var expired = await CertificateAsync(cluster);
        await one.Control.UndoAsync(LabFault.ExpiredCertificate, SiteRole.Active, Token);
        var good = await CertificateAsync(cluster);

        var now = TimeProvider.System.GetUtcNow();
        Assert.True(expired < now);
        Assert.True(good > now.AddDays(80));
    }

    [Theory]
    [InlineData(LabFault.ApiHung)]
    [InlineData(LabFault.ApiFailing)]
    public async Task AnApiThatIsBrokenAnswersAgainWhenUndone(LabFault fault)
    {
        using var cluster = one.Client("lab-standby", TimeSpan.FromSeconds(2));
        await one.Control.InjectAsync(fault, null, Token);
        var failure = await Record.ExceptionAsync(() => cluster.CoreV1.ReadNamespaceAsync("dalp", cancellationToken: Token));
        var inTheWay = await Record.ExceptionAsync(() => one.Control.InjectAsync(fault == LabFault.ApiHung ? LabFault.ApiFailing : LabFault.ApiHung, null, Token));
        await one.Control.UndoAsync(fault, null, Token);

        Assert.True(fault == LabFault.ApiHung ? failure is OperationCanceledException : failure is HttpOperationException, failure?.ToString());
        Assert.Equal("LabFaultInTheWay", Assert.IsType<DalpException>(inTheWay).ErrorId);
        Assert.Equal("dalp", (await cluster.CoreV1.ReadNamespaceAsync("dalp", cancellationToken: Token)).Metadata.Name);
    }

    [Fact]
    public async Task TheDatabasePairBreaksAndHeals()
    {
        Assert.Equal("LabFaultHasNoSite", (await Assert.ThrowsAsync<DalpException>(() => one.Control.InjectAsync(LabFault.ReplayPaused, SiteRole.Active, Token))).ErrorId);

        await one.Control.InjectAsync(LabFault.ReplayPaused, null, Token);
        Assert.Equal(true, await StandbyAsync("SELECT pg_is_wal_replay_paused()"));
        await one.Control.InjectAsync(LabFault.StandbyDatabaseKilled, null, Token);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => StandbyAsync("SELECT true"));
        await one.Control.UndoAsync(LabFault.StandbyDatabaseKilled, null, Token);
        Assert.Equal(true, await StandbyAsync("SELECT pg_is_wal_replay_paused()"));
        await one.Control.UndoAsync(LabFault.ReplayPaused, null, Token);
        Assert.Equal(false, await StandbyAsync("SELECT pg_is_wal_replay_paused()"));

        await one.Control.InjectAsync(LabFault.ReplicationLinkCut, null, Token);
        Assert.Contains((await one.Control.GetStatusAsync(Token)).Faults, fault => fault.Name == LabFault.ReplicationLinkCut);
        await one.Control.UndoAsync(LabFault.ReplicationLinkCut, null, Token);
        Assert.Equal(true, await StandbyAsync("SELECT count(*) = 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'"));
    }

    [Fact]
    public async Task TheLoadReachesTheStandby()
    {
        Assert.Equal(50, (await one.Control.SetWriteLoadAsync(50, Token)).WriteLoad);
        await DalpHa.Lab.Hosting.Eventually.HoldsAsync(
            "the load's table is on the standby", async _ => await StandbyAsync("SELECT count(*) = 1 FROM pg_tables WHERE schemaname = 'lab' AND tablename = 'load'") is true, Token);
        Assert.Equal(0, (await one.Control.SetWriteLoadAsync(0, Token)).WriteLoad);
    }

    [Fact]
    public async Task TheControlEndpointRefusesAStranger()
    {
        using var stranger = new LabClient(one.Lab with { ControlToken = "guess" }, TimeSpan.FromSeconds(5));

        Assert.Equal("LabTokenWrong", (await Assert.ThrowsAsync<DalpException>(() => stranger.StopAsync(Token))).ErrorId);
    }

    private static async Task<Dictionary<string, int>> ReadyAsync(IKubernetes cluster) =>
        (await cluster.AppsV1.ListNamespacedDeploymentAsync("dalp", cancellationToken: Token)).Items.ToDictionary(
            one => one.Metadata.Labels["app.kubernetes.io/component"], one => one.Status.ReadyReplicas ?? 0);

    private static async Task<string> RegionAsync(IKubernetes cluster) =>
        (await cluster.CoreV1.ListNodeAsync(cancellationToken: Token)).Items.Select(node => node.Metadata.Labels["topology.kubernetes.io/region"]).Distinct().Single();

    private static async Task<bool> MayAsync(IKubernetes cluster, string verb, string group, string resource, string? subresource)
    {
        var attributes = new V1ResourceAttributes { Verb = verb, Group = group, Resource = resource, Subresource = subresource, NamespaceProperty = "dalp" };
        var review = new V1SelfSubjectAccessReview { Spec = new V1SelfSubjectAccessReviewSpec { ResourceAttributes = attributes } };
        return (await cluster.AuthorizationV1.CreateSelfSubjectAccessReviewAsync(review, cancellationToken: Token)).Status.Allowed;
    }

    private static async Task<DateTimeOffset> CertificateAsync(IKubernetes cluster)
    {
        var secret = await cluster.CoreV1.ReadNamespacedSecretAsync("dalp-tls", "dalp", cancellationToken: Token);
        using var certificate = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(secret.Data["tls.crt"]));
        return certificate.NotAfter.ToUniversalTime();
    }

    // What an operator would compare: the secrets' content, and how nodes and workloads fare, without what changes by itself.
    private static async Task<string> StateAsync(IKubernetes cluster, bool requiredOnly = false)
    {
        var secrets = (await cluster.CoreV1.ListNamespacedSecretAsync("dalp", cancellationToken: Token)).Items
            .Select(secret => $"{secret.Metadata.Name}/{secret.Type}: {string.Join(' ', secret.Data.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}={Convert.ToBase64String(entry.Value)}"))}");
        if (requiredOnly)
        {
            return string.Join('\n', secrets.Where(secret => PlatformSecrets.Required.Contains(secret.Split('/')[0])));
        }
        var workloads = (await cluster.AppsV1.ListNamespacedDeploymentAsync("dalp", cancellationToken: Token)).Items
            .Select(one => $"{one.Metadata.Name}: {one.Status.ReadyReplicas ?? 0}/{one.Spec.Replicas} {one.Spec.Template.Spec.Containers[0].Image}");
        var pods = (await cluster.CoreV1.ListNamespacedPodAsync("dalp", cancellationToken: Token)).Items
            .Select(pod => $"{pod.Metadata.Labels["app.kubernetes.io/component"]} {pod.Status.Phase} {pod.Status.ContainerStatuses[0].ImageID} {pod.Status.ContainerStatuses[0].RestartCount}").Order();
        var nodes = (await cluster.CoreV1.ListNodeAsync(cancellationToken: Token)).Items
            .Select(node => $"{node.Metadata.Name}: {node.Status.Conditions.Single(condition => condition.Type == "Ready").Status} {node.Spec?.Taints?.Count ?? 0}");
        return string.Join('\n', [.. secrets, .. workloads, .. pods, .. nodes]);
    }

    private async Task<object?> StandbyAsync(string sql)
    {
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = one.Lab.Databases[1].Port,
            Database = "dalp",
            Username = "dalpha",
            Passfile = one.Lab.PasswordFile,
            Pooling = false,
            Timeout = 5,
        };
        await using var connection = new NpgsqlConnection(builder.ConnectionString);
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }

    /// <summary>The lab that the faults share.</summary>
    public sealed class OneLab : IAsyncLifetime
    {
        private readonly LabHouse house = new();

        /// <summary>Its record.</summary>
        public LabRecord Lab { get; private set; } = null!;

        /// <summary>Its control endpoint.</summary>
        public LabClient Control { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            Lab = await house.StartAsync(house.Settings("lab"));
            Control = new LabClient(Lab, TimeSpan.FromSeconds(60));
        }

        /// <summary>A client of one of its contexts.</summary>
        public IKubernetes Client(string context, TimeSpan? timeout = null)
        {
            var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(Lab.KubeconfigPath, context);
            configuration.HttpClientTimeout = timeout ?? TimeSpan.FromSeconds(20);
            return new k8s.Kubernetes(configuration);
        }

        /// <inheritdoc/>
        public async ValueTask DisposeAsync()
        {
            Control?.Dispose();
            await house.DisposeAsync();
        }
    }
}
