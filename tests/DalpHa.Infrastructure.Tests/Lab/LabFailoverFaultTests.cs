using System.Diagnostics;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Postgres;
using k8s;
using k8s.Models;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>What a failover is for: a region that can't be reached or is lost, a promotion that is slow or fails, a workload that does not come up.</summary>
public sealed class LabFailoverFaultTests(LabFailoverFaultTests.OneLab one) : IClassFixture<LabFailoverFaultTests.OneLab>
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private LabInside Inside => one.Inside;

    [Fact]
    public async Task ARegionThatNobodyReachesGoesOnWriting()
    {
        using var client = Inside.Operator(Inside.Active, Short);
        await InjectAsync(LabFault.RegionUnreachable);
        var before = Inside.Lab.Load.AcknowledgedBy(Inside.Active);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.CoreV1.ReadNamespaceAsync("dalp", cancellationToken: Token));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => AskThroughTheDoorAsync(Inside.Active));
        await Eventually.HoldsAsync("rows are acknowledged all the same", _ => Task.FromResult(Inside.Lab.Load.AcknowledgedBy(Inside.Active) > before + 20), Token);
        Assert.Equal("LabFaultInTheWay", (await Assert.ThrowsAsync<DalpException>(() => InjectAsync(LabFault.RegionLost))).ErrorId);
        Assert.Equal("", (await UndoAsync(LabFault.RegionUnreachable)).Note);

        Assert.Equal("dalp", (await client.CoreV1.ReadNamespaceAsync("dalp", cancellationToken: Token)).Metadata.Name);
        Assert.Equal(1L, await AskThroughTheDoorAsync(Inside.Active));
        await Inside.Lab.Databases.WaitForStreamingAsync(Token);
    }

    [Fact]
    public async Task APromotionFailsAndTheStandbyStaysOne()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The fault needs symbolic links as Unix has them.");
        Assert.Equal("LabFaultInTheWay", (await Assert.ThrowsAsync<DalpException>(() => Inside.Lab.Faults.InjectAsync(LabFault.PromotionFails, SiteRole.Active, null, Token))).ErrorId);
        await InjectAsync(LabFault.PromotionFails);

        Assert.Equal("promote", (await Assert.ThrowsAsync<PostgresException>(() => Inside.Lab.Databases.PromoteAsync(Token))).MessageText.Split('"')[1]);

        Assert.Equal(true, await Inside.Lab.Databases.Standby.ExecuteAsync("SELECT pg_is_in_recovery()", Token));
        await UndoAsync(LabFault.PromotionFails);
        await Inside.Lab.Databases.WaitForStreamingAsync(Token);
    }

    [Theory]
    [InlineData(SiteRole.Active)]
    [InlineData(SiteRole.Standby)]
    public async Task ADatabaseWithAFullDiskComesBackWhenThereIsRoom(SiteRole site)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "The fault needs /dev/full, as Linux has it.");
        var pair = Inside.Lab.Databases;
        var server = site == SiteRole.Active ? pair.Primary : pair.Standby;
        await Inside.Lab.Faults.InjectAsync(LabFault.DiskFull, site, null, Token);

        await Eventually.HoldsAsync($"{server.Name} lets nobody in", async token => await PostgresPair.IsInRecoveryAsync(server, token) is null, Token);

        await Inside.Lab.Faults.UndoAsync(LabFault.DiskFull, site, Token);
        await pair.WaitForStreamingAsync(Token);
        var before = Inside.Lab.Load.AcknowledgedBy(Inside.Active);
        await Eventually.HoldsAsync("rows are acknowledged again", _ => Task.FromResult(Inside.Lab.Load.AcknowledgedBy(Inside.Active) > before), Token);
    }

    [Fact]
    public async Task AFullDiskShowsByWhatTheServerSaysAnewAndCostsThePrimaryOneSegment()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "The fault needs /dev/full, as Linux has it.");
        var pair = Inside.Lab.Databases;
        await InjectOnStandbyAsync();
        await UndoOnStandbyAsync();
        var (said, segment) = (Said(), await SegmentAsync());
        Assert.NotEqual(0, said);

        await InjectOnStandbyAsync();

        Assert.NotEqual(said, Said());
        Assert.InRange(await SegmentAsync() - segment, 1, 2);
        await UndoOnStandbyAsync();

        int Said() => File.ReadAllText(pair.Standby.LogFile).Split("No space left on device").Length - 1;

        async Task<long> SegmentAsync() => (long)(await pair.Primary.ExecuteAsync("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint / (16 * 1024 * 1024)", Token))!;
    }

    [Fact]
    public async Task ADiskDoesNotFillWhereNoWalComes()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "The fault needs /dev/full, as Linux has it.");
        await InjectAsync(LabFault.ReplicationLinkCut);
        Assert.Equal("LabFaultInTheWay", (await Assert.ThrowsAsync<DalpException>(InjectOnStandbyAsync)).ErrorId);
        await UndoAsync(LabFault.ReplicationLinkCut);

        await Inside.Lab.Faults.InjectAsync(LabFault.RegionLost, SiteRole.Active, null, Token);
        Assert.Equal("LabFaultInTheWay", (await Assert.ThrowsAsync<DalpException>(InjectOnStandbyAsync)).ErrorId);
        await Inside.Lab.Faults.UndoAsync(LabFault.RegionLost, SiteRole.Active, Token);
    }

    [Theory]
    [InlineData(LabFault.DiskFull, LabFault.RegionLost)]
    [InlineData(LabFault.DiskFull, LabFault.StandbyDatabaseKilled)]
    [InlineData(LabFault.StandbyDatabaseKilled, LabFault.RegionLost)]
    [InlineData(LabFault.RegionLost, LabFault.StandbyDatabaseKilled)]
    public async Task AServerComesBackWithTheLastFaultThatKeepsItDown(LabFault first, LabFault second)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "The fault needs /dev/full, as Linux has it.");
        var pair = Inside.Lab.Databases;
        await Inside.Lab.Faults.InjectAsync(first, SiteRole.Standby, null, Token);
        await Inside.Lab.Faults.InjectAsync(second, SiteRole.Standby, null, Token);

        await Inside.Lab.Faults.UndoAsync(first, SiteRole.Standby, Token);

        Assert.Null(pair.Standby.ProcessId);
        await Inside.Lab.Faults.UndoAsync(second, SiteRole.Standby, Token);
        await pair.WaitForStreamingAsync(Token);
    }

    [Fact]
    public async Task AWorkloadThatNeverGetsReadyDoesWhenTheFaultIsUndone()
    {
        await Inside.Lab.Faults.InjectAsync(LabFault.WorkloadNeverReady, SiteRole.Active, null, Token);
        Assert.Equal(0, await ReadyAsync(Inside.Active, "dalp-indexer"));

        await Inside.Lab.Faults.UndoAsync(LabFault.WorkloadNeverReady, SiteRole.Active, Token);

        Assert.Equal(1, await ReadyAsync(Inside.Active, "dalp-indexer"));
    }

    [Fact]
    public async Task AWriterThatIsStoppedWritesNoMore()
    {
        await ScaleAsync(Inside.Active, "dalp-dapi", 0);
        await Eventually.HoldsAsync("no writer runs", _ => Task.FromResult(!Inside.Active.Writers.AreRunning), Token);
        await Task.Delay(200, Token);
        var frozen = Inside.Lab.Load.AcknowledgedBy(Inside.Active);

        await Task.Delay(500, Token);
        Assert.Equal(frozen, Inside.Lab.Load.AcknowledgedBy(Inside.Active));
        await ScaleAsync(Inside.Active, "dalp-dapi", 2);
        await Eventually.HoldsAsync("it writes again", _ => Task.FromResult(Inside.Lab.Load.AcknowledgedBy(Inside.Active) > frozen), Token);
    }

    [Fact]
    public async Task ALostRegionComesBackAsItWasAfterASlowPromotion()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The fault needs a shell as Unix has it.");
        await using var inside = await LabInside.StartAsync(settings => settings with { WriteLoad = 100, ReadyAfter = 1 });
        var (lab, pair) = (inside.Lab, inside.Lab.Databases);
        await ScaleAsync(inside.Standby, "dalp-indexer", 1);
        await Eventually.HoldsAsync("some rows are acknowledged", _ => Task.FromResult(lab.Load.AcknowledgedBy(inside.Active) > 50), Token);
        await lab.Faults.InjectAsync(LabFault.SlowPromotion, null, TimeSpan.FromSeconds(2), Token);
        await lab.Faults.InjectAsync(LabFault.RegionLost, null, null, Token);
        using var client = inside.Operator(inside.Active, Short);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.CoreV1.ReadNamespaceAsync("dalp", cancellationToken: Token));
        Assert.Equal(0, await ReadyAsync(inside.Standby, "dalp-indexer"));

        var clock = Stopwatch.StartNew();
        await pair.PromoteAsync(Token);
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(1.9), $"promoted after {clock.Elapsed}");
        await Eventually.HoldsAsync("the standby's indexer is ready now that it can write", async _ => await ReadyAsync(inside.Standby, "dalp-indexer") == 1, Token);
        await Eventually.HoldsAsync("the standby's API writes", _ => Task.FromResult(lab.Load.AcknowledgedBy(inside.Standby) > 0), Token);
        var kept = (long)(await pair.Standby.ExecuteAsync("SELECT count(*) FROM lab.load WHERE site = 'Active'", Token, pair.Database))!;
        Assert.InRange(kept, 1, lab.Load.AcknowledgedBy(inside.Active) + 1);

        var undone = await lab.Faults.UndoAsync(LabFault.RegionLost, null, Token);
        Assert.Contains("two histories", undone.Note, StringComparison.Ordinal);
        await Eventually.HoldsAsync("both databases are seen as primaries", _ => Task.FromResult(lab.Regions.All(region => region.Database is { Role: LabDatabaseRole.Primary, TakesWrites: true })), Token);
    }

    private Task<DalpLabFault> InjectAsync(LabFault fault) => Inside.Lab.Faults.InjectAsync(fault, null, null, Token);

    private Task<DalpLabFault> UndoAsync(LabFault fault) => Inside.Lab.Faults.UndoAsync(fault, null, Token);

    private Task InjectOnStandbyAsync() => Inside.Lab.Faults.InjectAsync(LabFault.DiskFull, SiteRole.Standby, null, Token);

    private Task UndoOnStandbyAsync() => Inside.Lab.Faults.UndoAsync(LabFault.DiskFull, SiteRole.Standby, Token);

    private async Task<object?> AskThroughTheDoorAsync(Region region)
    {
        var pair = Inside.Lab.Databases;
        var builder = new NpgsqlConnectionStringBuilder(pair.Primary.ConnectionString("dalpha", pair.Passwords.Monitor, pair.Database)) { Port = region.Database.Door.Port, Timeout = 2 };
        await using var connection = new NpgsqlConnection(builder.ConnectionString);
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand("SELECT 1::bigint", connection);
        return await command.ExecuteScalarAsync(Token);
    }

    private static async Task<int> ReadyAsync(Region region, string deployment) =>
        (await region.Admin.AppsV1.ReadNamespacedDeploymentAsync(deployment, "dalp", cancellationToken: Token)).Status.ReadyReplicas ?? 0;

    private static Task ScaleAsync(Region region, string deployment, int replicas) => region.Admin.AppsV1.PatchNamespacedDeploymentScaleAsync(
        new V1Patch(new { spec = new { replicas } }, V1Patch.PatchType.MergePatch), deployment, "dalp", cancellationToken: Token);

    /// <summary>The lab that the faults share which leave it as it was.</summary>
    public sealed class OneLab : IAsyncLifetime
    {
        internal LabInside Inside { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => Inside = await LabInside.StartAsync(settings => settings with { WriteLoad = 100 });

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Inside.DisposeAsync();
    }
}
