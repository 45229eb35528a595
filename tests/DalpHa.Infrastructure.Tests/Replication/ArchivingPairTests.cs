using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Replication;

/// <summary>Losses that a pair with an archive gets over: one pair passes through all of them under one probe.</summary>
public sealed class ArchivingPairTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_archive_that_fails_a_slot_that_is_lost_and_a_new_timeline_are_told_and_got_over()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The archive commands are a shell's.");
        await using var test = await StreamingPair.StartAsync(archive: true);
        await test.WaitAsync(CheckStatus.Pass);
        var primary = test.Pair.Primary;

        await SetAsync(primary, "archive_command = 'false'");
        await SwitchSegmentAsync(test);
        var failing = await test.WaitAsync(lag => lag.Detail.Contains("Archiving fails", StringComparison.Ordinal));
        Assert.Equal((CheckStatus.Warn, ReplicationLink.Streaming), (failing.Status, failing.Link));
        await primary.ExecuteAsync("ALTER SYSTEM RESET archive_command", Token);
        await SetAsync(primary, "wal_keep_size = 0");
        await SetAsync(primary, "max_slot_wal_keep_size = '1MB'");
        await test.WaitAsync(CheckStatus.Pass);

        test.Pair.CutLink(silently: false);
        for (var segment = 0; segment < 4; segment++)
        {
            await SwitchSegmentAsync(test);
        }
        await Poll.UntilAsync(
            async () =>
            {
                await primary.ExecuteAsync("CHECKPOINT", Token);
                return await test.MeasureAsync() is { SlotStatus: "lost", Status: CheckStatus.Fail };
            },
            TimeSpan.FromSeconds(20),
            "the slot is lost");
        test.Pair.RestoreLink();
        await primary.ExecuteAsync($"SELECT pg_drop_replication_slot('{PostgresPair.SlotName}')", Token);
        await primary.ExecuteAsync($"SELECT pg_create_physical_replication_slot('{PostgresPair.SlotName}', true)", Token);
        await test.WaitAsync(CheckStatus.Pass);

        // The primary itself goes through recovery and is promoted: for a while nobody writes, and then the standby follows to the new timeline.
        await primary.StopAsync(PostgresStopMode.Fast, Token);
        primary.Data.WriteFile("standby.signal", "");
        await primary.StartAsync(Token);
        var demoted = await test.MeasureAsync();
        Assert.Equal(CheckStatus.Fail, demoted.Status);
        Assert.Contains("all are in recovery", demoted.Detail, StringComparison.Ordinal);
        await primary.ExecuteAsync("SELECT pg_promote(true, 30)", Token);
        await test.CommitAsync();
        await test.WaitAsync(lag => lag is { Status: CheckStatus.Pass, LagBytes: 0 });
        Assert.Equal(2, await test.Pair.Standby.ExecuteAsync("SELECT received_tli FROM pg_stat_wal_receiver", Token));
    }

    private static async Task SwitchSegmentAsync(ProbedPair test)
    {
        await test.CommitAsync();
        await test.Pair.Primary.ExecuteAsync("SELECT pg_switch_wal()", Token);
    }

    private static async Task SetAsync(PostgresServer server, string setting)
    {
        await server.ExecuteAsync("ALTER SYSTEM SET " + setting, Token);
        await server.ExecuteAsync("SELECT pg_reload_conf()", Token);
    }
}
