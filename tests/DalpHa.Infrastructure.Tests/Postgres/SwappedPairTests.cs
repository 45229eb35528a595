using DalpHa.Core.Errors;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>A pair whose roles have changed, and whose former primary comes back as standby.</summary>
public sealed class SwappedPairTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, RejoinMethod.Rewind)]
    [InlineData(RejoinMethod.Copy, RejoinMethod.Copy)]
    public async Task A_former_primary_that_went_its_own_way_comes_back_without_what_it_alone_had(RejoinMethod? asked, RejoinMethod done)
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await pair.Primary.ExecuteAsync("CREATE TABLE t AS SELECT 'both' AS x", Token);
        await pair.WaitForStreamingAsync(Token);
        pair.CutLink(silently: false);
        await pair.PromoteAsync(Token);
        await pair.Primary.ExecuteAsync("INSERT INTO t VALUES ('old alone')", Token);
        await pair.Standby.ExecuteAsync("INSERT INTO t VALUES ('new')", Token);
        pair.RestoreLink();

        Assert.Equal(done, await new PairRejoin(pair).RejoinAsync(pair.Primary, asked, Token));

        Assert.Equal(true, await pair.Primary.ExecuteAsync("SELECT pg_is_in_recovery()", Token));
        Assert.Equal("both,new", await pair.Primary.ExecuteAsync("SELECT string_agg(x, ',' ORDER BY x) FROM t", Token));
        Assert.Equal(pair.Primary.Name, await pair.Standby.ExecuteAsync("SELECT application_name FROM pg_stat_replication", Token));
        await pair.Standby.ExecuteAsync("INSERT INTO t VALUES ('after')", Token);
        await pair.WaitForStreamingAsync(pair.Primary, Token);
        Assert.Equal(3L, await pair.Primary.ExecuteAsync("SELECT count(*) FROM t", Token));
    }

    [Fact]
    public async Task A_pair_changes_its_roles_in_order_and_changes_them_back()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await pair.Primary.ExecuteAsync("CREATE TABLE t AS SELECT 1 AS x", Token);

        await SwitchAsync(pair, pair.Primary);
        await pair.Standby.ExecuteAsync("INSERT INTO t VALUES (2)", Token);
        await pair.WaitForStreamingAsync(pair.Primary, Token);
        await SwitchAsync(pair, pair.Standby);
        await pair.Primary.ExecuteAsync("INSERT INTO t VALUES (3)", Token);
        await pair.WaitForStreamingAsync(Token);

        Assert.Equal(3L, await pair.Standby.ExecuteAsync("SELECT count(*) FROM t", Token));
        Assert.Equal(false, await pair.Primary.ExecuteAsync("SELECT pg_is_in_recovery()", Token));
    }

    [Fact]
    public async Task Nobody_rejoins_a_standby()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);

        Assert.Equal("RejoinNeedsPrimary", (await Assert.ThrowsAsync<DalpException>(() => new PairRejoin(pair).RejoinAsync(pair.Primary, null, Token))).ErrorId);

        Assert.Equal(false, await pair.Primary.ExecuteAsync("SELECT pg_is_in_recovery()", Token));
    }

    // Stopped in order, the primary has sent all that it wrote; it follows the other, which is promoted after that.
    private static async Task SwitchAsync(PostgresPair pair, PostgresServer primary)
    {
        await primary.StopAsync(PostgresStopMode.Fast, Token);
        Assert.Equal("shut down", (await primary.Data.ReadControlAsync(Token))["Database cluster state"]);
        await pair.FollowAsync(primary, Token);
        await primary.StartAsync(Token);
        await pair.Other(primary).ExecuteAsync("SELECT pg_promote(true, 30)", Token);
        await pair.WaitForStreamingAsync(primary, Token);
    }
}
