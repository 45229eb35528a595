using System.Text.Json.Nodes;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;

namespace DalpHa.Core.Tests.Failover;

/// <summary>The scripts that a runbook gives steps to, and those whom it has told.</summary>
public sealed class FailoverHookTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task A_script_runs_once_for_a_step_that_people_vouch_for_and_its_word_alone_does_not_count()
    {
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == "traffic" ? step with { Hook = "/runbook/switch.ps1" } : step)] };
        platform.Crew.Refuses = "traffic";
        var refused = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("traffic", refused.NextStep);
        Assert.Empty(platform.Hooks);

        platform.Crew.Refuses = null;
        platform.HookFailure = new DalpException("HookFailed", FaultKind.LocalResource, "The script failed.", "Mend it.");
        var failed = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Equal("traffic", failed.NextStep);
        Assert.Contains("The script failed.", failed.StoppedBecause, StringComparison.Ordinal);

        platform.HookFailure = null;
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, null, Token)).Outcome);
        Assert.Equal([("/runbook/switch.ps1", "traffic"), ("/runbook/switch.ps1", "traffic")], platform.Hooks);
    }

    [Fact]
    public async Task A_script_stands_in_for_any_step_that_the_runbook_gives_to_it()
    {
        GiveToScript("freeze");
        // It does what it is there for: the next step looks.
        platform.OnHook = _ =>
        {
            (platform.Active.IsReadOnly, platform.Active.Cluster.Workloads) = (true, [.. platform.Active.Cluster.Workloads.Select(workload => workload with { Desired = 0 })]);
            platform.Active.SetPods();
            return Task.CompletedTask;
        };
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token);
        Assert.Equal("workloads", failover.NextStep);
        Assert.Equal([("/runbook/script.ps1", "freeze")], platform.Hooks);
        Assert.Empty(platform.Active.Changes);
    }

    [Fact]
    public async Task A_script_that_does_nothing_for_the_freeze_promotes_nothing()
    {
        GiveToScript("freeze");
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", failover.NextStep);
        Assert.Empty(platform.Standby.Changes);
    }

    [Fact]
    public async Task A_script_has_the_time_of_its_step()
    {
        GiveToScript("traffic");
        platform.OnHook = HangAsync;
        var before = platform.Time.GetUtcNow();
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("traffic", failover.NextStep);
        Assert.Equal(FailoverOutcome.Incomplete, failover.Outcome);
        Assert.Contains("The time of the hook was over.", failover.StoppedBecause, StringComparison.Ordinal);
        Assert.InRange(platform.Time.GetUtcNow() - before, platform.Runbook.StepOf("traffic").Timeout, platform.Runbook.StepOf("traffic").Timeout * 2);
    }

    [Fact]
    public async Task A_script_that_tells_somebody_has_the_time_of_its_notification_and_the_failover_does_not_fail_by_it()
    {
        platform.Runbook = platform.Runbook with { Notifications = [new RunbookNotification([NotificationPoint.Finished], null, "/runbook/tell.ps1") { Timeout = TimeSpan.FromMinutes(3) }] };
        platform.OnHook = HangAsync;
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).Outcome);
        Assert.Equal("tell.ps1 could not be told: The time of the hook was over.", Assert.Single(platform.Warnings));
    }

    [Fact]
    public async Task Those_whom_the_runbook_names_are_told_and_hold_nothing_up()
    {
        var (open, silent) = (new Uri("https://chat.example.com/hook/secret"), new Uri("https://silent.example.com/"));
        platform.Runbook = platform.Runbook with
        {
            Notifications =
            [
                new RunbookNotification([NotificationPoint.Declared, NotificationPoint.Resumed, NotificationPoint.Stopped, NotificationPoint.Finished], open, null),
                new RunbookNotification([NotificationPoint.StepDone], silent, null),
            ],
        };
        platform.Crew.Refuses = "promote";
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        platform.Crew.Refuses = null;
        await platform.Process().ResumeAsync(Id, null, Token);

        Assert.Equal(["Declared", "Stopped", "Resumed", "Finished"], platform.Posts[open].Select(json => (string)JsonNode.Parse(json)!["point"]!));
        Assert.Contains("The region is lost.", platform.Posts[open][0], StringComparison.Ordinal);
        Assert.NotEmpty(platform.Warnings);
        Assert.All(platform.Warnings, warning => Assert.StartsWith("silent.example.com could not be told", warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task That_somebody_could_not_be_told_for_whatever_reason_takes_nothing_from_what_was_done()
    {
        platform.Runbook = platform.Runbook with { Notifications = [new RunbookNotification([NotificationPoint.Declared], null, "/runbook/tell.ps1")] };
        platform.OnHook = _ => throw new InvalidOperationException("Nobody foresaw it.");
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(failover.Outcome == FailoverOutcome.Succeeded, failover.StoppedBecause);
        Assert.Contains("tell.ps1 could not be told: Nobody foresaw it.", platform.Warnings);
    }

    private void GiveToScript(string name) =>
        platform.Runbook = platform.Runbook with { Steps = [.. platform.Runbook.Steps.Select(step => step.Name == name ? step with { Hook = "/runbook/script.ps1" } : step)] };

    private async Task HangAsync(CancellationToken bound)
    {
        while (!bound.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), platform.Time, CancellationToken.None);
        }
        throw new DalpException("HookTimedOut", FaultKind.TimedOut, "The time of the hook was over.", "Give it longer.");
    }
}
