using DalpHa.Core.Errors;
using DalpHa.Core.Tests.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Topology;

/// <summary>A site that is gone is waited for once, is asked on, and is heard as soon as it answers.</summary>
public sealed class SitePatienceTests
{
    // Waits of a second or two are over at once.
    private readonly QuickTime time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_that_nobody_has_given_up_is_waited_for_every_time()
    {
        await using var patience = new SitePatience(isGone: false, time);
        var asked = 0;
        for (var look = 1; look <= 3; look++)
        {
            await Assert.ThrowsAsync<DalpException>(() => patience.AskAsync("cluster", Silent, Token));
            Assert.Equal(look, asked);
        }

        Task<int> Silent(CancellationToken cancellationToken)
        {
            asked++;
            Assert.Equal(Token, cancellationToken);
            return Task.FromException<int>(TimedOut());
        }
    }

    [Fact]
    public async Task One_that_is_gone_is_waited_for_once_and_then_it_is_told_since_when_it_is_silent()
    {
        await using var patience = new SitePatience(isGone: true, time);
        await BeSilentAsync(patience, "cluster");
        var ended = new TaskCompletionSource();
        var told = await Assert.ThrowsAsync<DalpException>(() => patience.AskAsync("cluster", token => HangAsync(token, ended), Token));
        Assert.Equal(("ClusterTimedOut", FaultKind.TimedOut), (told.ErrorId, told.Kind));
        Assert.Contains("silent since", told.Message, StringComparison.Ordinal);
        // Nothing of the look is left.
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task Each_part_of_it_is_waited_for_once()
    {
        await using var patience = new SitePatience(isGone: true, time);
        await BeSilentAsync(patience, "cluster");
        var answer = new TaskCompletionSource<int>();
        var asking = patience.AskAsync("database", _ => answer.Task, Token);
        await Task.Delay(50, Token);
        Assert.False(asking.IsCompleted);
        answer.SetResult(1);
        Assert.Equal(1, await asking);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_first_answer_to_anybody_ends_it(bool isRefusal)
    {
        await using var patience = new SitePatience(isGone: true, time);
        await BeSilentAsync(patience, "cluster");
        await BeSilentAsync(patience, "database");
        var answering = patience.AskAsync("cluster", _ => isRefusal ? Task.FromException<int>(Refused()) : Task.FromResult(1), Token);
        Assert.Equal(isRefusal ? "AccessDenied" : null, (await Record.ExceptionAsync(() => answering) as DalpException)?.ErrorId);
        await RequireFullWaitAsync(patience, "database");
    }

    [Fact]
    public async Task It_is_asked_on_while_nobody_looks_and_an_answer_then_counts_too()
    {
        await using var patience = new SitePatience(isGone: true, time);
        var (asked, isBack) = (0, new TaskCompletionSource());
        await Assert.ThrowsAsync<DalpException>(() => patience.AskAsync("cluster", AskAsync, Token));
        await isBack.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        await RequireFullWaitAsync(patience, "cluster");
        Assert.Equal(3, asked);

        Task<int> AskAsync(CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref asked) < 3)
            {
                return Task.FromException<int>(TimedOut());
            }
            isBack.SetResult();
            return Task.FromResult(1);
        }
    }

    [Fact]
    public async Task A_look_that_waits_a_moment_goes_on_waiting_when_another_is_answered_meanwhile()
    {
        await using var patience = new SitePatience(isGone: true, TimeProvider.System);
        await BeSilentAsync(patience, "cluster");
        await BeSilentAsync(patience, "database");
        var answer = new TaskCompletionSource<int>();
        var looking = patience.AskAsync("database", _ => answer.Task, Token);
        await patience.AskAsync("cluster", _ => Task.FromResult(1), Token);
        await Task.Delay(SitePatience.Moment + TimeSpan.FromMilliseconds(200), Token);
        Assert.False(looking.IsCompleted);
        answer.SetResult(2);
        Assert.Equal(2, await looking);
    }

    [Fact]
    public async Task What_is_asked_in_the_background_ends_with_it()
    {
        var patience = new SitePatience(isGone: true, time);
        var (begun, ended, asked) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        await Assert.ThrowsAsync<DalpException>(() => patience.AskAsync("cluster", AskAsync, Token));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        await patience.DisposeAsync();
        Assert.True(ended.Task.IsCompleted);

        Task<int> AskAsync(CancellationToken cancellationToken)
        {
            if (asked++ == 0)
            {
                return Task.FromException<int>(TimedOut());
            }
            begun.SetResult();
            return HangAsync(cancellationToken, ended);
        }
    }

    private static async Task BeSilentAsync(SitePatience patience, string endpoint) =>
        await Assert.ThrowsAsync<DalpException>(() => patience.AskAsync(endpoint, _ => Task.FromException<int>(TimedOut()), Token, mayRepeat: false));

    // The moment is over at once here: who gets a late answer has waited for it.
    private static async Task RequireFullWaitAsync(SitePatience patience, string endpoint)
    {
        var late = new TaskCompletionSource<int>();
        var looking = patience.AskAsync(endpoint, _ => late.Task, Token, mayRepeat: false);
        await Task.Delay(50, Token);
        Assert.False(looking.IsCompleted);
        late.SetResult(3);
        Assert.Equal(3, await looking);
    }

    private static async Task<int> HangAsync(CancellationToken cancellationToken, TaskCompletionSource ended)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
        finally
        {
            ended.SetResult();
        }
    }

    private static DalpException TimedOut() => new("ClusterTimedOut", FaultKind.TimedOut, "No answer.", "Wait.");

    private static DalpException Refused() => new("AccessDenied", FaultKind.Forbidden, "No.", "Ask.");
}
