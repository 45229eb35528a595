using DalpHa.Core.Failover;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Configuration;
using DalpHa.Infrastructure.Tests.Processes;
using DalpHa.Lab.Seed;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>The lab's runbook is one that DalpHa accepts for the lab's topology, whoever looks after its databases.</summary>
public sealed class LabRunbookTests
{
    [Theory]
    [InlineData(LabDatabaseKind.SelfRun, PromotionMethod.SelfRun, null)]
    [InlineData(LabDatabaseKind.CloudNativePg, PromotionMethod.CloudNativePgDistributed, "postgresql-primary postgresql-replica")]
    [InlineData(LabDatabaseKind.CloudNativePgReplica, PromotionMethod.CloudNativePgReplica, "postgresql-primary postgresql-replica")]
    public void ItFitsTheLabsTopologyAndNamesThePromotionThatItsDatabasesTake(LabDatabaseKind kind, PromotionMethod method, string? clusters)
    {
        using var folder = new TestFolder();
        LabSite active = new(SiteRole.Active, "lab-active", "lab-west", "postgresql-primary-1", 1), standby = new(SiteRole.Standby, "lab-standby", "lab-east", "postgresql-replica-1", 2);
        var (topology, runbook) = (Path.Combine(folder.Path, "dalpha.yaml"), Path.Combine(folder.Path, "runbook.yaml"));
        File.WriteAllText(topology, TopologyText.Of("lab", active, standby));
        File.WriteAllText(runbook, RunbookText.Of("lab", active, standby, kind, TimeProvider.System.GetUtcNow()));
        File.WriteAllText(LabFolder.RejoinHook(folder.Path), RejoinHookText.Of("lab", folder.Path));

        var reading = RunbookReader.Test(YamlReader.Read(runbook), TopologyReader.Read(YamlReader.Read(topology)).Require(), TimeProvider.System);

        Assert.Empty(reading.Diagnostics.Select(one => one.ToString()));
        var promotion = reading.Require().Promotion;
        Assert.Equal((method, clusters), (promotion.Method, promotion.ActiveCluster is null ? null : $"{promotion.ActiveCluster} {promotion.StandbyCluster}"));
    }
}
