using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using static DalpHa.Core.Replication.DivergenceVerdict;

namespace DalpHa.Core.Tests.Replication;

/// <summary>A former primary that does not answer is read from the files of its fenced Cluster, where that is what it is; else it is Unknown and says why.</summary>
public sealed class FencedPrimaryTests
{
    private static readonly DalpException Silent = new("DatabaseUnreachable", FaultKind.Unreachable, "It does not answer.", "Look at it.");

    private static readonly PostgresCluster Fenced = new() { Namespace = "dalp", Name = "db", Version = "1", CurrentPrimary = "db-2", FencedInstances = ["*"] };

    private static readonly DateTimeOffset At = new(2026, 11, 26, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_files_of_its_primary_tell_what_was_lost()
    {
        var read = new List<StoppedInstance>();
        var found = await CompareAsync(Fenced, read: read);
        Assert.Equal((Diverged, 500L, 7L, false), (found.Verdict, found.LostBytes, found.LostTransactions, found.TakesWrites));
        Assert.Equal((At, At.AddMinutes(1)), (found.FirstLostAt, found.LastLostAt));
        Assert.StartsWith("Read from the files of db-2, the primary of the fenced Cluster 'db'.", found.Detail, StringComparison.Ordinal);
        Assert.Equal(new StoppedInstance("old", "dalp", "db-2"), Assert.Single(read));
    }

    [Fact]
    public async Task One_instance_that_is_fenced_by_its_name_is_fenced() =>
        Assert.Equal(Diverged, (await CompareAsync(Fenced with { FencedInstances = ["db-2"] })).Verdict);

    [Theory]
    [InlineData("db-2", null, true)]
    [InlineData("db-1", null, false)]
    [InlineData(null, "db-rw", true)]
    [InlineData(null, "db-ro", false)]
    [InlineData(null, null, true)]
    public async Task Only_a_server_that_leads_to_the_primary_is_taken_for_it(string? pod, string? service, bool isPrimary)
    {
        var found = await CompareAsync(Fenced, forward: pod is null && service is null ? null : new ForwardTarget("dalp", pod, service, 5432));
        Assert.Equal(isPrimary ? Diverged : Unknown, found.Verdict);
        Assert.True(isPrimary || found.Detail.Contains("compare db-2", StringComparison.Ordinal), found.Detail);
    }

    [Theory]
    [InlineData("", false, "db-2", "is not fenced")]
    [InlineData("db-1", false, "db-2", "is not fenced")]
    [InlineData("*", true, "db-2", "hibernated")]
    [InlineData("*", false, null, "which instance was its primary")]
    public async Task A_Cluster_whose_files_can_not_be_read_is_told_with_the_reason(string fenced, bool isHibernated, string? primary, string words)
    {
        var found = await CompareAsync(Fenced with { FencedInstances = fenced.Length > 0 ? [fenced] : [], IsHibernated = isHibernated, CurrentPrimary = primary });
        AssertUnknown(found, words, "It does not answer.");
    }

    [Fact]
    public async Task No_Cluster_of_that_name_is_told() => AssertUnknown(await CompareAsync(null), "has no CloudNativePG Cluster 'db'");

    [Fact]
    public async Task A_right_that_is_missing_or_files_in_use_are_unknown() =>
        AssertUnknown(await CompareAsync(Fenced, files: new DalpException("PodExecForbidden", FaultKind.Forbidden, "May not.", "Grant pods/exec.")), "Grant pods/exec");

    [Fact]
    public async Task WAL_that_is_gone_leaves_the_bytes_and_no_number_of_transactions()
    {
        var found = await CompareAsync(Fenced, count: new DalpException("DatabaseWalMissing", FaultKind.NotFound, "A segment is gone.", "Look in the archive."));
        Assert.Equal((Diverged, 500L, null, false), (found.Verdict, found.LostBytes, found.LostTransactions, found.LosesNothing));
        Assert.Contains("A segment is gone.", found.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_answers_and_refuses_runs_and_its_files_are_left_alone()
    {
        var refusal = new DalpException("DatabasePermissionDenied", FaultKind.Forbidden, "It does not let us.", "Grant.");
        var read = new List<StoppedInstance>();
        AssertUnknown(await CompareAsync(Fenced, silence: refusal, read: read), "It does not let us.");
        Assert.Empty(read);
    }

    [Fact]
    public async Task Without_a_Cluster_what_to_run_on_its_host_is_told()
    {
        var found = await CompareAsync(Fenced, cluster: null);
        AssertUnknown(found, "pg_waldump --path <data>/pg_wal --timeline 1 --start 0/3E8 --rmgr Transaction", "-PostgresCluster");
    }

    [Fact]
    public async Task A_stopped_standby_on_the_primarys_timeline_is_not_said_to_follow()
    {
        var stopped = Lineage(2, 1800, [new TimelineSwitch(1, new Lsn(1000))]) with { IsInRecovery = true };
        AssertUnknown(await CompareAsync(Fenced, lineage: stopped), "its PostgreSQL is stopped");
    }

    private static void AssertUnknown(DalpDivergence found, params string[] words)
    {
        Assert.Equal((Unknown, null, null, false), (found.Verdict, found.LostBytes, found.LostTransactions, found.LosesNothing));
        Assert.All(words, word => Assert.Contains(word, found.Detail, StringComparison.Ordinal));
    }

    private static async Task<DalpDivergence> CompareAsync(
        PostgresCluster? postgres, string? cluster = "db", ForwardTarget? forward = null, DalpException? silence = null, DalpException? files = null, DalpException? count = null,
        DatabaseLineage? lineage = null, List<StoppedInstance>? read = null)
    {
        var kubernetes = Stub.Of<ICluster>((method, _) => method == nameof(ICluster.ForwardAsync)
            ? Task.FromException<IPortForward>(silence ?? Silent)
            : throw new NotSupportedException(method));
        var infrastructure = Stub.Of<IInfrastructure>((method, arguments) => method switch
        {
            nameof(IInfrastructure.OpenDatabase) => Server(((DatabaseAddress)arguments[0]!).Name),
            nameof(IInfrastructure.OpenCloudNativePg) => Stub.Of<ICloudNativePg>((_, _) => Task.FromResult(postgres)),
            nameof(IInfrastructure.OpenStoppedDatabase) => Files((StoppedInstance)arguments[1]!),
            _ => throw new NotSupportedException(method),
        });
        var topology = new DalpTopology { Name = "t", Active = Site(SiteRole.Active, "old", forward), Standby = Site(SiteRole.Standby, "new", null) };
        var comparison = new DatabaseComparison(topology, SiteRole.Active, infrastructure, _ => kubernetes, null, TimeSpan.FromSeconds(1), TimeProvider.System, cluster);
        return Assert.Single(await comparison.CompareAsync(TestContext.Current.CancellationToken));

        IDatabaseServer Server(string name) => Stub.Of<IDatabaseServer>((method, _) => method switch
        {
            nameof(ILineageSource.ReadLineageAsync) => name == "old" ? Task.FromException<DatabaseLineage>(silence ?? Silent) : Task.FromResult(Lineage(2, 1800, [new TimelineSwitch(1, new Lsn(1000))])),
            nameof(IAsyncDisposable.DisposeAsync) => ValueTask.CompletedTask,
            _ => throw new NotSupportedException(method),
        });

        ILineageSource Files(StoppedInstance instance)
        {
            read?.Add(instance);
            return Stub.Of<ILineageSource>((method, _) => method switch
            {
                nameof(ILineageSource.ReadLineageAsync) => files is null ? Task.FromResult(lineage ?? Lineage(1, 1500, [])) : Task.FromException<DatabaseLineage>(files),
                nameof(ILineageSource.CountCommitsAsync) => count is null ? Task.FromResult<CommitCount?>(new CommitCount(7, At, At.AddMinutes(1))) : Task.FromException<CommitCount?>(count),
                nameof(IAsyncDisposable.DisposeAsync) => ValueTask.CompletedTask,
                _ => throw new NotSupportedException(method),
            });
        }
    }

    private static DalpSite Site(SiteRole role, string server, ForwardTarget? forward) => new()
    {
        Role = role,
        Name = role.ToString(),
        Cluster = new ClusterAddress("none"),
        Namespace = "dalp",
        Database = new DatabaseSettings { Servers = [new DatabaseServerSettings { Name = server, Host = forward is null ? "127.0.0.1" : null, Forward = forward }] },
    };

    private static DatabaseLineage Lineage(int timeline, ulong position, IReadOnlyList<TimelineSwitch> ancestors) =>
        new("7", false, TakesWrites: false, timeline, new Lsn(position), null, new LineageCheckpoint(new Lsn(1490), 700)) { History = new TimelineHistory(ancestors, timeline) };
}
