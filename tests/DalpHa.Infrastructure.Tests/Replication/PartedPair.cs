using System.Globalization;
using DalpHa.Core.Replication;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Replication;

/// <summary>A real pair that parts: the standby is promoted, and the primary goes on alone.</summary>
internal static class PartedPair
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<PostgresPair> StartAsync()
    {
        var pair = await PostgresPair.StartAsync(
            new PostgresPairOptions { Folder = PairFolder.New(), Settings = new Dictionary<string, string> { ["autovacuum"] = "off", ["checkpoint_timeout"] = "1h", ["max_prepared_transactions"] = "5" } }, Token);
        await pair.Primary.ExecuteAsync("CREATE TABLE t (x int)", Token, pair.Database);
        await pair.WaitForStreamingAsync(Token);
        return pair;
    }

    /// <summary>Promotes the standby, so that the primary goes on alone from here; gives the position by the promoted server's own file.</summary>
    public static async Task<Lsn> PartAsync(PostgresPair pair)
    {
        pair.CutLink(silently: false);
        await pair.PromoteAsync(Token);
        pair.RestoreLink();
        var line = File.ReadAllText(Path.Combine(pair.Standby.DataFolder, "pg_wal", "00000002.history")).Split('\t');
        return Lsn.Parse(line[1])!.Value;
    }

    public static async Task CommitAsync(PostgresPair pair, int transactions)
    {
        for (var number = 0; number < transactions; number++)
        {
            await pair.Primary.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO t VALUES ({number})"), Token, pair.Database);
        }
    }

    public static async Task FreezeAsync(PostgresPair pair)
    {
        await pair.Primary.ExecuteAsync("ALTER SYSTEM SET default_transaction_read_only = on", Token);
        await pair.Primary.ExecuteAsync("SELECT pg_reload_conf()", Token);
        await Poll.UntilAsync(
            async () => await pair.Primary.ExecuteAsync("SHOW default_transaction_read_only", Token) is "on", TimeSpan.FromSeconds(10), "it is read-only by default");
    }

    /// <summary>Where the primary's log ends once all of it is on disk.</summary>
    /// <remarks>What readers leave there (hints in pages) no commit waits for: until the server has come to it, what is on disk may end in the midst of a record.</remarks>
    public static async Task<Lsn> EndOfLogAsync(PostgresPair pair)
    {
        string? end = null;
        await Poll.UntilAsync(
            async () => (end = (string?)await pair.Primary.ExecuteAsync("SELECT f::text FROM pg_current_wal_insert_lsn() AS i, pg_current_wal_flush_lsn() AS f WHERE f >= i", Token)) is not null,
            TimeSpan.FromSeconds(30),
            "all of its log is on disk");
        return Lsn.Parse(end)!.Value;
    }

    public static async Task<DateTimeOffset> ClockAsync(PostgresPair pair) => new((DateTime)(await pair.Primary.ExecuteAsync("SELECT clock_timestamp()", Token))!);
}
