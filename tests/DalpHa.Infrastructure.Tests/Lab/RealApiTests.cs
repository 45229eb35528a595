using System.Security.Cryptography.X509Certificates;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Kubernetes;
using DalpHa.Infrastructure.Tests.RealApi;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Seed;
using k8s;
using Microsoft.Extensions.Logging.Abstractions;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>The seed and the kubelet stand-in are ordinary API clients: they work on a real kube-apiserver as well.</summary>
public sealed class RealApiTests(RealClusters clusters)
{
    [Fact]
    public async Task SeededSiteComesUpOnARealApiServer()
    {
        Assert.SkipWhen(clusters.SkipReason is not null, clusters.SkipReason ?? "");
        var cancellationToken = TestContext.Current.CancellationToken;
        var server = await clusters.ForPlatformAsync();
        using var client = new k8s.Kubernetes(new KubernetesClientConfiguration
        {
            Host = server.Address.AbsoluteUri,
            SslCaCerts = [X509Certificate2.CreateFromPem(server.CertificateAuthorityPem)],
            AccessToken = TestUsers.Admin.Token,
        });
        var site = new LabSite(SiteRole.Active, "lab-active", "lab-west", "postgresql-primary-1", 5432);

        await using var controllers = ControllerLoop.ForRealApi(client, PodReadiness.AtOnce, new RunningWriters(), TimeProvider.System, NullLogger.Instance);
        await Seeder.SeedAsync(client, site, new PlatformSecrets(DalpHa.Lab.Postgres.PairPasswords.Generate(), TimeProvider.System), isDatabaseManaged: false, cancellationToken);

        await Eventually.HoldsAsync("the validators and the platform are ready and have their volumes", async token =>
        {
            var deployments = await client.AppsV1.ListNamespacedDeploymentAsync(LabSite.Namespace, cancellationToken: token);
            var validators = await client.AppsV1.ReadNamespacedStatefulSetAsync("besu-validator", LabSite.Namespace, cancellationToken: token);
            var claims = await client.CoreV1.ListNamespacedPersistentVolumeClaimAsync(LabSite.Namespace, cancellationToken: token);
            return claims.Items.Count == 6 && claims.Items.All(claim => claim.Status.Phase == "Bound") && deployments.Items.Count == 6 && deployments.Items.All(one => one.Status.ReadyReplicas == one.Spec.Replicas) && validators.Status.ReadyReplicas == 4;
        }, cancellationToken);
    }
}
