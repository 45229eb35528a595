using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Failover;

/// <summary>What a promotion leaves is found, told and written down, and stops nothing.</summary>
public sealed class PromotedServerTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task What_was_found_is_in_the_result_and_in_the_journal_and_every_machine_reads_it_there()
    {
        platform.Active.Provision = platform.Active.Provision with { Slots = [new ProvidedSlot("cdc", IsLogical: true, IsActive: true, "reserved", new Lsn(900), null)] };
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);

        Assert.Equal(FailoverOutcome.Succeeded, failover.Outcome);
        var found = failover.Steps.Single(step => step.Step == "promote").Findings;
        Assert.Equal(["Timeline", "SynchronousCommit", "WalArchive", "ReturnSlot", "Rewind", "LogicalSlots"], found.Select(finding => finding.Check));
        Assert.Equal((CheckStatus.Warn, "cdc is lost"), Of(found, "LogicalSlots"));
        Assert.Equal((CheckStatus.Unknown, "nothing of timeline 2 yet"), Of(found, "WalArchive"));
        Assert.Equal(CheckStatus.Pass, Of(found, "Timeline").Status);
        Assert.Equal(found, platform.Crew.Ended.Single(step => step.Step == "promote").Findings);
        Assert.All(failover.Steps.Where(step => step.Step != "promote"), step => Assert.Empty(step.Findings));

        var elsewhere = await new FailoverCatalog(new FailoverStore(platform.Folder("another machine")), failure => Assert.Fail(failure.Message), platform.Warnings.Add)
            .ListAsync(platform.World().Standby.Control, "dalp", platform.Time, Token);
        Assert.Equal(found, Assert.Single(elsewhere).Steps.Single(step => step.Step == "promote").Findings);
    }

    [Fact]
    public async Task What_can_not_be_read_is_unknown_and_the_promotion_is_done_all_the_same()
    {
        platform.Standby.OnReached = () => platform.Standby.ProvisionFailure = platform.Standby.IsInRecovery ? null : TestSite.Down();
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(FailoverOutcome.Succeeded, failover.Outcome);
        var unseen = Assert.Single(failover.Steps.Single(step => step.Step == "promote").Findings);
        Assert.Equal(("WayBack", CheckStatus.Unknown, "Connection refused."), (unseen.Check, unseen.Status, unseen.Detail));
    }

    [Fact]
    public async Task A_former_primary_that_is_gone_is_not_asked_and_its_logical_slots_are_unknown()
    {
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Head of Operations", "The building is without power.");
        var found = (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "promote", Token)).Steps.Single(step => step.Step == "promote").Findings;
        Assert.Equal(CheckStatus.Unknown, Of(found, "LogicalSlots").Status);
        Assert.Equal((CheckStatus.Pass, "data checksums"), Of(found, "Rewind"));
    }

    [Fact]
    public async Task A_standby_whose_commits_would_hang_is_not_promoted_and_one_whose_commits_are_served_is()
    {
        platform.Standby.Provision = platform.Standby.Provision with { SynchronousStandbyNames = "west" };
        var refused = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("promote", FailoverOutcome.Incomplete), (refused.NextStep, refused.Outcome));
        Assert.Contains("CommitsReturn", refused.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains("ALTER SYSTEM SET synchronous_standby_names = ''", refused.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);

        platform.Standby.Provision = platform.Standby.Provision with { Attached = ["west"] };
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, null, Token)).Outcome);
    }

    [Fact]
    public async Task A_step_by_hand_tells_it_after_its_actions_and_writes_it_down()
    {
        var crew = new HandCrew(platform);
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.True(await crew.RunAsync(new PromoteStep()));
        Assert.Equal(6, crew.Findings.Count);
        var records = platform.Journals.SelectMany(file => JournalFile.Read(file).Records).ToList();
        var done = Assert.Single(records, record => record is { Event: JournalEvent.StepDone, Step: "promote" });
        Assert.Equal(6, done.Data.Count);
        Assert.Contains("\"check\":\"ReturnSlot\"", done.Data["finding 04"], StringComparison.Ordinal);

        // What is promoted already is looked at again.
        crew.Findings.Clear();
        Assert.True(await crew.RunAsync(new PromoteStep()));
        Assert.Equal(6, crew.Findings.Count);
    }

    private static (CheckStatus Status, string Observed) Of(IEnumerable<DalpCheckResult> found, string check) =>
        found.Where(finding => finding.Check == check).Select(finding => (finding.Status, finding.Observed)).Single();
}
