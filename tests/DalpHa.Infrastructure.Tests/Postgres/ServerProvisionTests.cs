using DalpHa.Core.Errors;
using DalpHa.Core.Replication;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>What real servers have for those that follow them, as the administrator of the lab, who is no superuser, reads it.</summary>
public sealed class ServerProvisionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Slots_archive_and_settings_are_read_of_a_primary_of_its_standby_and_of_what_the_standby_becomes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The archive command is a shell's.");
        var settings = new Dictionary<string, string> { ["wal_level"] = "logical", ["wal_keep_size"] = "32MB", ["max_slot_wal_keep_size"] = "1GB", ["wal_log_hints"] = "off", ["full_page_writes"] = "on" };
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New(), Archive = true, Settings = settings }, Token);
        await using var primary = pair.Control(pair.Primary);
        await using var standby = pair.Control(pair.Standby);
        await pair.Primary.ExecuteAsync("SELECT pg_create_logical_replication_slot('cdc', 'pgoutput'), pg_create_logical_replication_slot('session', 'pgoutput', true)", Token);
        await pair.Primary.ExecuteAsync("SELECT pg_switch_wal()", Token);

        await Poll.UntilAsync(async () => (await primary.ReadProvisionAsync(Token)).Archiving.Archiver.LastArchivedWal is not null, TimeSpan.FromSeconds(20), "a segment is archived");
        var before = await primary.ReadProvisionAsync(Token);
        Assert.Equal((false, 1, "", 32L << 20, 1L << 30), (before.IsInRecovery, before.Timeline, before.SynchronousStandbyNames, before.WalKeepBytes, before.MaxSlotWalKeepBytes!.Value));
        Assert.Equal([pair.Standby.Name], before.Attached!);
        Assert.True(before.Archiving is { Mode: "on", HasMethod: true, Archiver: { LastArchivedAt: not null, LastFailedAt: null } }, before.Archiving.ToString());
        Assert.True(before.Slots.Single(slot => slot.Name == PostgresPair.SlotName) is { IsLogical: false, IsActive: true, IsSound: true });
        Assert.True(Assert.Single(before.LogicalSlots) is { Name: "cdc", IsActive: false, IsSound: true });
        Assert.Equal(new RewindBasis(await IsOnAsync(pair.Primary, "data_checksums"), LogsHints: false, WritesFullPages: true), before.Rewind);
        Assert.Null((await primary.ReadHistoryAsync(1, Token)).LastSwitch);

        var following = await standby.ReadProvisionAsync(Token);
        Assert.True(following is { IsInRecovery: true, Timeline: 1, Archiving: { Mode: "off", HasMethod: false }, Attached.Count: 0, Slots.Count: 0 }, following.ToString());

        await pair.PromoteAsync(Token);
        await pair.Standby.ExecuteAsync("SELECT pg_create_physical_replication_slot('former')", Token);
        await pair.Standby.ExecuteAsync("ALTER SYSTEM SET max_slot_wal_keep_size = -1", Token);
        await pair.Standby.ExecuteAsync("SELECT pg_reload_conf()", Token);
        await Poll.UntilAsync(async () => (await standby.ReadProvisionAsync(Token)).MaxSlotWalKeepBytes is null, TimeSpan.FromSeconds(10), "nothing bounds a slot");
        var promoted = await standby.ReadProvisionAsync(Token);
        Assert.Equal((false, 2), (promoted.IsInRecovery, promoted.Timeline));
        // A slot that reserves nothing is no use to who comes back.
        Assert.True(Assert.Single(promoted.Slots) is { Name: "former", IsSound: false, RestartLsn: null });
        var left = (await standby.ReadHistoryAsync(promoted.Timeline, Token)).LastSwitch!.Value;
        Assert.Equal(1, left.Timeline);
        Assert.Equal(true, await pair.Standby.ExecuteAsync($"SELECT pg_current_wal_lsn() >= '{left.End}'::pg_lsn", Token));
    }

    [Fact]
    public async Task A_commit_that_waits_for_nobody_is_told_leaves_no_session_behind_and_is_proven_when_it_no_longer_waits()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await using var control = pair.Control(pair.Standby, TimeSpan.FromSeconds(2));
        await pair.Standby.ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (nobody)'", Token);
        await pair.Standby.ExecuteAsync("SELECT pg_reload_conf()", Token);
        await Poll.UntilAsync(async () => (await control.ReadProvisionAsync(Token)).SynchronousStandbyNames == "FIRST 1 (nobody)", TimeSpan.FromSeconds(10), "the standby has heard of it");
        Assert.Null(await control.ProveWriteAsync("in recovery", Token));
        await pair.PromoteAsync(Token);

        for (var look = 0; look < 2; look++)
        {
            var failure = await Assert.ThrowsAsync<DalpException>(() => control.ProveWriteAsync("waits", Token));
            Assert.Equal(("DatabaseCommitsWait", FaultKind.Unavailable), (failure.ErrorId, failure.Kind));
            Assert.Contains("FIRST 1 (nobody)", failure.Message, StringComparison.Ordinal);
            await Poll.UntilAsync(
                async () => (long)(await pair.Standby.ExecuteAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", Token))! == 0, TimeSpan.FromSeconds(10), "no session waits any more");
        }
        await pair.Standby.ExecuteAsync("ALTER SYSTEM RESET synchronous_standby_names", Token);
        await pair.Standby.ExecuteAsync("SELECT pg_reload_conf()", Token);
        await Poll.UntilAsync(async () => (await control.ReadProvisionAsync(Token)).SynchronousStandbyNames.Length == 0, TimeSpan.FromSeconds(10), "it waits for nobody");
        Assert.Equal(2, (await control.ProveWriteAsync("proven", Token))!.Timeline);
    }

    private static async Task<bool> IsOnAsync(PostgresServer server, string setting) => await server.ExecuteAsync($"SELECT current_setting('{setting}')", Token) is "on";
}
