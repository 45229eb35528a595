using DalpHa.Core.Topology;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Seed;
using k8s;
using Microsoft.Extensions.Logging.Abstractions;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>
/// The seed and the kubelet stand-in are ordinary API clients: they work on a real kube-apiserver as well. Needs an empty throw-away cluster
/// with a controller manager and no nodes, named by DALPHA_TEST_REAL_KUBECONFIG.
/// </summary>
public sealed class RealApiTests
{
    [Fact]
    public async Task SeededSiteComesUpOnARealApiServer()
    {
        var kubeconfig = Environment.GetEnvironmentVariable("DALPHA_TEST_REAL_KUBECONFIG");
        Assert.SkipWhen(kubeconfig is null, "DALPHA_TEST_REAL_KUBECONFIG names no throw-away cluster.");
        var cancellationToken = TestContext.Current.CancellationToken;
        using var client = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig));
        var site = new LabSite(SiteRole.Active, "lab-active", "lab-west", "postgresql-primary-1", 5432);

        await using var controllers = ControllerLoop.ForRealApi(client, TimeProvider.System, NullLogger.Instance);
        await Seeder.SeedAsync(client, site, new PlatformSecrets(DalpHa.Lab.Postgres.PairPasswords.Generate(), TimeProvider.System), cancellationToken);

        await Eventually.HoldsAsync("the validators and the platform are ready", async token =>
        {
            var deployments = await client.AppsV1.ListNamespacedDeploymentAsync(LabSite.Namespace, cancellationToken: token);
            var validators = await client.AppsV1.ReadNamespacedStatefulSetAsync("besu-validator", LabSite.Namespace, cancellationToken: token);
            return deployments.Items.Count == 6 && deployments.Items.All(one => one.Status.ReadyReplicas == one.Spec.Replicas) && validators.Status.ReadyReplicas == 4;
        }, cancellationToken);
    }
}
