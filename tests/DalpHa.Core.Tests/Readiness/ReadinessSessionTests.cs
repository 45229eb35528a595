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

    [Fact]
    public async Task What_nobody_foresaw_at_one_site_leaves_the_other_closed()
    {
        var given = new Given();
        var infrastructure = new FakeInfrastructure(new() { ["dalp-central"] = given.Standby }) { Unforeseen = new InvalidOperationException("Nobody foresaw this.") };

        Assert.Same(infrastructure.Unforeseen, await Assert.ThrowsAsync<InvalidOperationException>(() => Open(given, infrastructure)));

        Assert.True(given.Standby.IsDisposed);
    }

    [Fact]
    public async Task A_measurement_that_nobody_waits_for_has_ended_before_its_databases_are_closed()
    {
        var given = new Given();
        var database = new SlowDatabase();
        var infrastructure = new FakeInfrastructure(new() { ["dalp-west"] = given.Active, ["dalp-central"] = given.Standby }, database);
        var session = await Open(given, infrastructure, withDatabases: true);
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            await foreach (var result in session.RunAsync(ReadinessChecks.Select(["Database"]), stop.Token))
            {
                Assert.Fail($"Nothing can be known yet: {result}");
            }
        });
        await database.IsAsked.WaitAsync(TimeSpan.FromSeconds(20));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        await session.DisposeAsync();

        Assert.True(database.IsClosed);
        Assert.False(database.WasClosedWhileAsked);
    }

    private static Task<ReadinessSession> Open(Given given, IInfrastructure infrastructure, bool withDatabases = false)
    {
        var memory = new ReplicationMemory(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), _ => { });
        var topology = withDatabases
            ? given.Topology
            : given.Topology with { Active = given.Topology.Active with { Database = null }, Standby = given.Topology.Standby with { Database = null } };
        return ReadinessSession.OpenAsync(infrastructure, topology, null, DalpAccount.Operator, memory, TimeSpan.FromSeconds(5), given.Time, TestContext.Current.CancellationToken);
    }

    /// <summary>A server that never answers, and needs a moment to notice that nobody waits.</summary>
    private sealed class SlowDatabase : IDatabaseServer
    {
        private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int running;

        public Task IsAsked => asked.Task;

        public bool IsClosed { get; private set; }

        public bool WasClosedWhileAsked { get; private set; }

        public string Name => "pg";

        public async Task<DatabaseSample> SampleAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref running);
            asked.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await Task.Delay(100, CancellationToken.None);
                throw new OperationCanceledException(cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }

        public Task<DatabaseLineage> ReadLineageAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<CommitCount?> CountCommitsAsync(DatabaseLineage lineage, Lsn from, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            IsClosed = true;
            WasClosedWhileAsked |= Volatile.Read(ref running) > 0;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class FakeInfrastructure(Dictionary<string, FakeCluster> clusters, IDatabaseServer? database = null) : IInfrastructure
    {
        public Exception? Unforeseen { get; init; }

        public ICluster OpenCluster(ClusterAddress address, TimeSpan timeout) => clusters.TryGetValue(address.Context!, out var cluster)
            ? cluster
            : throw Unforeseen ?? new DalpException("ContextNotFound", FaultKind.InvalidInput, "No such context.", "kubectl config get-contexts", address.Context);

        public Task PostAsync(Uri webhook, string json, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IReadOnlyList<string> ListContexts() => throw new NotSupportedException();

        public IClusterControl OpenClusterControl(ICluster cluster) => throw new NotSupportedException();

        public ICloudNativePg OpenCloudNativePg(ICluster cluster) => throw new NotSupportedException();
        public IBackups OpenBackups(ICluster cluster) => throw new NotSupportedException();

        public IDatabaseControl OpenDatabaseControl(DatabaseAddress address, TimeSpan timeout) => throw new NotSupportedException();

        public ILineageSource OpenStoppedDatabase(ICluster cluster, StoppedInstance instance, TimeSpan timeout) => throw new NotSupportedException();

        public IDatabaseServer OpenDatabase(DatabaseAddress address, TimeSpan timeout) => database ?? throw new NotSupportedException();

        public IValidatorNode OpenValidator(Uri rpc, TimeSpan timeout) => throw new NotSupportedException();

        public YamlDocument ReadYaml(string path) => throw new NotSupportedException();
    }
}
