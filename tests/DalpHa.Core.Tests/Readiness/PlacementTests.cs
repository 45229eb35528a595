using CsCheck;
using DalpHa.Core.Clusters;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Tests.Readiness;

public sealed class PlacementTests
{
    private static readonly Gen<ResourceAmounts> Amounts = Gen.Select(Gen.Int[0, 8], Gen.Int[0, 8], (cpu, memory) => new ResourceAmounts(cpu / 2m, memory));
    private static readonly Gen<NodeRoom> Rooms = Gen.Select(Amounts, Gen.Int[0, 5], (free, pods) => new NodeRoom("n", free, pods));
    private static readonly Gen<PodDemand> Demands = Gen.Select(Amounts, Gen.Int[1, 4], (each, count) => new PodDemand("d", each, count));

    [Fact]
    public void What_fits_fits_in_sum() => Gen.Select(Rooms.List[0, 5], Demands.List[0, 5]).Sample((rooms, demands) =>
    {
        var placement = Placement.Try(rooms, demands);
        return !placement.Fits || placement.SumFits;
    });

    [Fact]
    public void A_pod_larger_than_every_node_never_fits() => Gen.Select(Rooms.List[1, 5], Demands.List[0, 3]).Sample((rooms, demands) =>
    {
        var big = new PodDemand("big", new ResourceAmounts(rooms.Max(room => room.Free.Cpu) + 0.001m, 0), 1);
        return Placement.Try(rooms, [.. demands, big]).Unplaced.Any(unplaced => unplaced.Demand == big && !unplaced.FitsAnEmptyPlace);
    });

    [Fact]
    public void Another_node_never_takes_room_away_from_the_sum() => Gen.Select(Rooms.List[0, 4], Rooms, Demands.List[0, 4]).Sample((rooms, more, demands) =>
        !Placement.Try(rooms, demands).SumFits || Placement.Try([.. rooms, more], demands).SumFits);

    [Fact]
    public void The_sum_may_fit_where_the_pieces_do_not()
    {
        var placement = Placement.Try([new("a", new(2, 0), 9), new("b", new(2, 0), 9)], [new("big", new(3, 0), 1)]);

        Assert.True(placement.SumFits);
        Assert.False(Assert.Single(placement.Unplaced).FitsAnEmptyPlace);
    }

    [Fact]
    public void Room_counts_only_nodes_that_take_pods_and_is_never_negative()
    {
        Node[] nodes =
        [
            Given.Node("full", 1, "r"),
            Given.Node("cordoned", 8, "r") with { IsUnschedulable = true },
            Given.Node("down", 8, "r") with { IsReady = false },
            Given.Node("tainted", 8, "r") with { BlockingTaints = ["a=b:NoSchedule"] },
        ];

        var room = Assert.Single(Placement.RoomOf(nodes, [new PodRequests("full", new(3, 1)), new PodRequests("gone", new(1, 1))]));

        Assert.Equal(("full", 0m, 109), (room.Name, room.Free.Cpu, room.FreePods));
    }
}
