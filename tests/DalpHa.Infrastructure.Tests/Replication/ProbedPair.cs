using DalpHa.Core.Clusters;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Replication;

/// <summary>A pair whose dead links show soon.</summary>
public sealed class StreamingPair : IAsyncLifetime
{
    public PostgresPair Pair { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Pair = await StartPairAsync(archive: false);

    public ValueTask DisposeAsync() => Pair.DisposeAsync();

    /// <summary>A pair of one test's own.</summary>
    internal static async Task<ProbedPair> StartAsync(bool archive = false) => new(await StartPairAsync(archive), ownsPair: true);

    private static Task<PostgresPair> StartPairAsync(bool archive) => PostgresPair.StartAsync(
        new PostgresPairOptions
        {
            Folder = PairFolder.New(),
            Archive = archive,
            // Link death shows within a status interval and the slack; the default is 10 s.
            Settings = new Dictionary<string, string> { ["wal_receiver_status_interval"] = "1s" },
        },
        TestContext.Current.CancellationToken);
}

/// <summary>A real pair and a probe that measures it, with a memory of its own.</summary>
internal sealed class ProbedPair : IAsyncDisposable
{
    private readonly string memoryFolder = PairFolder.New();
    private readonly bool ownsPair;

    /// <summary>Measures a pair. It stays the caller's, unless it is handed over.</summary>
    public ProbedPair(PostgresPair pair, bool ownsPair = false)
    {
        Pair = pair;
        this.ownsPair = ownsPair;
        Probe = NewProbe();
    }

    public PostgresPair Pair { get; }

    public ReplicationProbe Probe { get; private set; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ReplicationProbe NewProbe(DatabaseServerSettings? standby = null, DatabaseLogin? login = null, TimeSpan? timeout = null)
    {
        var topology = new DalpTopology
        {
            Name = "test",
            Active = Site(SiteRole.Active, new DatabaseServerSettings { Name = Pair.Primary.Name, Host = "127.0.0.1", Port = Pair.Primary.Port }),
            Standby = Site(SiteRole.Standby, standby ?? new DatabaseServerSettings { Name = Pair.Standby.Name, Host = "127.0.0.1", Port = Pair.Standby.Port }),
        };
        return new ReplicationProbe(
            topology,
            new Infrastructure(),
            _ => throw new InvalidOperationException("No cluster is needed."),
            login ?? new DatabaseLogin(PostgresPair.MonitorUser, Pair.Passwords.Monitor),
            new ReplicationMemory(memoryFolder, warning => TestContext.Current.SendDiagnosticMessage(warning)),
            timeout ?? TimeSpan.FromSeconds(2),
            TimeProvider.System,
            Token);
    }

    /// <summary>Ends the run and starts another, that knows only what the first one saved.</summary>
    public async Task RestartProbeAsync()
    {
        await Probe.DisposeAsync();
        Probe = NewProbe();
    }

    public async Task<DalpReplicationLag> MeasureAsync() => Assert.Single(await Probe.MeasureAsync(Token));

    public Task<DalpReplicationLag> WaitAsync(CheckStatus status, int seconds = 20) => WaitAsync(lag => lag.Status == status, seconds);

    /// <summary>Measures until it is so. A broken or unseen link must never look healthy on the way.</summary>
    public async Task<DalpReplicationLag> WaitAsync(Func<DalpReplicationLag, bool> condition, int seconds = 20)
    {
        DalpReplicationLag? last = null;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(seconds))
        {
            last = await MeasureAsync();
            Assert.True(last.LagTime is null || (last.LagTime >= TimeSpan.Zero && last.Link is not (ReplicationLink.Broken or ReplicationLink.Unknown)));
            if (condition(last))
            {
                return last;
            }
            await Task.Delay(200, Token);
        }
        throw new TimeoutException($"Not within {seconds} s. Last: {last}");
    }

    public Task CommitAsync() => Pair.Primary.ExecuteAsync("CREATE TABLE IF NOT EXISTS load (x text); INSERT INTO load SELECT repeat('x', 1000) FROM generate_series(1, 20)", Token);

    public async ValueTask DisposeAsync()
    {
        await Probe.DisposeAsync();
        if (ownsPair)
        {
            await Pair.DisposeAsync();
        }
        else
        {
            Pair.RestoreLink();
        }
        if (Directory.Exists(memoryFolder))
        {
            Directory.Delete(memoryFolder, recursive: true);
        }
    }

    private static DalpSite Site(SiteRole role, DatabaseServerSettings server) => new()
    {
        Role = role,
        Name = role == SiteRole.Active ? "east" : "west",
        Cluster = new ClusterAddress("none"),
        Namespace = "dalp",
        Database = new DatabaseSettings { Servers = [server] },
    };
}
