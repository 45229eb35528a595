using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Failover;

/// <summary>What a failover that is gone on with may rest on, and what its journal says afterwards.</summary>
public sealed class ResumptionTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_whose_promoted_server_is_a_standby_again_or_was_frozen_since_is_over_and_nothing_is_done_on_its_words(bool follows)
    {
        platform.Crew.Refuses = "isolate";
        Assert.Equal("isolate", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        // The pair has failed back since, by other means; or is about to, and the promoted server is not made a standby yet.
        platform.OnChange = () => { };
        (platform.Standby.IsInRecovery, platform.Standby.IsReadOnly, platform.Active.IsReadOnly, platform.Active.Timeline) = (follows, !follows, false, 3);
        platform.Crew.Refuses = null;
        var (before, asked) = (platform.Active.Changes.Count, platform.Crew.Asked.Count);

        var refused = await Assert.ThrowsAsync<DalpException>(() => platform.Process().ResumeAsync(Id, null, Token));

        Assert.Equal("FailoverOutlived", refused.ErrorId);
        Assert.Equal((before, asked), (platform.Active.Changes.Count, platform.Crew.Asked.Count));
    }

    [Fact]
    public async Task A_former_site_that_comes_back_on_a_later_timeline_is_stopped_first_of_all()
    {
        platform.Crew.Refuses = "workloads";
        Assert.Equal("workloads", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        // Whoever looks after it has elected one of its servers twice meanwhile.
        platform.OnChange = () => { };
        (platform.Active.Timeline, platform.Active.IsReadOnly) = (3, false);
        platform.Crew.Refuses = null;
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.False(platform.Active.TakesWrites);
    }

    [Fact]
    public void A_promotion_keeps_its_server_and_its_own_outcome_whatever_else_the_step_does()
    {
        JournalRecord Of(JournalEvent @event, string? action, params (string, string)[] data) =>
            new(0, DateTimeOffset.UnixEpoch, @event, "promote", action, $"{action}: {@event}", "operator", data.ToDictionary(one => one.Item1, one => one.Item2));
        var told = Of(JournalEvent.Intent, "Promote pg", ("final", "true"));
        List<JournalRecord> records = [Of(JournalEvent.StepStarted, null, ("server", "pg")), told, Of(JournalEvent.Done, "Freeze writes on pg, and drain it to pg")];
        Assert.Equal(("pg", null), (BegunPromotion.Of(records)!.Server, BegunPromotion.Of(records)!.Outcome));
        records.Add(Of(JournalEvent.Failed, "Promote pg"));
        records.Add(Of(JournalEvent.StepStarted, null));
        var begun = BegunPromotion.Of(records)!;
        Assert.Equal(("pg", "Promote pg: Failed"), (begun.Server, begun.Outcome));
        Assert.Null(BegunPromotion.Of([Of(JournalEvent.StepStarted, null, ("server", "pg")), Of(JournalEvent.Failed, "Freeze writes on pg")]));
        Assert.Equal("pg", BegunPromotion.Of([Of(JournalEvent.StepStarted, null, ("server", "pg"), ("promotedBefore", "true"))])!.Server);
    }

    [Fact]
    public async Task One_that_has_told_a_server_to_become_the_primary_does_not_go_on_with_another()
    {
        platform.Standby.IsStuck = true;
        Assert.Equal("promote", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        platform.Runbook = platform.Runbook with { Promotion = platform.Runbook.Promotion with { Server = "pg2" } };
        var refused = await Assert.ThrowsAsync<DalpException>(() => platform.Process().ResumeAsync(Id, null, Token));
        Assert.Equal("PromotionBegunElsewhere", refused.ErrorId);
    }

    [Fact]
    public async Task A_server_that_is_told_again_is_told_so_to_its_owner_and_the_journal()
    {
        platform.Standby.IsStuck = true;
        Assert.Equal("promote", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        platform.Standby.IsStuck = false;
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, null, Token)).Outcome);
        var again = Records().Last(record => record is { Event: JournalEvent.StepStarted, Step: "promote" });
        Assert.Contains("AskedOnce: pg: was told to become the primary at ", again.Data["restsOn"], StringComparison.Ordinal);
        Assert.Contains("It is in recovery.", again.Data["restsOn"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hand_over_that_came_to_no_promotion_does_not_take_what_somebody_else_promoted_since()
    {
        platform.Kind = FailoverKind.Switchover;
        platform.ToReceive = 1;
        Assert.Equal("promote", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        // It is taken back, and somebody promotes the standby for a test.
        (platform.Active.IsReadOnly, platform.Standby.IsInRecovery, platform.Standby.Timeline) = (false, false, 2);
        platform.OnChange = () => { };
        var stopped = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Equal("freeze", stopped.NextStep);
        Assert.Contains("both take writes", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.True(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_finished_one_is_told_as_it_is_and_asks_nobody()
    {
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        var (asked, journal) = (platform.Crew.Asked.Count, await File.ReadAllTextAsync(platform.Journals.Single(), Token));
        var again = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Equal((FailoverOutcome.Succeeded, asked), (again.Outcome, platform.Crew.Asked.Count));
        Assert.Contains(platform.Warnings, warning => warning.Contains("is finished", StringComparison.Ordinal));
        Assert.Equal(journal, await File.ReadAllTextAsync(platform.Journals.Single(), Token));
    }

    [Fact]
    public async Task One_whose_copy_was_deleted_in_part_goes_on_where_the_journal_is_whole_and_says_so()
    {
        platform.Crew.Refuses = "promote";
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        var note = platform.Standby.Notes.Values.Single();
        platform.Standby.Notes[note.Name] = note with { Entries = note.Entries.Where(entry => entry.Key is not ("000002" or "000003")).ToDictionary() };
        platform.Crew.Refuses = null;

        Assert.Equal(FailoverOutcome.NotStarted, (await ListAsync(platform.Folder("laptop"))).Single().Steps.Last().Outcome);
        var elsewhere = await Assert.ThrowsAsync<DalpException>(() => platform.Process(machine: "other").ResumeAsync(Id, null, Token));
        Assert.Equal("JournalCopyIncomplete", elsewhere.ErrorId);
        var ended = await platform.Process().ResumeAsync(Id, null, Token);

        Assert.Equal(FailoverOutcome.Succeeded, ended.Outcome);
        Assert.Contains("lacked 2 records", Assert.Single(platform.Warnings), StringComparison.Ordinal);
        var journal = JournalFile.Read(platform.Journals.Single(path => path.StartsWith(platform.Folder("laptop"), StringComparison.Ordinal)));
        Assert.Contains("number 2", journal.Records.Single(record => record.Event == JournalEvent.Resumed).Data["broughtBack"], StringComparison.Ordinal);
        Assert.Equal(journal.Lines, (await new JournalMirror(platform.World().Standby.Control, "dalp", Id).ReadAsync(null, Token)).Lines);
    }

    [Fact]
    public async Task A_step_that_was_found_wanting_and_holds_again_is_told_as_done()
    {
        platform.Crew.Refuses = "isolate";
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        // The site falls silent: its first step is stopped at, though it was done.
        platform.Active.SetDown(true);
        Assert.Equal("freeze", (await platform.Process().ResumeAsync(Id, null, Token)).NextStep);
        platform.Active.SetDown(false);
        platform.Crew.Refuses = null;
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Equal((FailoverOutcome.Succeeded, null), (ended.Outcome, ended.NextStep));
        Assert.All(ended.Steps, step => Assert.Equal(FailoverOutcome.Succeeded, step.Outcome));
    }

    [Fact]
    public async Task A_loss_that_is_accepted_on_the_way_is_in_the_journal_and_in_what_is_told_to_go_on()
    {
        platform.MissingBytes = 5000;
        platform.Topology = platform.Topology with { Thresholds = platform.Topology.Thresholds with { Rpo = TimeSpan.FromSeconds(30) } };
        Assert.Equal("confirm", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        platform.MaxDataLoss = TimeSpan.FromMinutes(5);
        platform.Crew.Refuses = "promote";
        var stopped = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Contains($"Resume-DalpFailover -Id {Id} -MaxDataLoss 00:05:00", stopped.HandOver, StringComparison.Ordinal);
        Assert.Contains(Records(), record => record.Event == JournalEvent.Resumed && record.Data["maxDataLoss"] == "00:05:00");
        // Who finds something in it that he can't read knows which DalpHa wrote it.
        Assert.All(Records().Where(record => record.Event is JournalEvent.Declared or JournalEvent.Resumed), record => Assert.Equal(typeof(JournalChain).Assembly.GetName().Version!.ToString(3), record.Data["version"]));
    }

    [Fact]
    public async Task What_a_step_rested_on_in_spite_of_something_is_in_the_journal()
    {
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Jane Doe", "the provider says so");
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Contains("-ActiveIsGone '<name>: <how he knows>'", failover.HandOver, StringComparison.Ordinal);
        var promotion = Records().Single(record => record is { Event: JournalEvent.StepStarted, Step: "promote" });
        Assert.Contains("Jane Doe vouches: the provider says so", promotion.Data["restsOn"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_foresaw_stops_it_with_a_hand_over_and_tells_who_wants_to_know()
    {
        var chat = new Uri("https://chat.example.com/");
        platform.Runbook = platform.Runbook with { Notifications = [new RunbookNotification([NotificationPoint.Stopped], chat, null)] };
        platform.Crew.OnAsked = step => _ = step == "validators" ? throw new InvalidOperationException("Nobody can be asked here.") : 0;
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("validators", true), (failover.NextStep, failover.IsEnded));
        Assert.Contains("Nobody can be asked here.", failover.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains("Nobody can be asked here.", Assert.Single(platform.Posts[chat]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_standby_that_can_not_be_seen_is_not_taken_for_a_promoted_one()
    {
        var looks = 0;
        // It was seen when the step was measured, and not any more when its outcome was looked for.
        platform.Measured = lag => ++looks > 1 ? throw new DalpException("DatabaseUnreachable", FaultKind.Unreachable, "It is gone.", "Look.") : lag with { ReplayLagBytes = 10 };
        platform.Standby.OnReached = () =>
        {
            if (looks > 0)
            {
                throw TestSite.Down();
            }
        };
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "confirm", Token);
        Assert.NotEqual(FailoverOutcome.Succeeded, failover.Steps.Single(step => step.Step == "confirm").Outcome);
    }

    [Theory]
    [InlineData(FailoverKind.Failover, true)]
    [InlineData(FailoverKind.Switchover, false)]
    [InlineData(FailoverKind.Drill, false)]
    public async Task A_runbook_that_is_overdue_for_review_keeps_only_what_can_wait(FailoverKind kind, bool begins)
    {
        platform.Kind = kind;
        platform.Runbook = platform.Runbook with { ReviewBy = new DateOnly(2026, 5, 2) };
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(begins, failover.Outcome == FailoverOutcome.Succeeded);
        if (begins)
        {
            Assert.Contains("RunbookReviewed", Records().First(record => record.Event == JournalEvent.StepStarted).Data["restsOn"], StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal("freeze", failover.NextStep);
            Assert.Contains("RunbookReviewed", failover.StoppedBecause, StringComparison.Ordinal);
            Assert.Empty(platform.Active.Changes);
        }
    }

    [Theory]
    [InlineData(false, "takes writes")]
    [InlineData(true, "can't be reached")]
    public async Task A_database_that_is_let_go_while_its_site_is_isolated_keeps_the_failover_from_being_done(bool fallsSilent, string seen)
    {
        var isLetGo = false;
        platform.OnChange = () => { };
        // Somebody vouches for the site, which answered when its isolation began: what it did before it fell silent is not known.
        platform.ActiveIsGone = new Attestation("Head of Operations", "It is without power.");
        // Once all of it was seen to be done: before that it is frozen anew.
        string[] awaited = ["Freeze writes on pg", "Close Ingress/dapp"];
        platform.Active.OnReached = () =>
        {
            if (!isLetGo && platform.Journals.Any() && awaited.All(action => Records().Any(record => record is { Event: JournalEvent.Done, Step: "isolate" } && record.Action == action)))
            {
                (isLetGo, platform.Active.IsReadOnly) = (true, false);
                platform.Active.SetDown(fallsSilent);
            }
        };
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(isLetGo);
        Assert.Equal(("isolate", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Outcome));
        Assert.Contains(seen, stopped.StoppedBecause, StringComparison.Ordinal);
        platform.Active.SetDown(false);
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, null, Token)).Outcome);
        Assert.False(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task A_site_that_was_isolated_and_can_not_be_seen_any_more_is_not_told_to_be()
    {
        var crash = new Crash();
        platform.ActiveIsGone = new Attestation("Head of Operations", "It is without power.");
        platform.Standby.OnReached = () =>
        {
            if (platform.Journals.Any() && Records().Any(record => record is { Event: JournalEvent.StepDone, Step: "isolate" }))
            {
                crash.Die();
            }
        };
        await Assert.ThrowsAsync<CrashException>(() => platform.Process(crash).BeginAsync(Id, TestPlatform.Declaration, null, Token));
        platform.Standby.OnReached = () => { };

        platform.Active.SetDown(true);
        var stopped = await platform.Process(takeOver: true).ResumeAsync(Id, null, Token);
        Assert.Equal(("isolate", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Outcome));
        Assert.Contains("ActiveReachable", stopped.StoppedBecause, StringComparison.Ordinal);
        platform.Active.SetDown(false);
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, null, Token)).Outcome);
    }

    [Fact]
    public async Task Who_runs_it_is_told_meanwhilehe_does()
    {
        string? meanwhile = null;
        platform.Crew.OnAsked = _ => meanwhile ??= ListAsync().GetAwaiter().GetResult().Single().HeldBy;
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "confirm", Token);
        Assert.StartsWith("operator@laptop", meanwhile, StringComparison.Ordinal);
        Assert.Null((await ListAsync()).Single().HeldBy);
    }

    [Fact]
    public async Task However_many_failovers_a_cluster_keeps_they_are_read_with_one_list()
    {
        string[] ids = [Id, "20260601-130000-abcd", "20260601-140000-abcd"];
        foreach (var id in ids)
        {
            await platform.Process().BeginAsync(id, TestPlatform.Declaration, "confirm", Token);
        }
        var asked = 0;
        platform.Standby.OnReached = () => asked++;
        Assert.Equal(ids, (await ListAsync()).Select(failover => failover.Id));
        // The other one is for the lease.
        Assert.Equal(2, asked);
    }

    private Task<IReadOnlyList<DalpFailover>> ListAsync(string? folder = null) => new FailoverCatalog(new FailoverStore(folder ?? platform.Folder("elsewhere")), failure => Assert.Fail(failure.Message), platform.Warnings.Add)
        .ListAsync(platform.World().Standby.Control, "dalp", platform.Time, Token);

    private IReadOnlyList<JournalRecord> Records() => JournalFile.Read(platform.Journals.Single()).Records;
}
