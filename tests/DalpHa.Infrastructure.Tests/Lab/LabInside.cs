using DalpHa.Core.Lab;
using DalpHa.Lab.Hosting;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>A lab inside the test's process, so that a test can do to its servers what nobody outside may.</summary>
internal sealed class LabInside : IAsyncDisposable
{
    private readonly string root;
    private readonly LabClaim claim;

    private LabInside(string root, LabClaim claim, RunningLab lab, LabDatabaseKind databaseKind)
    {
        this.root = root;
        this.claim = claim;
        Lab = lab;
        DatabaseKind = databaseKind;
    }

    /// <summary>Who looks after its databases.</summary>
    public LabDatabaseKind DatabaseKind { get; }

    public RunningLab Lab { get; }

    /// <summary>What is recorded of it: its folder, topology and kubeconfig.</summary>
    public LabRecord Record => claim.Record;

    public Region Active => Lab.Regions[0];

    public Region Standby => Lab.Regions[1];

    public static async Task<LabInside> StartAsync(Func<LabSettings, LabSettings> change)
    {
        var root = Directory.CreateTempSubdirectory("dalpha-inside-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        }
        var settings = change(new LabSettings { Name = "lab", Folder = Path.Combine(root, "lab") });
        var claim = await LabClaim.TakeAsync(settings, new LabRegistry(Path.Combine(root, "labs")), TimeProvider.System, TestContext.Current.CancellationToken);
        try
        {
            var lab = await RunningLab.StartAsync(settings, claim, TimeProvider.System, NullLogger.Instance, NullLogger.Instance, _ => { }, () => { }, TestContext.Current.CancellationToken);
            return new LabInside(root, claim, lab, settings.Database);
        }
        catch
        {
            await claim.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client as an operator has it: through the region's door.</summary>
    public IKubernetes Operator(Region region, TimeSpan timeout)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(claim.Record.KubeconfigPath, region.Site.Context);
        configuration.HttpClientTimeout = timeout;
        return new k8s.Kubernetes(configuration);
    }

    /// <summary>Keeps the databases from housekeeping: whether it commits within a test is chance. Where an operator runs them, he sets it.</summary>
    public async Task StopHousekeepingAsync()
    {
        var token = TestContext.Current.CancellationToken;
        foreach (var (region, server) in Lab.Regions.Zip([Lab.Databases.Primary, Lab.Databases.Standby]))
        {
            if (DatabaseKind == LabDatabaseKind.SelfRun)
            {
                await server.ExecuteAsync("ALTER SYSTEM SET autovacuum = off", token);
                await server.ExecuteAsync("SELECT pg_reload_conf()", token);
            }
            else
            {
                await region.Admin.CustomObjects.PatchNamespacedCustomObjectAsync(
                    new V1Patch(new { spec = new { postgresql = new { parameters = new { autovacuum = "off" } } } }, V1Patch.PatchType.MergePatch),
                    "postgresql.cnpg.io", "v1", "dalp", "clusters", region.Site.DatabaseCluster, cancellationToken: token);
            }
            await Eventually.HoldsAsync($"{server.Name} does no housekeeping", async cancellationToken => await server.ExecuteAsync("SHOW autovacuum", cancellationToken) is "off", token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Lab.DisposeAsync();
        await claim.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }
}
