using DalpHa.Core.Errors;
using DalpHa.Core.Failover;

namespace DalpHa.Core.Tests.Failover;

/// <summary>A promotion that a script of the runbook's does: the server shows what came of it, whatever the script says.</summary>
public sealed class HookPromotionTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private const string Script = "/runbook/promote.ps1";
    private readonly TestPlatform platform = new();
    private readonly List<string> activeWhenRun = [];
    private Action effect;

    public HookPromotionTests()
    {
        effect = Promote;
        platform.Runbook = platform.Runbook with { Promotion = new PromotionProcedure(PromotionMethod.Hook) { Hook = Script } };
        platform.OnHook = _ =>
        {
            Run();
            return Task.CompletedTask;
        };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task It_is_run_once_behind_the_fence_and_the_server_shows_its_outcome()
    {
        var ended = await BeginAsync();
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal([(Script, "promote")], platform.Hooks);
        Assert.Equal(["frozen"], activeWhenRun);
        // DalpHa itself promotes nothing here.
        Assert.DoesNotContain("promote", platform.Standby.Changes);
        var journal = JournalFile.Read(Assert.Single(platform.Journals)).Records;
        Assert.Equal("true", journal.Single(record => record is { Event: JournalEvent.Intent, Action: "Promote pg" }).Data["final"]);
        Assert.StartsWith("pg is out of recovery and has committed a write. Timeline 2", journal.Single(record => record is { Event: JournalEvent.Done, Action: "Promote pg" }).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_says_it_is_done_and_has_done_nothing_is_not_believed()
    {
        effect = () => { };
        var stopped = await BeginAsync();
        Assert.Equal(("promote", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Steps[^1].Outcome));
        Assert.Contains("It is in recovery.", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains("promote a second time by hand", stopped.HandOver, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);
        Assert.False(platform.Active.TakesWrites);

        effect = Promote;
        var ended = await platform.Process(machine: "desktop").ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Equal(2, platform.Hooks.Count);
    }

    [Theory]
    [InlineData("HookFailed", FaultKind.LocalResource)]
    [InlineData("HookTimedOut", FaultKind.TimedOut)]
    public async Task One_that_promotes_and_then_fails_has_promoted(string error, FaultKind kind)
    {
        effect = () =>
        {
            Promote();
            throw new DalpException(error, kind, "The provider's answer was lost.", "Look at it.", Script);
        };
        var ended = await BeginAsync();
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Single(platform.Hooks);
    }

    [Fact]
    public async Task One_that_fails_and_has_done_nothing_stops_it_and_says_why()
    {
        effect = () => throw new DalpException("HookFailed", FaultKind.LocalResource, "The provider says no.", "Ask the provider.", Script);
        var stopped = await BeginAsync();
        Assert.Equal(("promote", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Steps[^1].Outcome));
        Assert.Contains("may be done in part. The provider says no. Ask the provider. It is in recovery.", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);
    }

    [Fact]
    public async Task What_was_promoted_while_nobody_looked_is_not_promoted_again()
    {
        var crash = new Crash();
        effect = () =>
        {
            Promote();
            crash.Die();
        };
        await Assert.ThrowsAsync<CrashException>(() => platform.Process(crash).BeginAsync(Id, TestPlatform.Declaration, null, Token));
        var ended = await platform.Process(machine: "desktop", takeOver: true).ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Single(platform.Hooks);
        Assert.Equal(2, platform.Standby.Timeline);
    }

    private Task<DalpFailover> BeginAsync() => platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);

    private void Run()
    {
        activeWhenRun.Add(platform.Active.TakesWrites ? "takes writes" : "frozen");
        effect();
    }

    private void Promote() => (platform.Standby.IsInRecovery, platform.Standby.Timeline) = (false, platform.Standby.Timeline + 1);
}
