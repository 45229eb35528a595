using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Lab.Postgres;

namespace DalpHa.Lab.Faults;

/// <summary>The network between primary and standby database is cut: packets vanish, and neither end is told.</summary>
internal sealed class ReplicationLinkCutFault : ILabFault
{
    public LabFault Name => LabFault.ReplicationLinkCut;

    public Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var pair = scene.Databases;
        pair.CutLink(silently: true);
        return Task.FromResult(new Injection($"Link/{pair.Standby.Name}", async token =>
        {
            // Reset first: what the ends still hold of the cut connection is not worth the wait for its resending.
            pair.CutLink(silently: false);
            pair.RestoreLink();
            if (!scene.IsInForce(LabFault.ReplayPaused) && await pair.HasFirstRolesAsync(token))
            {
                await pair.WaitForStreamingAsync(token);
            }
        }));
    }
}

/// <summary>The standby database receives and does not replay.</summary>
internal sealed class ReplayPausedFault : ILabFault
{
    public LabFault Name => LabFault.ReplayPaused;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var pair = scene.Databases;
        if (pair.Standby.ProcessId is null)
        {
            throw new DalpException(
                "LabFaultInTheWay", FaultKind.Conflict, "The standby database does not run, so its replay can't be paused.", "Undo the fault StandbyDatabaseKilled first.", pair.Standby.Name);
        }
        await pair.PauseReplayAsync(cancellationToken);
        return new Injection($"Database/{pair.Standby.Name}", async token =>
        {
            if (await PostgresPair.IsInRecoveryAsync(pair.Standby, token) == true)
            {
                await pair.ResumeReplayAsync(token);
            }
        });
    }
}

/// <summary>The standby database's server is killed.</summary>
internal sealed class StandbyDatabaseKilledFault : ILabFault
{
    public LabFault Name => LabFault.StandbyDatabaseKilled;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var pair = scene.Databases;
        await pair.Standby.KillAsync(cancellationToken);
        return new Injection($"Database/{pair.Standby.Name}", async token =>
        {
            if (KeptDown.ByOther(scene, Name))
            {
                return;
            }
            await pair.Standby.StartAsync(token);
            // A pause does not survive the server; the fault that is still in force does.
            if (scene.IsInForce(LabFault.ReplayPaused))
            {
                await pair.PauseReplayAsync(token);
            }
            else if (pair.Link.State == LinkState.Passing && await pair.HasFirstRolesAsync(token))
            {
                await pair.WaitForStreamingAsync(token);
            }
        });
    }
}

/// <summary>Whether a server may come back when a fault is undone.</summary>
internal static class KeptDown
{
    private static readonly LabFault[] Keeping = [LabFault.StandbyDatabaseKilled, LabFault.RegionLost, LabFault.DiskFull];

    /// <summary>Whether another fault in force on the site keeps its server from running: the undo of that one starts it.</summary>
    public static bool ByOther(FaultScene scene, LabFault undone) => Keeping.Any(fault => fault != undone && scene.IsInForce(fault));
}
