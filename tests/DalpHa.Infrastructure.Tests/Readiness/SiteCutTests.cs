using System.Diagnostics;
using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Lab;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Readiness;

/// <summary>The network between the tool and one site is cut, its API and its database at once: the run ends in time, and the other site's answers are whole.</summary>
public sealed class SiteCutTests(SiteCutTests.LinkedLab lab) : IClassFixture<SiteCutTests.LinkedLab>
{
    private static readonly TimeSpan RequestBound = TimeSpan.FromSeconds(3);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SiteRole.Active, LinkState.Stalled)]
    [InlineData(SiteRole.Active, LinkState.Refused)]
    [InlineData(SiteRole.Standby, LinkState.Stalled)]
    [InlineData(SiteRole.Standby, LinkState.Refused)]
    public async Task A_cut_site_is_unknown_in_time_and_takes_nothing_from_the_other(SiteRole cut, LinkState state)
    {
        var whole = await UntilWarmAsync();
        await using var watch = lab.NewProbe();
        await UntilAsync(watch, CheckStatus.Pass);
        lab.Set(cut, state);
        try
        {
            var clock = Stopwatch.StartNew();
            var results = await RunAsync();
            Assert.True(clock.Elapsed < (RequestBound * 3) + TimeSpan.FromSeconds(6), $"took {clock.Elapsed}");
            Assert.Equal(Verdict.Unknown, Decide(results).Verdict);
            Assert.All(results.Where(result => result.Status == CheckStatus.Unknown), result => Assert.NotEmpty(result.Remediation));
            Assert.Equal(ReadinessChecks.All.Select(check => check.Name).Order(), results.Select(result => result.Check).Distinct().Order());

            var other = cut == SiteRole.Active ? lab.Topology.Standby.Name : lab.Topology.Active.Name;
            var ofEachSite = ReadinessChecks.All.OfType<SiteCheck>().Select(check => check.Name).ToList();
            Assert.Equal(AnswersOf(whole), AnswersOf(results));
            Assert.Equal(CheckStatus.Unknown, Assert.Single(await watch.MeasureAsync(Token)).Status);

            IEnumerable<string> AnswersOf(IEnumerable<DalpCheckResult> from) => from
                .Where(result => result.Site == other && ofEachSite.Contains(result.Check))
                .Select(result => $"{result.Check} {result.Target} {result.Status}")
                .Order(StringComparer.Ordinal);
        }
        finally
        {
            lab.Set(cut, LinkState.Passing);
        }
        await UntilAsync(watch, CheckStatus.Pass);
        await UntilWarmAsync();
    }

    private async Task<IReadOnlyList<DalpCheckResult>> UntilWarmAsync()
    {
        IReadOnlyList<DalpCheckResult> results = [];
        await Poll.UntilAsync(
            async () => Decide(results = await RunAsync()).Verdict == Verdict.Warm,
            TimeSpan.FromSeconds(60),
            "the standby is warm");
        return results;
    }

    private async Task<IReadOnlyList<DalpCheckResult>> RunAsync()
    {
        await using var session = await ReadinessSession.OpenAsync(new Infrastructure(), lab.Topology, null, DalpAccount.Operator, lab.Memory, RequestBound, TimeProvider.System, Token);
        var results = new List<DalpCheckResult>();
        await foreach (var result in session.RunAsync(ReadinessChecks.All, Token))
        {
            results.Add(result);
        }
        return results;
    }

    private static DalpVerdict Decide(IReadOnlyList<DalpCheckResult> results) => VerdictRule.Decide("cut", results, [], TimeSpan.Zero, TimeProvider.System.GetUtcNow());

    private static Task UntilAsync(ReplicationProbe probe, CheckStatus status) => Poll.UntilAsync(
        async () => Assert.Single(await probe.MeasureAsync(Token)).Status == status, TimeSpan.FromSeconds(30), $"the watch says {status}");

    /// <summary>A lab, and a topology that leads to its APIs and databases over links that can be cut.</summary>
    public sealed class LinkedLab : IAsyncLifetime
    {
        private readonly LabHouse house = new();
        private readonly Dictionary<SiteRole, List<StandbyLink>> links = new() { [SiteRole.Active] = [], [SiteRole.Standby] = [] };
        private readonly List<ICluster> clusters = [];

        public DalpTopology Topology { get; private set; } = null!;

        public ReplicationMemory Memory { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var record = await house.StartAsync(house.Settings("cut"));
            var topology = TopologyReader.Read(new Infrastructure().ReadYaml(record.TopologyPath)).Require();
            Topology = topology with { Active = Lead(topology.Active), Standby = Lead(topology.Standby) };
            Memory = new ReplicationMemory(Path.Combine(record.Folder, "memory"), warning => TestContext.Current.SendDiagnosticMessage(warning));
        }

        public void Set(SiteRole site, LinkState state) => links[site].ForEach(link => link.Set(state));

        /// <summary>A probe as a watch has it, with clusters that stay open.</summary>
        public ReplicationProbe NewProbe()
        {
            var opened = Topology.Sites.ToDictionary(site => site.Role, site => new Infrastructure().OpenCluster(site.Cluster, RequestBound));
            clusters.AddRange(opened.Values);
            return new ReplicationProbe(Topology, new Infrastructure(), role => opened[role], null, Memory, RequestBound, TimeProvider.System, Token);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var cluster in clusters)
            {
                await cluster.DisposeAsync();
            }
            foreach (var link in links.Values.SelectMany(site => site))
            {
                await link.DisposeAsync();
            }
            await house.DisposeAsync();
        }

        private DalpSite Lead(DalpSite site)
        {
            var direct = new Infrastructure().OpenCluster(site.Cluster, RequestBound);
            clusters.Add(direct);
            var port = direct.Server.Port;
            var path = Path.Combine(house.FolderOf("cut"), $"kubeconfig-{site.Role}");
            File.WriteAllText(path, File.ReadAllText(site.Cluster.KubeconfigPath!).Replace($":{port}\"", $":{Link(site.Role, port)}\"", StringComparison.Ordinal));
            return site with
            {
                Cluster = site.Cluster with { KubeconfigPath = path },
                // A server behind a tunnel is cut with its API.
                Database = site.Database! with
                {
                    Servers = [.. site.Database.Servers.Select(server => server.Forward is null ? server with { Port = Link(site.Role, server.Port) } : server)],
                },
            };
        }

        private int Link(SiteRole site, int port)
        {
            var link = new StandbyLink(0, port);
            links[site].Add(link);
            return link.Port;
        }
    }
}
