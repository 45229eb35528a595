using System.Diagnostics;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.Seed;
using Microsoft.Extensions.Logging.Abstractions;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>
/// Failovers of one scene, one after the other. After each it is put back in a second or two: the servers' data are copied back as they were, and the clusters' objects
/// patched back.
/// </summary>
public sealed class FailoverHouse : FailoverScene, IAsyncLifetime
{
    private IReadOnlyList<SiteDatabase> doors = [];

    /// <summary>The example's runbook, but that nobody is told.</summary>
    internal override string Runbook => Path.Combine(Root, "runbook.yaml");

    public async ValueTask InitializeAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        // The servers of a root run as another user, who must get through here.
        File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
        Pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = Path.Combine(Root, "databases") }, CancellationToken.None);
        await WriterWatch.PrepareAsync(Pair, CancellationToken.None);
        await StartSitesAsync();
        await Pair.WaitForStreamingAsync(CancellationToken.None);
        await StopServersAsync(PostgresStopMode.Fast);
        foreach (var server in new[] { Pair.Primary, Pair.Standby })
        {
            await CopyAsync(server.DataFolder, server.DataFolder + ".start");
        }
        await StartServersAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseGatesAsync();
        foreach (var part in Regions.Concat<IAsyncDisposable>(doors).Append(Pair))
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>Puts everything back as it was before the first failover.</summary>
    internal async Task ResetAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Data folders are copied with cp, and processes asked to stop by signals.");
        Gates.Clear();
        SetCut(false);
        var clusters = Task.WhenAll(Starts.Select(start => start.ResetAsync()));
        await StopServersAsync(PostgresStopMode.Immediate);
        foreach (var server in new[] { Pair.Primary, Pair.Standby })
        {
            Directory.Delete(server.DataFolder, recursive: true);
            await CopyAsync(server.DataFolder + ".start", server.DataFolder);
        }
        await StartServersAsync();
        await clusters;
        await Task.WhenAll(Regions.Select(region => region.WaitUntilSettledAsync(CancellationToken.None)));
    }

    private async Task StartSitesAsync()
    {
        var time = TimeProvider.System;
        LabSite[] sites =
        [
            new(SiteRole.Active, "lab-proof-active", "lab-west", Pair.Primary.Name, Pair.Primary.Port),
            new(SiteRole.Standby, "lab-proof-standby", "lab-east", Pair.Standby.Name, Pair.Standby.Port),
        ];
        doors = [new SiteDatabase(Pair, Pair.Primary, 0), new SiteDatabase(Pair, Pair.Standby, 0)];
        Regions = await Task.WhenAll(sites.Select((site, index) => Region.StartAsync(site, doors[index], LabApiServer.Lab, Root, 0, time, NullLogger.Instance, CancellationToken.None)));
        var secrets = new PlatformSecrets(Pair.Passwords, time);
        await Task.WhenAll(Regions.Select((region, index) => region.SeedAsync(secrets, sites[1 - index], Pair, LabDatabaseKind.SelfRun, time, NullLogger.Instance, CancellationToken.None)));
        await Task.WhenAll(Regions.Select(region => region.WaitUntilSettledAsync(CancellationToken.None)));
        await OpenGatesAsync();
        var example = await File.ReadAllTextAsync(FailoverProcess.Example);
        await File.WriteAllTextAsync(Runbook, example[..example.IndexOf("\nnotifications:", StringComparison.Ordinal)] + "\n");
    }

    private async Task StartServersAsync()
    {
        await Pair.Primary.StartAsync(CancellationToken.None);
        await Pair.Standby.StartAsync(CancellationToken.None);
        await Pair.WaitForStreamingAsync(CancellationToken.None);
    }

    private async Task StopServersAsync(PostgresStopMode mode)
    {
        await Pair.Primary.StopAsync(mode, CancellationToken.None);
        await Pair.Standby.StopAsync(mode, CancellationToken.None);
    }

    private static async Task CopyAsync(string from, string to)
    {
        using var copy = Process.Start("cp", ["-a", from, to]);
        await copy.WaitForExitAsync();
        Assert.Equal(0, copy.ExitCode);
    }
}

/// <summary>Failovers of one house, one after the other.</summary>
[CollectionDefinition(nameof(FailoverHouse))]
public sealed class FailoverHouseCollection : ICollectionFixture<FailoverHouse>;
