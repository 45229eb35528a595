using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Lab.Outage;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Outage;

/// <summary>The writer that measures outages, on real servers.</summary>
public sealed class WriteWatchTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_orderly_change_of_roles_is_one_change_without_loss()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        var report = await WatchAsync(pair, async () =>
        {
            await pair.Primary.StopAsync(PostgresStopMode.Fast, Token);
            await pair.PromoteAsync(Token);
        });
        var change = Assert.Single(report.Changes);
        Assert.Equal((0, 1), (change.From, change.To));
        Assert.True(change.Milliseconds > 0);
        Assert.Equal(0, report.Lost);
        Assert.All(report.Acknowledged, rows => Assert.True(rows > 0));
    }

    [Fact]
    public async Task Rows_that_the_new_primary_never_had_are_counted_as_lost()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        var report = await WatchAsync(pair, async () =>
        {
            pair.CutLink(silently: true);
            await Task.Delay(200, Token);
            await pair.Primary.KillAsync(Token);
            await pair.PromoteAsync(Token);
        });
        Assert.Single(report.Changes);
        Assert.InRange(report.Lost, 1, report.Acknowledged[0]);
    }

    [Fact]
    public async Task Two_servers_that_take_writes_at_once_are_more_than_one_change()
    {
        await using var pair = await PostgresPair.StartAsync(new PostgresPairOptions { Folder = PairFolder.New() }, Token);
        var report = await WatchAsync(pair, () => pair.PromoteAsync(Token));
        Assert.True(report.Changes.Count > 1);
        Assert.True(report.Lost > 0);
    }

    // Writes before, during and after what is done.
    private static async Task<WriteWatchReport> WatchAsync(PostgresPair pair, Func<Task> act)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] logins = [.. new[] { pair.Primary, pair.Standby }.Select(server => server.ConnectionString(PostgresPair.OwnerUser, pair.Passwords.Owner, pair.Database))];
        var watching = new WriteWatch(logins, TimeSpan.FromMilliseconds(5)).RunAsync(_ => first.TrySetResult(), stop.Token);
        await first.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        // So that the standby has the table, and rows.
        await pair.WaitForStreamingAsync(Token);
        await act();
        await Task.Delay(500, Token);
        await stop.CancelAsync();
        return await watching;
    }
}
