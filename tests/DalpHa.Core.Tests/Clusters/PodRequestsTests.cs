using DalpHa.Core.Clusters;

namespace DalpHa.Core.Tests.Clusters;

/// <summary>What a pod asks of a node, counted as the scheduler does. Containers are written <c>name:cpu</c>, in their order.</summary>
public sealed class PodRequestsTests
{
    [Theory]
    [InlineData("run:1 run:2", 0, 3)]
    [InlineData("init:5 run:1 run:2", 0, 5)]
    [InlineData("init:2 init:3 run:4", 0, 4)]
    [InlineData("sidecar:1 run:2", 0, 3)]
    [InlineData("sidecar:1 init:4 run:2", 0, 5)]
    [InlineData("init:4 sidecar:1 run:2", 0, 4)]
    [InlineData("sidecar:1 sidecar:2 init:1 run:3", 0, 6)]
    [InlineData("run:1", 0.25, 1.25)]
    [InlineData("init:3 run:1", 0.25, 3.25)]
    [InlineData("", 0, 0)]
    public void Largest_moment_of_a_pods_life_counts(string containers, double overhead, double expected)
    {
        var templates = containers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => c.Split(':')).Select(c =>
            new ContainerTemplate(c[0], "image", c[0] != "run", new ResourceAmounts(decimal.Parse(c[1]), decimal.Parse(c[1]) * 10)) { IsSidecar = c[0] == "sidecar" });
        var requests = ContainerTemplate.RequestsOfPod(templates, new ResourceAmounts((decimal)overhead, 0));
        Assert.Equal((decimal)expected, requests.Cpu);
        Assert.Equal(((decimal)expected - (decimal)overhead) * 10, requests.MemoryBytes);
    }
}
