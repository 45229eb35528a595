using System.Diagnostics;
using DalpHa.Core.Lab;
using DalpHa.Core.State;
using DalpHa.Core.Topology;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.Seed;
using Microsoft.Extensions.Logging.Abstractions;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>
/// A lab's two sites in this process, with a gate before each cluster and each database. After a failover it is put back in a second or two: the servers' data are
/// copied back as they were, and the clusters' objects patched back.
/// </summary>
public sealed class FailoverHouse : IAsyncLifetime
{
    private static readonly string[] Sites = ["west", "east"];
    private readonly string root = Directory.CreateTempSubdirectory("dalpha-proof-").FullName;
    private readonly List<SiteStart> starts = [];
    private IReadOnlyList<SiteDatabase> doors = [];
    private int machines;

    internal WriteGates Gates { get; } = new();
    internal PostgresPair Pair { get; private set; } = null!;
    internal IReadOnlyList<Region> Regions { get; private set; } = [];
    internal IReadOnlyList<ApiGate> Apis { get; private set; } = [];
    internal IReadOnlyList<DatabaseGate> Databases { get; private set; } = [];

    /// <summary>The example's runbook, but that nobody is told.</summary>
    internal string Runbook => Path.Combine(root, "runbook.yaml");

    internal string Topology => Path.Combine(root, "dalpha.yaml");

    /// <summary>A state folder that no process has used: another machine.</summary>
    internal string NewMachine() => Path.Combine(root, $"machine-{++machines}");

    /// <summary>The tokens with which the clusters are reached.</summary>
    internal IReadOnlyList<string> Tokens =>
        [.. Regions.SelectMany(region => new[] { region.Kubeconfig.OperatorToken, region.Kubeconfig.ReaderToken, region.Kubeconfig.AdminToken })];

    /// <summary>The journals that a machine has, the oldest first.</summary>
    internal static IReadOnlyList<string> JournalsOf(string machine)
    {
        var folder = Path.Combine(machine, "failovers");
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.jsonl").OrderBy(File.GetCreationTimeUtc)] : [];
    }

    public async ValueTask InitializeAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        // The servers of a root run as another user, who must get through here.
        File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        Pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = Path.Combine(root, "databases") }, CancellationToken.None);
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
        foreach (var part in Apis.Concat<IAsyncDisposable>(Databases).Concat(Regions).Concat(doors).Append(Pair))
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }
        Directory.Delete(root, recursive: true);
    }

    /// <summary>Puts everything back as it was before the first failover.</summary>
    internal async Task ResetAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Data folders are copied with cp, and processes asked to stop by signals.");
        Gates.Clear();
        SetCut(false);
        var clusters = Task.WhenAll(starts.Select(start => start.ResetAsync()));
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

    /// <summary>Cuts the active site off, or restores the way to it. What runs there runs on.</summary>
    internal void SetCut(bool isCut) => (Apis[0].IsCut, Databases[0].IsCut) = (isCut, isCut);

    /// <summary>Both sites as they stand: replicas, what they remember, routes, and what the databases do.</summary>
    internal async Task<string> DescribeAsync()
    {
        var parts = new List<string>();
        foreach (var (site, start) in Sites.Zip(starts))
        {
            parts.Add($"{site}: {string.Join(", ", (await start.ReadAsync()).Select(one => one.ToString()))}");
        }
        foreach (var server in new[] { Pair.Primary, Pair.Standby })
        {
            parts.Add($"{server.Name}: {await server.ExecuteAsync("SELECT concat('recovery ', pg_is_in_recovery(), ', read-only ', (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only'), ', timeline ', CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END)", CancellationToken.None)}");
        }
        return string.Join('\n', parts);
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
        Regions = await Task.WhenAll(sites.Select((site, index) => Region.StartAsync(site, doors[index], LabApiServer.Lab, root, 0, time, NullLogger.Instance, CancellationToken.None)));
        var secrets = new PlatformSecrets(Pair.Passwords, time);
        await Task.WhenAll(Regions.Select((region, index) => region.SeedAsync(secrets, sites[1 - index], Pair, LabDatabaseKind.SelfRun, time, NullLogger.Instance, CancellationToken.None)));
        await Task.WhenAll(Regions.Select(region => region.WaitUntilSettledAsync(CancellationToken.None)));
        Apis = await Task.WhenAll(Regions.Select((region, index) => ApiGate.StartAsync(Sites[index], region.Api.Address, Gates)));
        Databases = [new DatabaseGate(Sites[0], Pair.Primary.Port, Gates), new DatabaseGate(Sites[1], Pair.Standby.Port, Gates)];
        foreach (var region in Regions)
        {
            // As a site is prepared that must do without the other's counts.
            await SiteStart.RememberAsync(region.Admin);
            starts.Add(await SiteStart.OfAsync(region.Admin));
        }
        AtomicFile.WriteAllText(
            Path.Combine(root, "kubeconfig"), KubeconfigText.Of([.. Regions.Zip(Apis, (region, gate) => region.Kubeconfig with { Server = gate.Address, AuthorityPem = gate.AuthorityPem })]));
        var text = TopologyText.Of("proof", sites[0] with { DatabasePort = Databases[0].Port }, sites[1])
            .Replace("sslMode: prefer", "sslMode: disable", StringComparison.Ordinal)
            .Replace($"forward: {{ pod: {sites[1].DatabasePod}, port: 5432 }}", $"host: 127.0.0.1, port: {Databases[1].Port}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Topology, text);
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
