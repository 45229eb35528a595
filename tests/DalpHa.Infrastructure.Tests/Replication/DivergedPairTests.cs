using DalpHa.Core.Clusters;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.Postgres;
using static DalpHa.Infrastructure.Tests.Replication.PartedPair;

namespace DalpHa.Infrastructure.Tests.Replication;

/// <summary>A former primary beside the standby that was promoted in its place, as the comparison of the two tells of them.</summary>
public sealed class DivergedPairTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_former_primary_committed_alone_is_counted_to_the_byte_and_the_transaction()
    {
        await using var pair = await StartAsync();
        var before = await ClockAsync(pair);
        var fork = await PartAsync(pair);
        await CommitAsync(pair, 17);
        // What aborts and what only reads is no commit.
        await pair.Primary.ExecuteAsync("BEGIN; INSERT INTO t VALUES (99); ROLLBACK", Token, pair.Database);
        var after = await ClockAsync(pair);

        var open = await CompareAsync(pair);
        Assert.Equal(DivergenceVerdict.Diverged, open.Verdict);
        Assert.Contains("Suspend-DalpWrite", open.Detail, StringComparison.Ordinal);

        await FreezeAsync(pair);
        var end = await EndOfLogAsync(pair);
        var found = await CompareAsync(pair);
        var later = await EndOfLogAsync(pair);

        Assert.Equal((DivergenceVerdict.Diverged, 17L, false, false), (found.Verdict, found.LostTransactions, found.IsTransactionBound, found.TakesWrites));
        Assert.Equal((1, 2, 1), (found.Timeline, found.PrimaryTimeline, found.ForkTimeline));
        Assert.Equal(fork, found.ForkLsn);
        // A server that nobody writes to still writes a little of its own.
        Assert.InRange(found.LostBytes!.Value, end - fork, later - fork);
        Assert.Equal(found.Lsn!.Value - fork, found.LostBytes);
        Assert.True(before <= found.FirstLostAt && found.FirstLostAt <= found.LastLostAt && found.LastLostAt <= after, $"{before:O} {found.FirstLostAt:O} {found.LastLostAt:O} {after:O}");
        Assert.False(found.LosesNothing);
    }

    [Fact]
    public async Task Without_the_extension_ids_bound_the_transactions_until_a_checkpoint_comes()
    {
        await using var pair = await StartAsync();
        await pair.Primary.ExecuteAsync("DROP EXTENSION pg_walinspect", Token, pair.Database);
        await pair.Primary.ExecuteAsync("CHECKPOINT", Token);
        await PartAsync(pair);
        await CommitAsync(pair, 17);
        await FreezeAsync(pair);

        var bounded = await CompareAsync(pair);
        Assert.True(bounded.IsTransactionBound);
        Assert.InRange(bounded.LostTransactions!.Value, 17, 40);
        Assert.Contains("CREATE EXTENSION pg_walinspect", bounded.Detail, StringComparison.Ordinal);

        await pair.Primary.ExecuteAsync("CHECKPOINT", Token);
        var unknown = await CompareAsync(pair);
        Assert.Equal((DivergenceVerdict.Diverged, null, false), (unknown.Verdict, unknown.LostTransactions, unknown.LosesNothing));
    }

    [Fact]
    public async Task A_login_that_may_not_read_the_history_or_the_log_is_told_what_to_grant()
    {
        await using var pair = await StartAsync();
        await PartAsync(pair);
        await CommitAsync(pair, 3);
        await FreezeAsync(pair);
        var refused = await CompareAsync(pair, new DatabaseLogin(PostgresPair.MonitorUser, pair.Passwords.Monitor));
        Assert.Equal((DivergenceVerdict.Unknown, null, null), (refused.Verdict, refused.LostBytes, refused.LostTransactions));
        Assert.Contains("GRANT EXECUTE ON FUNCTION pg_read_file(text)", refused.Detail, StringComparison.Ordinal);

        await pair.Standby.ExecuteAsync($"GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {PostgresPair.MonitorUser}", Token, pair.Database);
        var partly = await CompareAsync(pair, new DatabaseLogin(PostgresPair.MonitorUser, pair.Passwords.Monitor));
        Assert.Equal(DivergenceVerdict.Diverged, partly.Verdict);
        Assert.Contains("GRANT EXECUTE ON FUNCTION pg_get_wal_records_info", partly.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_standby_and_a_former_primary_that_came_back_are_not_diverged()
    {
        await using var pair = await StartAsync();
        await pair.WaitForStreamingAsync(Token);
        var before = await CompareAsync(pair, former: SiteRole.Standby);
        Assert.True(before.Verdict is DivergenceVerdict.Identical or DivergenceVerdict.BehindOnly, before.ToString());

        await PartAsync(pair);
        await CommitAsync(pair, 3);
        await new PairRejoin(pair).RejoinAsync(pair.Primary, null, Token);
        var back = await CompareAsync(pair);
        Assert.True(back is { Verdict: DivergenceVerdict.Identical or DivergenceVerdict.BehindOnly, LosesNothing: true, LostBytes: 0, LostTransactions: 0, Timeline: 2 }, back.ToString());
    }

    [Fact]
    public async Task What_a_standby_of_the_former_primary_received_and_has_not_replayed_is_never_counted_too_small()
    {
        await using var pair = await StartAsync();
        await using var second = await SecondStandbyAsync(pair);
        await second.ExecuteAsync("SELECT pg_wal_replay_pause()", Token);
        await PartAsync(pair);
        await CommitAsync(pair, 17);
        var end = await EndOfLogAsync(pair);
        await Poll.UntilAsync(
            async () => await second.ExecuteAsync($"SELECT pg_last_wal_receive_lsn() >= '{end}'", Token) is true, TimeSpan.FromSeconds(10), "it has received all");

        var paused = await CompareAsync(pair, server: Address(second));
        Assert.Equal((DivergenceVerdict.Diverged, null, false), (paused.Verdict, paused.LostTransactions, paused.LosesNothing));
        Assert.True(paused.LostBytes >= end - paused.ForkLsn!.Value, paused.ToString());
        Assert.Contains("replayed only up to", paused.Detail, StringComparison.Ordinal);

        await second.ExecuteAsync("SELECT pg_wal_replay_resume()", Token);
        await Poll.UntilAsync(async () => (await CompareAsync(pair, server: Address(second))).LostTransactions == 17, TimeSpan.FromSeconds(10), "all 17 are counted");
    }

    [Fact]
    public async Task A_former_primary_that_started_as_standby_and_still_replays_its_own_disk_is_not_told_to_hold_nothing()
    {
        await using var pair = await StartAsync();
        await pair.Primary.ExecuteAsync("CHECKPOINT", Token);
        await PartAsync(pair);
        await CommitAsync(pair, 17);
        await pair.Primary.StopAsync(PostgresStopMode.Immediate, Token);
        // It finds all of this on its disk, and applies nothing of it.
        pair.Primary.Data.BecomeStandby(new Dictionary<string, string> { ["recovery_min_apply_delay"] = "1h" });
        await pair.Primary.StartAsync(Token);

        var found = await CompareAsync(pair);
        Assert.Equal((null, null, false), (found.LostBytes, found.LostTransactions, found.LosesNothing));
        Assert.Contains("its disk", found.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_standby_whose_link_is_cut_is_unknown_on_its_primarys_timeline()
    {
        await using var pair = await StartAsync();
        pair.CutLink(silently: false);
        await Poll.UntilAsync(
            async () => await pair.Standby.ExecuteAsync("SELECT count(*) FROM pg_stat_wal_receiver", Token) is 0L, TimeSpan.FromSeconds(10), "it receives nothing");
        var found = await CompareAsync(pair, former: SiteRole.Standby);
        Assert.Equal((DivergenceVerdict.Unknown, false), (found.Verdict, found.LosesNothing));
        Assert.Contains("no WAL receiver", found.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_down_is_unknown_and_one_of_another_system_foreign()
    {
        await using var pair = await StartAsync();
        await using var other = await StartAsync();
        await PartAsync(pair);
        var stranger = new DatabaseServerSettings { Name = "stranger", Host = "127.0.0.1", Port = other.Primary.Port };
        await other.Primary.ExecuteAsync($"ALTER ROLE \"{PostgresPair.AdminUser}\" PASSWORD '{pair.Passwords.Admin}'", Token);
        Assert.Equal(DivergenceVerdict.Foreign, (await CompareAsync(pair, server: stranger)).Verdict);

        await pair.Primary.StopAsync(PostgresStopMode.Fast, Token);
        var down = await CompareAsync(pair);
        Assert.Equal((DivergenceVerdict.Unknown, null, null), (down.Verdict, down.LostBytes, down.LostTransactions));
        Assert.Contains("can't be reached", down.Detail, StringComparison.Ordinal);
    }

    private static DatabaseServerSettings Address(PostgresServer server) => new() { Name = server.Name, Host = "127.0.0.1", Port = server.Port };

    /// <summary>A standby of the primary's own site, which goes on following it.</summary>
    private static async Task<PostgresServer> SecondStandbyAsync(PostgresPair pair)
    {
        var folder = Path.Combine(Path.GetDirectoryName(pair.PasswordFile)!, "second");
        var conninfo = $"host=127.0.0.1 port={pair.Primary.Port} user=postgres password={pair.Passwords.Superuser} application_name=second sslmode=disable";
        var second = await PostgresServer.CopyAsync(
            new PostgresServerOptions { Name = "second", Folder = folder, Password = pair.Passwords.Superuser, Settings = new Dictionary<string, string> { ["primary_conninfo"] = conninfo, ["max_prepared_transactions"] = "5" } },
            pair.Primary.Port, "postgres", pair.Passwords.Superuser, Token);
        await second.StartAsync(Token);
        await Poll.UntilAsync(
            async () => await second.ExecuteAsync("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'", Token) is 1L, TimeSpan.FromSeconds(10), "it streams");
        return second;
    }

    private static async Task<DalpDivergence> CompareAsync(PostgresPair pair, DatabaseLogin? login = null, DatabaseServerSettings? server = null, SiteRole former = SiteRole.Active)
    {
        var topology = new DalpTopology
        {
            Name = "test",
            Active = Site(SiteRole.Active, server ?? new DatabaseServerSettings { Name = pair.Primary.Name, Host = "127.0.0.1", Port = pair.Primary.Port }),
            Standby = Site(SiteRole.Standby, new DatabaseServerSettings { Name = pair.Standby.Name, Host = "127.0.0.1", Port = pair.Standby.Port }),
        };
        var comparison = new DatabaseComparison(
            topology, former, new Infrastructure(), _ => throw new InvalidOperationException("No cluster is needed."),
            login ?? new DatabaseLogin(PostgresPair.AdminUser, pair.Passwords.Admin), TimeSpan.FromSeconds(5), TimeProvider.System);
        return Assert.Single(await comparison.CompareAsync(Token));

        DalpSite Site(SiteRole role, DatabaseServerSettings settings) => new()
        {
            Role = role,
            Name = role.ToString(),
            Cluster = new ClusterAddress("none"),
            Namespace = "dalp",
            Database = new DatabaseSettings { Servers = [settings], Database = pair.Database, SslMode = "disable" },
        };
    }
}
