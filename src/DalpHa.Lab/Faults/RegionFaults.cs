using DalpHa.Core.Lab;
using DalpHa.Lab.Postgres;

namespace DalpHa.Lab.Faults;

/// <summary>
/// The network to a region is gone: packets to its API, to its database and between the databases vanish. Inside, its controllers, its workloads and their
/// writes go on, and nobody outside can see or stop that.
/// </summary>
internal sealed class RegionUnreachableFault : ILabFault
{
    public LabFault Name => LabFault.RegionUnreachable;

    public Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        RegionDoors.DemandNoOther(scene, LabFault.RegionLost);
        RegionDoors.Set(scene, LinkState.Stalled);
        scene.Databases.CutLink(silently: true);
        return Task.FromResult(new Injection($"Region/{scene.Region.Site.Region}", async token =>
        {
            // Reset first: what was on its way when the network went must not be carried out now.
            RegionDoors.Set(scene, LinkState.Refused);
            RegionDoors.Set(scene, LinkState.Passing);
            if (!scene.IsInForce(LabFault.ReplicationLinkCut))
            {
                scene.Databases.CutLink(silently: false);
                scene.Databases.RestoreLink();
                await RegionDoors.WaitForStreamingAsync(scene, token);
            }
        }));
    }
}

/// <summary>
/// A region is gone: its database server is killed, and its API refuses connections. Undone, it comes back by itself as it was: with the objects that its API
/// held, and with its database in the role that it had, whatever was promoted elsewhere meanwhile.
/// </summary>
internal sealed class RegionLostFault : ILabFault
{
    public LabFault Name => LabFault.RegionLost;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        RegionDoors.DemandNoOther(scene, LabFault.RegionUnreachable);
        var server = scene.Region.Database.Server;
        // What another fault ended comes back with the last of them, in whatever order they are undone.
        var comesBack = server.ProcessId is not null || KeptDown.ByOther(scene, Name);
        RegionDoors.Set(scene, LinkState.Refused);
        await server.KillAsync(cancellationToken);
        return new Injection($"Region/{scene.Region.Site.Region}", async token =>
        {
            if (comesBack && !KeptDown.ByOther(scene, Name))
            {
                await server.StartAsync(token);
            }
            RegionDoors.Set(scene, LinkState.Passing);
            await RegionDoors.WaitForStreamingAsync(scene, token);
        });
    }
}

/// <summary>The ways into a region.</summary>
internal static class RegionDoors
{
    public static void Set(FaultScene scene, LinkState state)
    {
        scene.Region.Door.Set(state);
        scene.Region.Database.Door.Set(state);
    }

    public static void DemandNoOther(FaultScene scene, LabFault other)
    {
        if (scene.IsInForce(other))
        {
            throw FaultInTheWay.Because($"The region {scene.Region.Site.Region} is under the fault {other} already.", $"Undo {other} first.", scene.Region.Site.Region);
        }
    }

    public static async Task WaitForStreamingAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        if (!scene.IsInForce(LabFault.ReplayPaused) && scene.Databases.Link.State == LinkState.Passing && await scene.Databases.HasFirstRolesAsync(cancellationToken))
        {
            await scene.Databases.WaitForStreamingAsync(cancellationToken);
        }
    }
}
