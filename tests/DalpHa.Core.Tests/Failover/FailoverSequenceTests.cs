using DalpHa.Core.Failover;

namespace DalpHa.Core.Tests.Failover;

public sealed class FailoverSequenceTests : IDisposable
{
    private readonly TestPlatform platform = new();

    public void Dispose() => platform.Dispose();

    [Theory]
    [InlineData(null, "", "validators traffic validate")]
    [InlineData("isolate", "traffic", "validators validate")]
    [InlineData("traffic", "", "validators traffic")]
    [InlineData("workloads", "", "")]
    [InlineData(null, "validators traffic validate", "")]
    public void People_vouch_for_what_comes_before_the_end_and_has_no_word_yet(string? until, string vouched, string left) =>
        Assert.Equal(left, string.Join(' ', FailoverSequence.ToVouchFor(platform.Runbook, until, vouched.Split(' '), null).Select(step => step.Name)));

    [Fact]
    public void A_step_that_the_runbook_gives_to_people_or_to_a_script_is_theirs_to_vouch_for()
    {
        platform.Runbook = platform.Runbook with
        {
            Steps = [.. platform.Runbook.Steps.Select(step => step.Name switch
            {
                "freeze" => step with { Manual = "Stop the writers." },
                "workloads" => step with { Hook = "start.ps1" },
                _ => step,
            })],
        };
        Assert.Equal(["freeze", "workloads"], FailoverSequence.ToVouchFor(platform.Runbook, "workloads", [], null).Select(step => step.Name));
        Assert.Equal("Owner of freeze", FailoverSequence.ToVouchFor(platform.Runbook, null, [], null).First().Owner);
    }

    [Fact]
    public async Task What_was_vouched_for_before_is_not_asked_for_when_it_goes_on()
    {
        const string id = "20260601-120000-abcd";
        platform.Crew.Refuses = "traffic";
        await platform.Process().BeginAsync(id, TestPlatform.Declaration, null, TestContext.Current.CancellationToken);
        var chain = JournalFile.Read(platform.Journals.Single());
        Assert.Equal(["traffic", "validate"], FailoverSequence.ToVouchFor(platform.Runbook, null, [], chain).Select(step => step.Name));
    }

    [Theory]
    [InlineData("freeze", null)]
    [InlineData("confirm", "freeze")]
    [InlineData("validators", "workloads")]
    public void The_step_before_is_the_last_that_is_run_without_it(string step, string? before) => Assert.Equal(before, FailoverSequence.Before(step));
}
