using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Topology;

/// <summary>A topology as it is after a failover.</summary>
public sealed class SwappedTopologyTests
{
    private static readonly DalpTopology Before = new()
    {
        Name = "production",
        Path = "/etc/dalpha.yaml",
        Active = new DalpSite { Role = SiteRole.Active, Name = "west", Cluster = new ClusterAddress("dalp-west"), Namespace = "dalp", Validators = [] },
        Standby = new DalpSite { Role = SiteRole.Standby, Name = "east", Cluster = new ClusterAddress("dalp-east"), Namespace = "dalp2" },
        Registries = [new RegistryPair("registry.west", "registry.east")],
    };

    [Fact]
    public void The_sites_change_their_roles_and_keep_all_else()
    {
        var after = Before.Swapped();
        Assert.Equal(Before.Standby with { Role = SiteRole.Active }, after.Active);
        Assert.Equal(Before.Active with { Role = SiteRole.Standby }, after.Standby);
        Assert.Equal([new RegistryPair("registry.east", "registry.west")], after.Registries);
        Assert.Equal((Before.Name, null), (after.Name, after.Path));
    }

    [Fact]
    public void Twice_is_as_before_but_for_the_file_that_it_no_longer_is()
    {
        var twice = Before.Swapped().Swapped();
        Assert.Equal((Before.Active, Before.Standby), (twice.Active, twice.Standby));
        Assert.Equal(Before.Registries, twice.Registries);
    }
}
