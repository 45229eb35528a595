using System.Diagnostics;
using System.Net.Sockets;
using DalpHa.Core.Errors;
using DalpHa.Lab.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Postgres;

public sealed class PostgresPairTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pair_streams_within_seconds_and_leaves_neither_process_nor_file()
    {
        var clock = Stopwatch.StartNew();
        var folder = PairFolder.New();
        var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = folder }, Token);
        output.WriteLine($"ready after {clock.Elapsed.TotalSeconds:0.0} s");
        int[] processes = [pair.Primary.ProcessId!.Value, pair.Standby.ProcessId!.Value];
        await pair.Primary.ExecuteAsync("CREATE TABLE t AS SELECT 1 AS x", Token);
        await pair.WaitForStreamingAsync(Token);
        Assert.Equal(1L, await pair.Standby.ExecuteAsync("SELECT count(*) FROM t", Token));
        await pair.DisposeAsync();
        Assert.All(processes, id => Assert.Throws<ArgumentException>(() => Process.GetProcessById(id)));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_stalled_link_loses_nothing_and_passes_it_on_later()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        pair.CutLink(silently: true);
        await pair.Primary.ExecuteAsync("CREATE TABLE t AS SELECT 1 AS x", Token);
        var error = await Assert.ThrowsAsync<PostgresException>(() => pair.Standby.ExecuteAsync("SELECT count(*) FROM t", Token));
        Assert.Equal(PostgresErrorCodes.UndefinedTable, error.SqlState);
        Assert.Equal("streaming", await pair.Standby.ExecuteAsync("SELECT status FROM pg_stat_wal_receiver", Token));
        pair.RestoreLink();
        await pair.WaitForStreamingAsync(Token);
        Assert.Equal(1L, await pair.Standby.ExecuteAsync("SELECT count(*) FROM t", Token));
    }

    [Fact]
    public async Task Servers_survive_kills_a_refused_link_and_a_promotion()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        await pair.Standby.KillAsync(Token);
        Assert.Null(pair.Standby.ProcessId);
        await pair.Standby.StartAsync(Token);
        await pair.WaitForStreamingAsync(Token);
        pair.CutLink(silently: false);
        await pair.Primary.KillAsync(Token);
        await pair.Primary.StartAsync(Token);
        pair.RestoreLink();
        await pair.WaitForStreamingAsync(Token);
        await pair.PromoteAsync(Token);
        Assert.Equal(false, await pair.Standby.ExecuteAsync("SELECT pg_is_in_recovery()", Token));
    }

    [Fact]
    public async Task An_archiving_primary_feeds_a_standby_without_a_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The archive commands are a shell's.");
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New(), Archive = true }, Token);
        pair.CutLink(silently: false);
        await pair.Primary.ExecuteAsync("CREATE TABLE t AS SELECT 1 AS x", Token);
        await pair.Primary.ExecuteAsync("SELECT pg_switch_wal()", Token);
        await Poll.UntilAsync(
            async () => await pair.Standby.ExecuteAsync("SELECT to_regclass('t') IS NOT NULL", Token) is true,
            TimeSpan.FromSeconds(20),
            "the standby restores the segment");
    }

    [Fact]
    public async Task A_taken_port_is_one_clear_error()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        var folder = PairFolder.New();
        var error = await Assert.ThrowsAsync<DalpException>(() => PostgresPair.StartAsync(new PostgresPairOptions { Folder = folder, PrimaryPort = port }, Token));
        Assert.Equal("LabPortInUse", error.ErrorId);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void Folders_without_the_programs_are_passed_over()
    {
        var found = PostgresBinaries.Find();
        Assert.Equal(found, PostgresBinaries.FindIn([Path.GetTempPath(), found.Folder]));
        Assert.Null(PostgresBinaries.FindIn([Path.GetTempPath()]));
    }
}

/// <summary>A folder for a pair, where an ordinary user can reach it.</summary>
internal static class PairFolder
{
    public static string New() => Path.Combine(Path.GetTempPath(), "dalpha-test-" + Path.GetRandomFileName());
}

/// <summary>Waits for something to become true, with a bound.</summary>
internal static class Poll
{
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < limit, $"Not within {limit.TotalSeconds} s: {what}.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
