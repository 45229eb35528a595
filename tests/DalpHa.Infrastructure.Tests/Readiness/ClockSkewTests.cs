using DalpHa.Core.Clusters;
using DalpHa.Core.Lab;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Lab;
using DalpHa.Infrastructure.Tests.Postgres;

namespace DalpHa.Infrastructure.Tests.Readiness;

/// <summary>
/// The clock of the tool is five minutes off those of both sites. Against real servers under load a whole run says what it says with the right clock: no lag that is
/// none, nothing fine that is not, nothing failed that is fine.
/// </summary>
public sealed class ClockSkewTests(ClockSkewTests.BusyLab lab) : IClassFixture<ClockSkewTests.BusyLab>
{
    private static readonly TimeSpan RequestBound = TimeSpan.FromSeconds(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public async Task A_warm_standby_is_as_warm_and_its_lag_as_small(int minutes)
    {
        var right = await UntilAsync(results => results.All(result => result.Status == CheckStatus.Pass), "the standby is warm", TimeProvider.System);

        // The lab's certificate is as old as the lab: by a clock that is behind it begins in a moment, which is a warning and says so.
        var skewed = await UntilAsync(
            results => results.All(result => result.Status == CheckStatus.Pass || result is { Check: "Certificates", Status: CheckStatus.Warn }), "the run with the wrong clock agrees", Off(minutes));

        Assert.Equal(Answers(right), Answers(skewed));
        Assert.All(
            skewed.Where(result => result.Status == CheckStatus.Warn),
            result => Assert.True(minutes < 0 && result.Detail.Contains("the clock is behind", StringComparison.Ordinal), result.ToString()));
        foreach (var time in (TimeProvider[])[TimeProvider.System, Off(minutes)])
        {
            // On a busy machine a single measurement may be late; by a wrong clock none would ever be small.
            var lag = await MeasureUntilAsync(NewMemory(), time, lag => lag.Status == CheckStatus.Pass, "the lag is small");
            Assert.True(lag.LagTime is { } behind && behind >= TimeSpan.Zero && behind < lag.Threshold.Warn, lag.ToString());
        }

        static IEnumerable<string> Answers(IEnumerable<DalpCheckResult> results) =>
            results.Where(result => result.Check != "Certificates").Select(result => $"{result.Check} {result.Site} {result.Target} {result.Status}").Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public async Task A_dead_link_fails_all_the_same(int minutes)
    {
        await UntilAsync(results => results.All(result => result.Status == CheckStatus.Pass), "the standby is warm", TimeProvider.System);
        using var client = lab.House.Labs.Open("skew", TimeSpan.FromSeconds(30));
        await client.InjectAsync(LabFault.ReplicationLinkCut, null, Token);
        try
        {
            var results = await UntilAsync(results => results.Any(result => result is { Check: "ReplicationLag", Status: CheckStatus.Fail }), "the dead link is seen", Off(minutes));
            Assert.DoesNotContain(results, result => result is { Check: "ReplicationLag", Status: CheckStatus.Pass });
        }
        finally
        {
            await client.UndoAsync(LabFault.ReplicationLinkCut, null, Token);
        }
    }

    [Fact]
    public async Task What_a_clock_ahead_wrote_down_is_no_health_of_the_future()
    {
        await UntilAsync(results => results.All(result => result.Status == CheckStatus.Pass), "the standby is warm", TimeProvider.System);
        var warnings = new List<string>();
        var memory = new ReplicationMemory(Path.Combine(lab.Folder, Path.GetRandomFileName()), warnings.Add);
        await MeasureUntilAsync(memory, Off(5), lag => lag.LastHealthyAt > TimeProvider.System.GetUtcNow(), "health is written down by the clock ahead");
        Assert.Empty(warnings);

        using var client = lab.House.Labs.Open("skew", TimeSpan.FromSeconds(30));
        await client.InjectAsync(LabFault.StandbyDatabaseKilled, null, Token);
        try
        {
            var lag = await MeasureAsync(memory, TimeProvider.System);
            Assert.Equal(CheckStatus.Unknown, lag.Status);
            Assert.Null(lag.LastHealthyAt);
            Assert.Contains("Check the clock", Assert.Single(warnings), StringComparison.Ordinal);
        }
        finally
        {
            await client.UndoAsync(LabFault.StandbyDatabaseKilled, null, Token);
        }
    }

    private static ShiftedTime Off(int minutes) => new(TimeSpan.FromMinutes(minutes));

    private ReplicationMemory NewMemory() => new(Path.Combine(lab.Folder, Path.GetRandomFileName()), warning => Assert.Fail(warning));

    private async Task<IReadOnlyList<DalpCheckResult>> UntilAsync(Func<IReadOnlyList<DalpCheckResult>, bool> holds, string what, TimeProvider time)
    {
        IReadOnlyList<DalpCheckResult> results = [];
        var memory = NewMemory();
        try
        {
            await Poll.UntilAsync(async () => holds(results = await RunAsync(memory, time)), TimeSpan.FromSeconds(60), what);
        }
        catch (Exception)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', results.Where(result => result.Status != CheckStatus.Pass)));
            throw;
        }
        return results;
    }

    private async Task<IReadOnlyList<DalpCheckResult>> RunAsync(ReplicationMemory memory, TimeProvider time)
    {
        await using var session = await ReadinessSession.OpenAsync(new Infrastructure(), lab.Topology, null, DalpAccount.Operator, memory, RequestBound, time, Token);
        var results = new List<DalpCheckResult>();
        await foreach (var result in session.RunAsync(ReadinessChecks.All, Token))
        {
            results.Add(result);
        }
        return results;
    }

    private async Task<DalpReplicationLag> MeasureUntilAsync(ReplicationMemory memory, TimeProvider time, Func<DalpReplicationLag, bool> holds, string what)
    {
        DalpReplicationLag? lag = null;
        await Poll.UntilAsync(async () => holds(lag = await MeasureAsync(memory, time)), TimeSpan.FromSeconds(60), what);
        return lag!;
    }

    private async Task<DalpReplicationLag> MeasureAsync(ReplicationMemory memory, TimeProvider time)
    {
        var clusters = lab.Topology.Sites.ToDictionary(site => site.Role, site => new Infrastructure().OpenCluster(site.Cluster, RequestBound));
        try
        {
            await using var probe = new ReplicationProbe(lab.Topology, new Infrastructure(), role => clusters[role], null, memory, RequestBound, time, Token);
            return Assert.Single(await probe.MeasureAsync(Token));
        }
        finally
        {
            foreach (var cluster in clusters.Values)
            {
                await cluster.DisposeAsync();
            }
        }
    }

    /// <summary>The system's clock, set wrong; it runs as fast.</summary>
    private sealed class ShiftedTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }

    /// <summary>A lab that commits all the time.</summary>
    public sealed class BusyLab : IAsyncLifetime
    {
        internal LabHouse House { get; } = new();

        public DalpTopology Topology { get; private set; } = null!;

        public string Folder { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            var record = await House.StartAsync(House.Settings("skew") with { WriteLoad = 20 });
            Topology = TopologyReader.Read(new Infrastructure().ReadYaml(record.TopologyPath)).Require();
            Folder = Directory.CreateTempSubdirectory("dalpha-skew-").FullName;
        }

        public async ValueTask DisposeAsync()
        {
            await House.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
