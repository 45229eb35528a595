using DalpHa.Core.Failover;
using DalpHa.Core.Lab;
using DalpHa.Lab.Hosting;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>
/// Somebody vouches for an active site whose PostgreSQL is silent, while the API of its cluster answers. Its Cluster is demoted whatever he said, and nothing there says
/// "primary" any more; the token is used where its operator can still write one.
/// </summary>
public sealed class VouchedClusterTests
{
    private const string Gone = "-MaxDataLoss ([timespan]::MaxValue) -ActiveIsGone 'Head of Operations: nobody gets an answer from its database'";

    [Theory]
    [InlineData(false, "Pass")]
    [InlineData(true, "Warn")]
    public async Task Its_Cluster_is_demoted_and_promoted_over_by_token_where_it_only_does_not_reach_us(bool isDead, string way)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The lab's servers are asked to stop by signals.");
        await using var scene = await GatedLab.StartAsync(LabDatabaseKind.CloudNativePg);
        await using var watch = new WriterWatch(scene.Pair);
        await Eventually.HoldsAsync("the former primary takes writes", _ => Task.FromResult(watch.West > 20), TestContext.Current.CancellationToken);
        if (isDead)
        {
            await scene.Pair.Primary.KillAsync(TestContext.Current.CancellationToken);
        }
        scene.Databases[0].IsCut = true;
        var machine = scene.NewMachine();
        await using var process = FailoverProcess.Start(machine, FailoverScripts.Begin(scene, Gone));
        var ended = await process.EndAsync();

        Assert.True(ended.Failover.GetProperty("Outcome").GetString() == "Succeeded", ended.Output + ended.Errors);
        var found = ended.Failover.GetProperty("Steps").EnumerateArray().Single(step => step.GetProperty("Step").GetString() == "promote").GetProperty("Findings").EnumerateArray()
            .Single(finding => finding.GetProperty("Check").GetString() == "ReturnCluster");
        Assert.Equal(way, found.GetProperty("Status").GetString());
        Assert.Equal(1, scene.Gates.Done.Count(write => write == "west PATCH clusters/postgresql-primary"));
        var sites = await scene.DescribeAsync();
        Assert.Contains("postgresql-primary: primary postgresql-replica,", sites, StringComparison.Ordinal);
        Assert.Contains($"postgresql-replica: primary postgresql-replica, enabled , {(isDead ? "no token" : "a token")}", sites, StringComparison.Ordinal);
        var demotion = JournalFile.Read(Assert.Single(FailoverScene.JournalsOf(machine))).Records.Single(record => record is { Event: JournalEvent.Done, Action: "Demote Cluster/postgresql-primary" });
        Assert.Equal(isDead, demotion.Data.ContainsKey("withoutToken"));

        var kept = await watch.EndAsync(scene.Pair);
        Assert.Equal(0, watch.Both);
        Assert.True(watch.East > 0, "The promoted server took no write of the watch.");
        // A dead one's last moments are what the loss was accepted for.
        Assert.True(isDead ? kept <= watch.West : kept == watch.West, $"{watch.West} commits of the former primary, and the promoted one has {kept}.");
    }
}
