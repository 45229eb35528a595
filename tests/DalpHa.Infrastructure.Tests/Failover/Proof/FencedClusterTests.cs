using System.Text.Json;
using DalpHa.Core.Clusters;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Lab;
using DalpHa.Infrastructure.Tests.Processes;
using DalpHa.Infrastructure.Tests.RealApi;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Postgres;
using k8s;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>What somebody asks after the former active site was isolated: what have we lost? Its Cluster is fenced then, and its PostgreSQL answers nobody.</summary>
public sealed class FencedClusterTests(RealClusters clusters)
{
    private const string Compare = "Compare-DalpDatabase $topology -TimeoutSeconds 20";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LabApiServer.Lab)]
    [InlineData(LabApiServer.Real)]
    public async Task A_fenced_Cluster_tells_the_same_as_its_server_did_before(LabApiServer api)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The lab's servers are asked to stop by signals.");
        Assert.SkipWhen(api == LabApiServer.Real && clusters.SkipReason is not null, clusters.SkipReason ?? "");
        await using var lab = await LabInside.StartAsync(settings => settings with { Database = LabDatabaseKind.CloudNativePgReplica, ApiServer = api });
        using var state = new TestFolder();
        await PartAsync(lab);

        var alive = Assert.Single(await RunAsync(lab, state, Compare));
        Assert.Equal(("Diverged", 7L), (Text(alive, "Verdict"), alive.GetProperty("LostTransactions").GetInt64()));

        var unfenced = Assert.Single(await RunAsync(lab, state, "Protect-DalpSite $topology -Site Active -PostgresCluster postgresql-primary -Confirm:$false | Out-Null; " + Compare));
        Assert.Equal(("Unknown", JsonValueKind.Null), (Text(unfenced, "Verdict"), unfenced.GetProperty("LostTransactions").ValueKind));
        Assert.Contains("-PostgresCluster", Text(unfenced, "Detail"), StringComparison.Ordinal);

        var fenced = Assert.Single(await RunAsync(lab, state, $"{Compare} -PostgresCluster postgresql-primary"));
        foreach (var figure in new[] { "Verdict", "Timeline", "PrimaryTimeline", "ForkTimeline", "LostTransactions", "FirstLostAt", "LastLostAt", "LosesNothing" })
        {
            Assert.True(alive.GetProperty(figure).ToString() == fenced.GetProperty(figure).ToString(), $"{figure}: {alive} {fenced}");
        }
        Assert.Equal(Text(alive, "ForkLsn"), Text(fenced, "ForkLsn"));
        Assert.True(fenced.GetProperty("LostBytes").GetInt64() > alive.GetProperty("LostBytes").GetInt64());
        Assert.False(fenced.GetProperty("TakesWrites").GetBoolean());
        Assert.Contains("Read from the files of postgresql-primary-1", Text(fenced, "Detail"), StringComparison.Ordinal);

        // It is granted for the instances' pods by their names: for all pods it is not.
        await using (var cluster = Open(lab, lab.Active))
        {
            Assert.All(await cluster.ReviewAccessAsync(RequiredPermissions.ForStoppedDatabase("dalp"), Token), decision => Assert.False(decision.IsAllowed, decision.ToString()));
        }
        await lab.Active.Admin.RbacAuthorizationV1.DeleteNamespacedRoleBindingAsync("dalpha-stopped-database", "dalp", cancellationToken: Token);
        var refused = Assert.Single(await RunAsync(lab, state, $"{Compare} -PostgresCluster postgresql-primary"));
        Assert.Equal(("Unknown", JsonValueKind.Null), (Text(refused, "Verdict"), refused.GetProperty("LostTransactions").ValueKind));
        Assert.Contains("verbs 'get' and 'create' on 'pods/exec' in namespace 'dalp'", Text(refused, "Detail"), StringComparison.Ordinal);
    }

    /// <summary>The standby's Cluster is promoted behind a cut link, and the former primary commits alone.</summary>
    private static async Task PartAsync(LabInside lab)
    {
        var pair = lab.Lab.Databases;
        await lab.StopHousekeepingAsync();
        await pair.Primary.ExecuteAsync("CREATE TABLE payments (number int)", Token, pair.Database);
        await pair.WaitForStreamingAsync(Token);
        pair.CutLink(silently: false);
        await using (var cluster = Open(lab, lab.Standby))
        {
            var postgres = new Infrastructure().OpenCloudNativePg(cluster);
            await postgres.DisableReplicaAsync((await postgres.FindAsync("dalp", "postgresql-replica", Token))!, Token);
        }
        await Eventually.HoldsAsync("the other site is promoted", async token => await PostgresPair.IsInRecoveryAsync(pair.Standby, token) == false, Token);
        for (var number = 1; number <= 7; number++)
        {
            await pair.Primary.ExecuteAsync($"INSERT INTO payments VALUES ({number})", Token, pair.Database);
        }
    }

    private static Core.Ports.ICluster Open(LabInside lab, Region region) =>
        new Infrastructure().OpenCluster(new ClusterAddress(region.Site.Context, lab.Record.KubeconfigPath), TimeSpan.FromSeconds(20));

    private static string Text(JsonElement result, string property) => result.GetProperty(property).ToString();

    private static async Task<IReadOnlyList<JsonElement>> RunAsync(LabInside lab, TestFolder state, string command)
    {
        await using var process = FailoverProcess.Start(state.Path, $"$topology = '{lab.Record.TopologyPath}'\n{command}");
        var ended = await process.EndAsync();
        Assert.True(ended.Code == 0, $"{ended.Code}: {ended.Output}{ended.Errors}");
        return ended.Objects;
    }
}
