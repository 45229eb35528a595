using DalpHa.Core.Clusters;
using DalpHa.Core.Documents;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Topology;

public sealed class TopologyProbeTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(200);
    private static readonly DalpTopology Contexts = ContextTopology.Create("a", "b", "dalp");

    [Fact]
    public async Task AReachableSiteGivesOnePassForEachThing()
    {
        var found = await ProbeAsync(Contexts, _ => new Behaviour());
        Assert.All(found, d => Assert.Equal(CheckStatus.Pass, d.Status));
        Assert.Equal(2, found.Count(d => d.Subject.EndsWith("/permissions", StringComparison.Ordinal)));
        Assert.Equal(6, found.Count);
    }

    [Fact]
    public async Task AMissingPermissionFailsAndSaysWhatFor()
    {
        var found = await ProbeAsync(Contexts, context => new Behaviour { Allows = request => context == "a" || request.Verb != "patch" });
        var missing = found.Where(d => d.Status == CheckStatus.Fail).ToList();
        Assert.Equal(RequiredPermissions.ForFailover("dalp").Count(r => r.Verb == "patch"), missing.Count);
        Assert.All(missing, d => Assert.StartsWith("standby/may patch", d.Subject, StringComparison.Ordinal));
        Assert.Contains(missing, d => d.Expected.Contains("start and stop workloads", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AReaderIsNotAskedForWhatAFailoverNeedsAndToldSo()
    {
        var found = await ProbeAsync(Contexts, _ => new Behaviour { Allows = request => request.Verb is "get" or "list" }, DalpAccount.Reader);
        Assert.All(found, d => Assert.Equal(CheckStatus.Pass, d.Status));
        Assert.Equal(2, found.Count(d => d.Message.Contains("not asked", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ADeadSiteIsUnknownThroughoutAndDoesNotHoldUpTheOther()
    {
        var found = await ProbeAsync(Contexts, context => new Behaviour { Hangs = context == "b" }).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.All(found.Where(d => d.Subject.StartsWith("active/", StringComparison.Ordinal)), d => Assert.Equal(CheckStatus.Pass, d.Status));
        Assert.All(found.Where(d => d.Subject.StartsWith("standby/", StringComparison.Ordinal)), d => Assert.Equal((CheckStatus.Unknown, "ProbeTimedOut"), (d.Status, d.ErrorId)));
    }

    [Fact]
    public async Task AnAbsentNamespaceFails()
    {
        var found = await ProbeAsync(Contexts, _ => new Behaviour { HasNamespace = false });
        Assert.Equal(2, found.Count(d => d is { Status: CheckStatus.Fail, ErrorId: "NamespaceNotFound" }));
    }

    [Fact]
    public async Task ADatabaseThatRefusesFailsAndOneThatIsDownIsUnknown()
    {
        var site = Contexts.Active with
        {
            Database = new DatabaseSettings { Servers = [new DatabaseServerSettings { Name = "refuses", Host = "refuses" }, new DatabaseServerSettings { Name = "down", Host = "down" }] },
        };
        var found = await ProbeAsync(Contexts with { Active = site }, _ => new Behaviour());
        Assert.Equal(CheckStatus.Fail, found.Single(d => d.Subject == "active/database refuses").Status);
        Assert.Equal(CheckStatus.Unknown, found.Single(d => d.Subject == "active/database down").Status);
    }

    private static async Task<List<DocumentDiagnostic>> ProbeAsync(DalpTopology topology, Func<string, Behaviour> behave, DalpAccount account = DalpAccount.Operator)
    {
        var infrastructure = Stub.Of<IInfrastructure>((method, arguments) => method switch
        {
            nameof(IInfrastructure.OpenCluster) => Cluster(behave(((ClusterAddress)arguments[0]!).Context!)),
            nameof(IInfrastructure.OpenDatabase) => Database((DatabaseAddress)arguments[0]!),
            _ => throw new NotSupportedException(method),
        });
        var found = new List<DocumentDiagnostic>();
        await foreach (var diagnostic in new TopologyProbe(infrastructure, account, Timeout).RunAsync(topology, null, TestContext.Current.CancellationToken))
        {
            found.Add(diagnostic);
        }
        return found;
    }

    private static ICluster Cluster(Behaviour behaviour) => Stub.Of<ICluster>((method, arguments) => method switch
    {
        nameof(ICluster.GetVersionAsync) => behaviour.Hangs ? HangAsync((CancellationToken)arguments[0]!) : Task.FromResult(new ClusterVersion(1, 32, "v1.32.4")),
        nameof(ICluster.NamespaceExistsAsync) => Task.FromResult(behaviour.HasNamespace),
        nameof(ICluster.ReviewAccessAsync) => Task.FromResult<IReadOnlyList<AccessDecision>>(
            [.. ((IReadOnlyList<AccessRequest>)arguments[0]!).Select(request => new AccessDecision(request, behaviour.Allows(request), null))]),
        "get_Server" => new Uri("https://k8s.example.com"),
        nameof(IAsyncDisposable.DisposeAsync) => ValueTask.CompletedTask,
        _ => throw new NotSupportedException(method),
    });

    private static IDatabaseServer Database(DatabaseAddress address) => Stub.Of<IDatabaseServer>((method, _) => method switch
    {
        nameof(IDatabaseServer.SampleAsync) => Task.FromException<DatabaseSample>(address.Host == "down"
            ? new DalpException("DatabaseUnreachable", FaultKind.Unreachable, "Refused.", "Start it.")
            : new DalpException("LoginRefused", FaultKind.Unauthenticated, "Wrong password.", "Correct it.")),
        nameof(IAsyncDisposable.DisposeAsync) => ValueTask.CompletedTask,
        _ => throw new NotSupportedException(method),
    });

    private static async Task<ClusterVersion> HangAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(System.Threading.Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException();
    }

    private sealed record Behaviour
    {
        public bool Hangs { get; init; }

        public bool HasNamespace { get; init; } = true;

        public Func<AccessRequest, bool> Allows { get; init; } = _ => true;
    }
}
