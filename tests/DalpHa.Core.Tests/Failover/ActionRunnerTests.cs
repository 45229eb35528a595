using DalpHa.Core.Errors;
using DalpHa.Core.Failover;

namespace DalpHa.Core.Tests.Failover;

/// <summary>How one action ends: by its outcome, however late, and never by what its act says.</summary>
public sealed class ActionRunnerTests
{
    private readonly QuickTime time = new();
    private readonly List<ActionResult> recorded = [];
    private bool isThere;
    private int looks;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_comes_at_the_last_moment_has_come()
    {
        var result = await RunAsync(async bound =>
        {
            await UntilAsync(bound);
            isThere = true;
        });
        Assert.Equal((FailoverOutcome.Succeeded, true), (result.Outcome, result.HasActed));
    }

    [Theory]
    [InlineData(FaultKind.LocalResource)]
    [InlineData(FaultKind.Forbidden)]
    [InlineData(FaultKind.Unreachable)]
    public async Task An_act_that_failed_after_its_effect_has_succeeded(FaultKind kind)
    {
        var result = await RunAsync(_ =>
        {
            isThere = true;
            throw Trouble(kind);
        });
        Assert.Equal((FailoverOutcome.Succeeded, true), (result.Outcome, result.HasActed));
    }

    [Theory]
    [InlineData(FaultKind.Forbidden, FailoverOutcome.NotStarted, 2)]
    [InlineData(FaultKind.LocalResource, FailoverOutcome.Incomplete, 2)]
    [InlineData(FaultKind.Unreachable, FailoverOutcome.Incomplete, 100)]
    public async Task Without_its_effect_it_is_told_as_what_it_is_and_only_what_may_still_come_is_waited_for(FaultKind kind, FailoverOutcome expected, int atLeast)
    {
        var result = await RunAsync(_ => throw Trouble(kind));
        Assert.Equal(expected, result.Outcome);
        Assert.Contains("It did not work.", result.Detail, StringComparison.Ordinal);
        Assert.True(atLeast == 2 ? looks == 2 : looks >= atLeast, $"{looks} looks");
    }

    [Theory]
    [InlineData(FaultKind.LocalResource)]
    [InlineData(FaultKind.Unreachable)]
    public async Task What_can_not_be_seen_at_last_is_unknown(FaultKind kind)
    {
        var result = await RunAsync(_ => throw Trouble(kind), unseen: Trouble(FaultKind.TimedOut, "Nobody answers."));
        Assert.Equal(FailoverOutcome.Unknown, result.Outcome);
        Assert.Contains("Nobody answers.", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_look_is_bounded_too()
    {
        var before = time.GetUtcNow();
        var result = await RunAsync(UntilAsync, hangs: true);
        Assert.Equal(FailoverOutcome.Unknown, result.Outcome);
        Assert.Contains("could not be looked at within 30 s", result.Detail, StringComparison.Ordinal);
        Assert.True(time.GetUtcNow() - before < TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task What_an_operator_broke_off_while_its_act_ended_in_an_error_is_written_down()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var result = await RunAsync(
            async bound =>
            {
                await stop.CancelAsync();
                throw Trouble(FaultKind.LocalResource);
            },
            stop: stop.Token);
        Assert.Equal(FailoverOutcome.Unknown, result.Outcome);
        Assert.Contains("It did not work.", result.Detail, StringComparison.Ordinal);
        Assert.Equal(result, Assert.Single(recorded));
    }

    private static DalpException Trouble(FaultKind kind, string message = "It did not work.") => new("Trouble", kind, message, "Mend it.");

    private async Task UntilAsync(CancellationToken bound)
    {
        while (!bound.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
        }
    }

    private Task<ActionResult> RunAsync(Func<CancellationToken, Task> act, DalpException? unseen = null, bool hangs = false, CancellationToken? stop = null) => new ActionRunner(time)
    {
        RecordAsync = (_, result) =>
        {
            recorded.Add(result);
            return Task.CompletedTask;
        },
    }.RunAsync(
        new FailoverAction
        {
            Name = "Do it",
            Site = "east",
            Outcome = "it is done",
            LookAsync = async cancellationToken =>
            {
                // The first look is that before the act.
                if (++looks > 1)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (hangs)
                    {
                        await UntilAsync(cancellationToken);
                        cancellationToken.ThrowIfCancellationRequested();
                    }
                    if (unseen is not null)
                    {
                        throw unseen;
                    }
                }
                return isThere ? Sighting.Yes("There.") : Sighting.NotYet("Not there.");
            },
            ActAsync = act,
            Timeout = TimeSpan.FromMinutes(1),
        },
        stop ?? Token);
}
