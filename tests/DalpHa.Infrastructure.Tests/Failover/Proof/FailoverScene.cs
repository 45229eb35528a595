using DalpHa.Core.Lab;
using DalpHa.Core.State;
using DalpHa.Core.Topology;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.Seed;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>A lab's two sites in this process, with a gate before each cluster and each database, and all that an operator's processes need to reach them.</summary>
public abstract class FailoverScene
{
    private static readonly string[] Sites = ["west", "east"];
    private int machines;

    internal WriteGates Gates { get; } = new();
    internal PostgresPair Pair { get; private protected set; } = null!;
    internal IReadOnlyList<Region> Regions { get; private protected set; } = [];
    internal IReadOnlyList<ApiGate> Apis { get; private set; } = [];
    internal IReadOnlyList<DatabaseGate> Databases { get; private set; } = [];

    /// <summary>What a failover changes of each cluster, as it was before.</summary>
    internal List<SiteStart> Starts { get; } = [];

    /// <summary>Where the files are.</summary>
    internal string Root { get; } = Directory.CreateTempSubdirectory("dalpha-proof-").FullName;

    internal abstract string Runbook { get; }

    internal string Topology => Path.Combine(Root, "dalpha.yaml");

    /// <summary>A state folder that no process has used: another machine.</summary>
    internal string NewMachine() => Path.Combine(Root, $"machine-{++machines}");

    /// <summary>The tokens with which the clusters are reached.</summary>
    internal IReadOnlyList<string> Tokens =>
        [.. Regions.SelectMany(region => new[] { region.Kubeconfig.OperatorToken, region.Kubeconfig.ReaderToken, region.Kubeconfig.AdminToken })];

    /// <summary>The journals that a machine has, the oldest first.</summary>
    internal static IReadOnlyList<string> JournalsOf(string machine)
    {
        var folder = Path.Combine(machine, "failovers");
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.jsonl").OrderBy(File.GetCreationTimeUtc)] : [];
    }

    /// <summary>Cuts the active site off, or restores the way to it. What runs there runs on.</summary>
    internal void SetCut(bool isCut) => (Apis[0].IsCut, Databases[0].IsCut) = (isCut, isCut);

    /// <summary>Both sites as they stand: replicas, what they remember, routes, and what the databases do.</summary>
    internal virtual async Task<string> DescribeAsync()
    {
        var parts = new List<string>();
        foreach (var (site, start) in Sites.Zip(Starts))
        {
            parts.Add($"{site}: {string.Join(", ", (await start.ReadAsync()).Select(one => one.ToString()))}");
        }
        foreach (var server in new[] { Pair.Primary, Pair.Standby })
        {
            parts.Add($"{server.Name}: {(server.ProcessId is null ? "down" : await server.ExecuteAsync("SELECT concat('recovery ', pg_is_in_recovery(), ', read-only ', (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only'), ', timeline ', CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END)", CancellationToken.None))}");
        }
        return string.Join('\n', parts);
    }

    /// <summary>Stands before regions and databases, and writes down how they are reached.</summary>
    private protected async Task OpenGatesAsync()
    {
        Apis = await Task.WhenAll(Regions.Select((region, index) => ApiGate.StartAsync(Sites[index], region.Api.Address, Gates)));
        Databases = [new DatabaseGate(Sites[0], Pair.Primary.Port, Gates), new DatabaseGate(Sites[1], Pair.Standby.Port, Gates)];
        foreach (var region in Regions)
        {
            // As a site is prepared that must do without the other's counts.
            await SiteStart.RememberAsync(region.Admin);
            Starts.Add(await SiteStart.OfAsync(region.Admin));
        }
        AtomicFile.WriteAllText(
            Path.Combine(Root, "kubeconfig"), KubeconfigText.Of([.. Regions.Zip(Apis, (region, gate) => region.Kubeconfig with { Server = gate.Address, AuthorityPem = gate.AuthorityPem })]));
        var (active, standby) = (Regions[0].Site, Regions[1].Site);
        var text = TopologyText.Of("proof", active with { DatabasePort = Databases[0].Port }, standby)
            .Replace("sslMode: prefer", "sslMode: disable", StringComparison.Ordinal)
            .Replace($"forward: {{ pod: {standby.DatabasePod}, port: 5432 }}", $"host: 127.0.0.1, port: {Databases[1].Port}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Topology, text);
    }

    /// <summary>Ends the gates.</summary>
    private protected async Task CloseGatesAsync()
    {
        foreach (var gate in Apis.Concat<IAsyncDisposable>(Databases))
        {
            await gate.DisposeAsync();
        }
    }
}
