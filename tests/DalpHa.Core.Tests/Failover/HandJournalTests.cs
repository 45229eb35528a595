using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>What a step by hand leaves written down, and who reads it where.</summary>
public sealed class HandJournalTests : IDisposable
{
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;

    public HandJournalTests() => crew = new HandCrew(platform);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task What_is_done_by_hand_is_written_down_as_a_failover_would_and_is_none()
    {
        platform.Active.OlderSessions = 1;
        await crew.RunAsync(new SuspendWrites());
        var file = Assert.Single(platform.Journals);
        Assert.All(crew.Results.Where(result => result.HasActed), result => Assert.Equal(file, result.JournalPath));
        var journal = JournalFile.Read(file).Records;
        Assert.Equal(("freeze", "west", "operator@laptop"), (journal[0].Step, journal[0].Data["active"], journal[0].Operator));
        Assert.Equal(JournalEvent.StepStarted, journal[0].Event);
        Assert.Equal(JournalEvent.StepDone, journal[^1].Event);
        foreach (var result in crew.Results)
        {
            Assert.Equal([JournalEvent.Intent, JournalEvent.Done], journal.Where(record => record.Action == result.Action).Select(record => record.Event));
        }
        // The copy tells the same, and is none of a failover.
        var control = platform.World().Standby.Control;
        var note = Assert.Single(platform.Standby.Notes.Values);
        Assert.Equal(JournalFile.Read(file).Lines, (await JournalMirror.OfStep(control, "dalp", note.Labels[JournalMirror.StepLabel]).ReadAsync(null, Token)).Lines);
        Assert.Empty(await new FailoverCatalog(new FailoverStore(platform.Folder("failovers")), failure => Assert.Fail(failure.Message), crew.Warnings.Add).ListAsync(control, "dalp", platform.Time, Token));

        // What was rehearsed before anybody was asked is gone.
        Assert.Equal([file, file + ".lock"], Directory.EnumerateFiles(platform.Folder("steps")).Order(StringComparer.Ordinal));

        // What changes nothing leaves nothing.
        await crew.RunAsync(new SuspendWrites());
        Assert.Single(platform.Journals);
        Assert.Empty(crew.Warnings);
    }

    [Fact]
    public async Task What_was_done_by_hand_is_listed_from_either_copy_and_a_journal_that_was_changed_is_an_error_of_its_own()
    {
        await crew.RunAsync(new SuspendWrites());
        platform.Standby.IsStuck = true;
        await crew.RunAsync(new PromoteStep());
        var (control, failures) = (platform.World().Standby.Control, new List<DalpException>());
        FailoverCatalog Catalog(string folder) => new(new FailoverStore(platform.Folder(folder)), failures.Add, crew.Warnings.Add);

        var steps = await Catalog("steps").ListStepsAsync(control, "dalp", Token);
        Assert.Equal([("freeze", FailoverOutcome.Succeeded, "operator@laptop"), ("promote", FailoverOutcome.Incomplete, "operator@laptop")], steps.Select(step => (step.Step, step.Outcome, step.Operator)));
        Assert.All(steps, step => Assert.True(step.IsEnded));
        // Each action that was begun, as its operator was told of it.
        var told = crew.Results.Where(result => result.HasActed).Select(result => (result.Site, result.Action, result.Outcome, result.Detail, result.JournalPath)).Order();
        Assert.Equal(told, steps.SelectMany(step => step.Actions).Select(action => (action.Site, action.Action, action.Outcome, action.Detail, action.JournalPath)).Order());

        var elsewhere = await Catalog("another machine").ListStepsAsync(control, "dalp", Token);
        Assert.Equal(steps.Select(step => (step.Id, step.JournalHead)), elsewhere.Select(step => (step.Id, step.JournalHead)));
        Assert.All(elsewhere, step => Assert.Null(step.JournalPath));

        File.WriteAllText(steps[0].JournalPath!, File.ReadAllText(steps[0].JournalPath!).Replace("operator@laptop", "somebody@laptop", StringComparison.Ordinal));
        Assert.Equal("promote", Assert.Single(await Catalog("steps").ListStepsAsync(null, "", Token)).Step);
        Assert.Equal("JournalBroken", Assert.Single(failures).ErrorId);
    }

    [Fact]
    public void Of_a_step_whose_process_died_nobody_knows_whether_its_last_action_was_done()
    {
        var chain = new JournalChain();
        var at = DateTimeOffset.UnixEpoch;
        chain.Add(new JournalRecord(0, at, JournalEvent.StepStarted, "promote", null, "Measured.", "operator@laptop", new Dictionary<string, string> { ["topology"] = "production" }));
        chain.Add(new JournalRecord(0, at.AddSeconds(3), JournalEvent.Intent, "promote", "Promote pg", "It is in recovery.", "operator@laptop", new Dictionary<string, string> { ["site"] = "east" }));
        var step = DalpHandStep.Read("20260601-120000-abcd", chain, null);
        Assert.Equal((FailoverOutcome.Unknown, false, TimeSpan.FromSeconds(3)), (step.Outcome, step.IsEnded, step.Elapsed));
        Assert.Equal((FailoverOutcome.Unknown, true, "east"), (step.Actions[0].Outcome, step.Actions[0].HasActed, step.Actions[0].Site));
    }

    [Fact]
    public async Task A_standby_that_does_not_answer_keeps_nobody_from_going_by_hand_and_a_disk_that_is_full_does()
    {
        platform.Standby.RefusesNotes = true;
        Assert.True(await crew.RunAsync(new SuspendWrites()));
        Assert.Contains("has no copy", Assert.Single(crew.Warnings), StringComparison.Ordinal);

        Assert.True(await crew.RunAsync(new ResumeWrites(HandCrew.Timeout), SiteRole.Active, new Attestation("Jane Doe", "Not needed.")));
        Assert.Equal("Jane Doe: Not needed.", JournalFile.Read(platform.Journals.Order().Last()).Records[0].Data["otherIsFenced"]);

        Directory.Delete(platform.Folder("steps"), recursive: true);
        await File.WriteAllTextAsync(platform.Folder("steps"), "A file where the folder should be.", Token);
        var before = platform.Active.Changes.Count;
        Assert.False(await crew.RunAsync(new SuspendWrites()));
        Assert.Equal(before, platform.Active.Changes.Count);
    }
}
