using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Replication;

public sealed class RecoveryPointsTests
{
    private readonly Given given = new();
    private readonly FakeBackups backups = new();

    public RecoveryPointsTests()
    {
        given.Topology = given.Topology with { Standby = given.Topology.Standby with { Backups = new BackupSettings("velero", []) } };
        given.Lags.Clear();
        given.Lags.Add(Given.Lag() with { PrimaryLsn = new Lsn(1000), ReceiveLsn = new Lsn(990), ReplayLsn = new Lsn(990), ReceiveLagBytes = 10, LagTime = TimeSpan.FromSeconds(4) });
        backups.Database = [Backup("daily", 60, 400), Backup("hourly", 5, 900)];
        backups.Windows = [new RecoveryWindow("store", "pg", Given.Now.AddDays(-7), Given.Now.AddMinutes(-30), null)];
        backups.Platform = [new PlatformBackup("dalp-daily", "Completed", Given.Now.AddMinutes(-1), Given.Now, Given.Now.AddDays(30), 0)];
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_least_loss_comes_first_and_the_platforms_objects_after_the_database()
    {
        var points = await ListAsync();
        Assert.Equal(["pg-2", "hourly", "store/pg", "daily", "dalp-daily"], points.Select(point => point.Name));
        Assert.All(points, point => Assert.Equal(RecoveryPointStatus.Usable, point.Status));
        Assert.Equal([TimeSpan.FromSeconds(4), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(1)], points.Select(point => point.LossTime!.Value));
        Assert.Equal((new Lsn(900), 100L), (points[1].Position!.Value, points[1].LossBytes!.Value));
        Assert.Equal((new Lsn(990), 10L), (points[0].Position!.Value, points[0].LossBytes!.Value));
    }

    [Theory]
    [InlineData("PartiallyFailed")]
    [InlineData("FinalizingPartiallyFailed")]
    [InlineData("InProgress")]
    [InlineData("completed")]
    [InlineData(null)]
    public async Task Of_Veleros_backups_only_Completed_counts(string? phase)
    {
        backups.Platform = [backups.Platform![0] with { Phase = phase, Errors = 2 }];
        var point = (await ListAsync())[^1];
        Assert.Equal((RecoveryPointStatus.NotUsable, "dalp-daily"), (point.Status, point.Name));
        Assert.Contains(phase ?? "No phase", point.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_expired_failed_or_empty_is_listed_last_with_the_reason()
    {
        backups.Platform = [backups.Platform![0] with { Expiration = Given.Now }];
        backups.Database = [Backup("failed", 1, 900) with { Phase = "failed", Error = "disk full" }];
        backups.Windows = [new RecoveryWindow("store", "pg", null, null, Given.Now)];
        var points = await ListAsync();
        Assert.Equal(["pg-2"], points.Where(point => point.Status == RecoveryPointStatus.Usable).Select(point => point.Name));
        Assert.Equal(["failed", "store/pg", "dalp-daily"], points.Skip(1).Select(point => point.Name));
        Assert.Contains("disk full", points[1].Detail, StringComparison.Ordinal);
        Assert.Contains("expired", points[3].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_can_not_be_seen_is_Unknown_and_never_left_out()
    {
        backups.Failure = new DalpException("ApiForbidden", FaultKind.Forbidden, "backups may not be listed.", "Grant it.", "fake");
        given.Lags[0] = given.Lags[0] with { ReplayLsn = null, ReceiveLsn = null, Link = ReplicationLink.Unknown, LagTime = null, ReceiveLagBytes = null };
        var points = await ListAsync();
        Assert.Equal(4, points.Count);
        Assert.All(points, point => Assert.Equal((RecoveryPointStatus.Unknown, (TimeSpan?)null), (point.Status, point.LossTime)));
        Assert.Equal(3, points.Count(point => point.Detail == "backups may not be listed. Grant it."));
    }

    [Fact]
    public async Task A_kind_that_the_cluster_does_not_serve_has_no_points_but_a_Velero_that_should_be_there_is_told()
    {
        (backups.Database, backups.Windows, backups.Platform) = (null, null, null);
        Assert.Equal([RecoveryPointStatus.Usable, RecoveryPointStatus.NotUsable], (await ListAsync()).Select(point => point.Status));
        given.Topology = given.Topology with { Standby = given.Topology.Standby with { Backups = null } };
        Assert.Equal([RecoveryPointStatus.Usable, RecoveryPointStatus.Unknown], (await ListAsync()).Select(point => point.Status));
    }

    [Fact]
    public async Task A_replica_whose_link_is_broken_is_not_usable_while_its_primary_is_there_and_bounded_when_it_is_gone()
    {
        given.Lags[0] = given.Lags[0] with { Link = ReplicationLink.Broken };
        Assert.Equal(RecoveryPointStatus.NotUsable, (await ListAsync()).Single(point => point.Kind == RecoveryPointKind.Replica).Status);
        given.Lags[0] = given.Lags[0] with { Primary = null, PossibleLoss = TimeSpan.FromMinutes(3) };
        var point = (await ListAsync())[0];
        Assert.Equal((RecoveryPointStatus.Usable, TimeSpan.FromMinutes(3)), (point.Status, point.LossTime!.Value));
    }

    private Task<IReadOnlyList<DalpRecoveryPoint>> ListAsync() =>
        new RecoveryPoints(given.Topology, _ => given.GetLagAsync(), () => backups, given.Time).ListAsync(Token);

    private static DatabaseBackup Backup(string name, int minutesAgo, ulong end) =>
        new(name, "pg", DatabaseBackup.Completed, "barmanObjectStore", Given.Now.AddMinutes(-minutesAgo), new Lsn(end), null);

    private sealed class FakeBackups : IBackups
    {
        public List<DatabaseBackup>? Database { get; set; }
        public List<RecoveryWindow>? Windows { get; set; }
        public List<PlatformBackup>? Platform { get; set; }
        public DalpException? Failure { get; set; }

        public Task<IReadOnlyList<DatabaseBackup>?> ListDatabaseBackupsAsync(string @namespace, CancellationToken cancellationToken) => Answer(Database);
        public Task<IReadOnlyList<RecoveryWindow>?> ListRecoveryWindowsAsync(string @namespace, CancellationToken cancellationToken) => Answer(Windows);
        public Task<IReadOnlyList<PlatformBackup>?> ListPlatformBackupsAsync(string @namespace, CancellationToken cancellationToken) => Answer(Platform);

        private Task<IReadOnlyList<T>?> Answer<T>(List<T>? items) => Failure is null ? Task.FromResult<IReadOnlyList<T>?>(items) : Task.FromException<IReadOnlyList<T>?>(Failure);
    }
}
