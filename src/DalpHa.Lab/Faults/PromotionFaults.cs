using System.Globalization;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Lab.Postgres;

namespace DalpHa.Lab.Faults;

/// <summary>A promotion takes long: between the new timeline and the first write PostgreSQL runs its <c>recovery_end_command</c>, which sleeps.</summary>
internal sealed class SlowPromotionFault : ILabFault
{
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(10);

    public LabFault Name => LabFault.SlowPromotion;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var server = await StandbyServer.DemandAsync(scene, Name, cancellationToken);
        var seconds = ((int)(scene.Length ?? Default).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        // Not by ALTER SYSTEM: an operator may forbid it.
        await server.KeepSettingsAsync(PostgresData.FaultFile, PostgresData.Lines([new("recovery_end_command", $"sleep {seconds}")]), cancellationToken);
        return new Injection($"Database/{server.Name}", async token =>
        {
            if (server.ProcessId is null)
            {
                throw FaultInTheWay.Because($"{server.Name} does not run, so its settings can't be put back.", "Undo the fault first that keeps it from running.", server.Name);
            }
            await server.KeepSettingsAsync(PostgresData.FaultFile, "", token);
        });
    }
}

/// <summary>
/// A promotion fails, and the standby stays one: the file by which a server is told to become primary can't be made, since a link of its name leads nowhere.
/// PostgreSQL removes the link when it starts; then the fault is over.
/// </summary>
internal sealed class PromotionFailsFault : ILabFault
{
    public LabFault Name => LabFault.PromotionFails;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var server = await StandbyServer.DemandAsync(scene, Name, cancellationToken);
        var signal = Path.Combine(server.DataFolder, "promote");
        File.CreateSymbolicLink(signal, Path.Combine(server.DataFolder, "no such folder", "promote"));
        return new Injection($"Database/{server.Name}", _ =>
        {
            File.Delete(signal);
            return Task.CompletedTask;
        });
    }
}

/// <summary>The server that a fault of promotions is put on.</summary>
internal static class StandbyServer
{
    public static async Task<PostgresServer> DemandAsync(FaultScene scene, LabFault fault, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new DalpException("LabFaultNotPossible", FaultKind.InvalidInput, $"The fault {fault} needs a shell and symbolic links as Unix has them.", "Rehearse it in a lab on Linux or macOS.", fault.ToString());
        }
        var server = scene.Region.Database.Server;
        return await PostgresPair.IsInRecoveryAsync(server, cancellationToken) == true
            ? server
            : throw FaultInTheWay.Because($"{server.Name} is not a standby that runs: nobody can promote it.", "Put the fault on the other site (-Site), or start the server first.", server.Name);
    }
}
