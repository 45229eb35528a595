using DalpHa.Core.Clusters;
using DalpHa.Core.Documents;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Readiness;

public sealed class ReadinessSessionTests
{
    [Fact]
    public async Task A_site_that_does_not_open_leaves_the_other_and_everything_is_closed()
    {
        var given = new Given();
        var infrastructure = new FakeInfrastructure(new() { ["dalp-central"] = given.Standby });
        var results = new List<DalpCheckResult>();

        await using (var session = await Open(given, infrastructure))
        {
            await foreach (var result in session.RunAsync(ReadinessChecks.Select(["ApiReachable"]), TestContext.Current.CancellationToken))
            {
                results.Add(result);
            }
        }

        Assert.Contains(results, result => result is { Site: "west", Status: CheckStatus.Unknown, Target: "dalp-west" });
        Assert.Contains(results, result => result is { Site: "central", Status: CheckStatus.Pass });
        Assert.True(given.Standby.IsDisposed);
    }

    [Fact]
    public async Task When_no_site_opens_the_reason_is_an_error() =>
        Assert.Equal("ContextNotFound", (await Assert.ThrowsAsync<DalpException>(() => Open(new Given(), new FakeInfrastructure([])))).ErrorId);

    private static Task<ReadinessSession> Open(Given given, IInfrastructure infrastructure)
    {
        var memory = new ReplicationMemory(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), _ => { });
        var topology = given.Topology with { Active = given.Topology.Active with { Database = null }, Standby = given.Topology.Standby with { Database = null } };
        return ReadinessSession.OpenAsync(infrastructure, topology, null, DalpAccount.Operator, memory, TimeSpan.FromSeconds(5), given.Time, TestContext.Current.CancellationToken);
    }

    private sealed class FakeInfrastructure(Dictionary<string, FakeCluster> clusters) : IInfrastructure
    {
        public ICluster OpenCluster(ClusterAddress address, TimeSpan timeout) => clusters.TryGetValue(address.Context!, out var cluster)
            ? cluster
            : throw new DalpException("ContextNotFound", FaultKind.InvalidInput, "No such context.", "kubectl config get-contexts", address.Context);

        public Task PostAsync(Uri webhook, string json, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IReadOnlyList<string> ListContexts() => throw new NotSupportedException();

        public IClusterControl OpenClusterControl(ICluster cluster) => throw new NotSupportedException();

        public ICloudNativePg OpenCloudNativePg(ICluster cluster) => throw new NotSupportedException();
        public IBackups OpenBackups(ICluster cluster) => throw new NotSupportedException();

        public IDatabaseControl OpenDatabaseControl(DatabaseAddress address, TimeSpan timeout) => throw new NotSupportedException();

        public IDatabaseServer OpenDatabase(DatabaseAddress address, TimeSpan timeout) => throw new NotSupportedException();

        public IValidatorNode OpenValidator(Uri rpc, TimeSpan timeout) => throw new NotSupportedException();

        public YamlDocument ReadYaml(string path) => throw new NotSupportedException();
    }
}
