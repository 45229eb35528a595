using System.Text.Json;
using System.Text.Json.Nodes;
using DalpHa.Core.Lab;
using DalpHa.Infrastructure.Tests.Lab;
using DalpHa.Lab.Seed;
using k8s;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>The scene of one failover whose databases an operator runs. It can't be put back: each failover has a lab of its own.</summary>
internal sealed class GatedLab : FailoverScene, IAsyncDisposable
{
    private readonly LabInside lab;

    private GatedLab(LabInside lab) => this.lab = lab;

    /// <summary>The lab's own.</summary>
    internal override string Runbook => LabFolder.Runbook(lab.Record.Folder);

    /// <summary>Starts one.</summary>
    /// <param name="kind">Who looks after its databases.</param>
    public static async Task<GatedLab> StartAsync(LabDatabaseKind kind)
    {
        var lab = await LabInside.StartAsync(settings => settings with { Database = kind });
        var scene = new GatedLab(lab) { Pair = lab.Lab.Databases, Regions = lab.Lab.Regions };
        try
        {
            await WriterWatch.PrepareAsync(scene.Pair, TestContext.Current.CancellationToken);
            await scene.OpenGatesAsync();
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseGatesAsync();
        await lab.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>What is asked of each Cluster stands there too; not its tokens, which tell positions.</summary>
    internal override async Task<string> DescribeAsync()
    {
        var clusters = await Task.WhenAll(Regions.Select(async region =>
        {
            var cluster = JsonSerializer.SerializeToNode(await region.Admin.CustomObjects.GetNamespacedCustomObjectAsync(
                "postgresql.cnpg.io", "v1", LabSite.Namespace, "clusters", region.Site.DatabaseCluster))!.AsObject();
            var replica = cluster["spec"]!["replica"]?.AsObject();
            return $"{region.Site.DatabaseCluster}: primary {replica?["primary"]}, enabled {replica?["enabled"]}, {(replica?["promotionToken"] is null ? "no token" : "a token")}, "
                + $"parameter {cluster["spec"]!["postgresql"]?["parameters"]?["default_transaction_read_only"]}, fenced {cluster["metadata"]!["annotations"]?["cnpg.io/fencedInstances"]}, {cluster["status"]!["phase"]}";
        }));
        return string.Join('\n', [await base.DescribeAsync(), .. clusters]);
    }
}
