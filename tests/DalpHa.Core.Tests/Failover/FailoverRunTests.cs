using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Failover;

/// <summary>A failover from its declaration to its end, and what keeps it from going on.</summary>
public sealed class FailoverRunTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task A_failover_fences_promotes_starts_and_isolates_in_this_order()
    {
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);

        Assert.Equal(FailoverOutcome.Succeeded, failover.Outcome);
        Assert.Null(failover.HandOver);
        Assert.Equal(["freeze", "confirm", "promote", "workloads", "validators", "traffic", "validate", "isolate"], failover.Steps.Select(step => step.Step));
        Assert.Equal(["freeze", "confirm", "promote", "workloads", "validators", "validators", "traffic", "validate", "isolate"], platform.Crew.Asked);
        Assert.Equal(["scale dapi 0", "scale signer 0", "readonly True"], platform.Active.Changes[..3]);
        Assert.Equal(["promote", "scale dapi 2"], platform.Standby.Changes);
        Assert.False(platform.Active.TakesWrites);
        Assert.True(platform.Standby.TakesWrites);
        Assert.All(platform.Active.Cluster.Workloads, workload => Assert.Equal(0, workload.Desired));
        Assert.All(platform.Active.Cluster.Routes, route => Assert.True(route.IsClosed));
        Assert.NotNull(failover.RecoveryTime);
        Assert.Equal(TimeSpan.Zero, failover.LossTime);
        Assert.Empty(platform.Warnings);
    }

    [Theory]
    [InlineData("Confirm")]
    [InlineData("decision")]
    [InlineData("")]
    public async Task To_stop_after_what_is_no_step_is_refused_before_anything_is_begun(string until)
    {
        var refused = await Assert.ThrowsAsync<DalpException>(() => platform.Process().BeginAsync(Id, TestPlatform.Declaration, until, Token));
        Assert.Equal("StepNotKnown", refused.ErrorId);
        Assert.Empty(platform.Journals);

        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "freeze", Token);
        refused = await Assert.ThrowsAsync<DalpException>(() => platform.Process().ResumeAsync(Id, until, Token));
        Assert.Equal("StepNotKnown", refused.ErrorId);
        Assert.Empty(platform.Standby.Changes);
    }

    [Fact]
    public async Task What_an_owner_refuses_is_not_begun_and_nothing_after_it()
    {
        platform.Crew.Refuses = "promote";
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);

        Assert.Equal(FailoverOutcome.Incomplete, failover.Outcome);
        Assert.Equal("promote", failover.NextStep);
        Assert.Equal(FailoverOutcome.NotStarted, failover.Steps[^1].Outcome);
        Assert.Empty(platform.Standby.Changes);
        Assert.Contains("Owner of promote did not agree", failover.HandOver, StringComparison.Ordinal);
        Assert.Contains("https://runbooks.example.com/restore", failover.HandOver, StringComparison.Ordinal);
        Assert.Contains("Do not promote the standby by hand while the active site may write", failover.HandOver, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_that_can_not_be_reached_keeps_the_failover_from_beginning_until_a_person_vouches()
    {
        platform.Active.SetDown(true);
        var refused = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(FailoverOutcome.NotStarted, refused.Outcome);
        Assert.Equal("freeze", refused.NextStep);
        Assert.Empty(platform.Standby.Changes);

        platform.ActiveIsGone = new Attestation("Head of Operations", "The building is without power; I am on the phone with it.");
        var failover = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(platform.Standby.TakesWrites);
        Assert.Equal(TimeSpan.FromMinutes(3), failover.LossTime);
        // The region is still to be isolated, so it is not over.
        Assert.Equal("isolate", failover.NextStep);
        Assert.Equal(FailoverOutcome.Incomplete, failover.Outcome);
        Assert.Contains("Do not let the former active site write again", failover.HandOver, StringComparison.Ordinal);

        platform.Active.SetDown(false);
        platform.Active.IsReadOnly = true;
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Equal(FailoverOutcome.Succeeded, ended.Outcome);
        Assert.Single(platform.Standby.Changes, change => change == "promote");
    }

    [Fact]
    public async Task A_site_that_comes_back_before_the_promotion_is_frozen_first()
    {
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Head of Operations", "It is gone.");
        platform.Crew.OnAsked = step => platform.Active.SetDown(step != "confirm" && platform.Active.IsDown);
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Contains("ActiveFenced", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);

        platform.Crew.OnAsked = null;
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.Equal(FailoverOutcome.Succeeded, ended.Outcome);
    }

    [Fact]
    public async Task A_site_that_comes_back_while_the_owner_is_asked_is_not_promoted_over()
    {
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Head of Operations", "It is gone.");
        platform.Crew.OnAsked = step =>
        {
            if (step == "promote")
            {
                platform.Active.SetDown(false);
                platform.Time.Advance(TimeSpan.FromMinutes(15));
            }
        };
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Contains("changed while", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains("ActiveFenced", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);
    }

    [Theory]
    [InlineData(900)]
    [InlineData(20)]
    public async Task A_laptop_that_slept_while_the_owner_was_asked_measures_again(int seconds)
    {
        platform.Crew.OnAsked = step =>
        {
            if (step == "promote")
            {
                // His colleagues have let it write meanwhile, by hand.
                platform.Time.Sleep(TimeSpan.FromSeconds(seconds));
                platform.Active.IsReadOnly = false;
            }
        };
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("promote", FailoverOutcome.NotStarted), (stopped.NextStep, platform.Crew.Ended[^1].Outcome));
        Assert.Contains("changed while", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);
    }

    [Fact]
    public async Task A_laptop_that_slept_while_somebody_else_took_over_does_nothing_more()
    {
        platform.Crew.OnAsked = step =>
        {
            if (step == "promote")
            {
                platform.Time.Sleep(TimeSpan.FromMinutes(15));
                var lease = platform.Standby.Leases[FailoverLease.Name];
                platform.Standby.Leases[FailoverLease.Name] = lease with { Holder = $"{Id} second@office 7:0", Version = "999" };
            }
        };
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Contains("was taken over", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_changes_while_the_promotion_is_announced_is_seen_before_it_is_done(bool takesOver)
    {
        platform.Standby.OnNote = note =>
        {
            if (note.Entries.Values.Last().Contains("\"action\":\"Promote pg\"", StringComparison.Ordinal) && !platform.Active.TakesWrites)
            {
                platform.Standby.OnNote = _ => { };
                platform.Time.Advance(TimeSpan.FromSeconds(9));
                if (takesOver)
                {
                    platform.Standby.Leases[FailoverLease.Name] = platform.Standby.Leases[FailoverLease.Name] with { Holder = $"{Id} second@office 7:0", Version = "999" };
                }
                else
                {
                    platform.Active.IsReadOnly = false;
                }
            }
        };
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("promote", FailoverOutcome.NotStarted), (stopped.NextStep, platform.Crew.Ended[^1].Outcome));
        Assert.Contains(takesOver ? "was taken over" : "It changed before it was done. ActiveFenced", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);
        // Nobody is told to wait for a promotion that was not asked for, and no primary is taken for one by it.
        Assert.DoesNotContain("whether the standby's database was promoted", stopped.HandOver, StringComparison.Ordinal);
        Assert.Null(BegunPromotion.Of(JournalFile.Read(platform.Journals.Single()).Records));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_makes_no_measurement_younger()
    {
        platform.Crew.OnAsked = step =>
        {
            if (step == "promote")
            {
                platform.Time.Advance(TimeSpan.FromSeconds(30));
                platform.Time.Sleep(TimeSpan.FromHours(-1));
                platform.Active.IsReadOnly = false;
            }
        };
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Empty(platform.Standby.Changes);
    }

    [Fact]
    public async Task A_loss_beyond_what_was_accepted_stops_it_and_two_switches_are_needed_to_accept_one()
    {
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Head of Operations", "It is gone.");
        platform.MaxDataLoss = TimeSpan.FromMinutes(1);
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("confirm", stopped.NextStep);
        Assert.Contains("LossAccepted", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);

        platform.MaxDataLoss = TimeSpan.FromMinutes(5);
        await platform.Process().ResumeAsync(Id, "promote", Token);
        Assert.True(platform.Standby.TakesWrites);
    }

    [Fact]
    public async Task A_promotion_that_does_not_come_is_asked_once_and_stops_the_failover()
    {
        platform.Standby.IsStuck = true;
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);

        Assert.Equal("promote", failover.NextStep);
        Assert.Equal(FailoverOutcome.Incomplete, failover.Steps.Single(step => step.Step == "promote").Outcome);
        Assert.Single(platform.Standby.Changes, change => change == "promote");
        Assert.DoesNotContain("scale dapi 2", platform.Standby.Changes);
        Assert.Contains("Do not start anything on either site", failover.HandOver, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_count_that_only_the_lost_site_knew_is_asked_for_and_not_guessed()
    {
        platform.Standby.Cluster.Workloads = [.. platform.Standby.Cluster.Workloads.Select(workload => workload with { RememberedReplicas = null })];
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Head of Operations", "It is gone.");
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("workloads", stopped.NextStep);
        Assert.Contains("ReplicasKnown", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains("dalpha.io/replicas", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Equal(["promote"], platform.Standby.Changes);
    }

    [Fact]
    public async Task What_is_refused_ends_the_step_at_once_and_is_not_waited_for()
    {
        platform.Standby.RefusesPromotion = true;
        var before = platform.Time.GetUtcNow();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("promote", stopped.NextStep);
        Assert.Equal(FailoverOutcome.NotStarted, stopped.Steps.Single(step => step.Step == "promote").Outcome);
        Assert.Contains("GRANT EXECUTE", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.True(platform.Time.GetUtcNow() - before < TimeSpan.FromSeconds(30));

        platform.Standby.RefusesPromotion = false;
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process().ResumeAsync(Id, null, Token)).Outcome);
    }

    [Fact]
    public async Task Stopping_is_answered_before_the_next_step()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        platform.Crew.OnAsked = step =>
        {
            if (step == "confirm")
            {
                stop.Cancel();
            }
        };
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, stop.Token);
        Assert.Equal("confirm", failover.NextStep);
        Assert.Empty(platform.Standby.Changes);
        Assert.True(failover.IsEnded);
    }

    [Fact]
    public async Task Of_two_that_begin_at_once_one_wins()
    {
        DalpException? second = null;
        platform.Crew.OnAsked = _ => second ??= Assert.ThrowsAsync<DalpException>(
            () => platform.Process(machine: "other").BeginAsync("20260601-120001-ffff", TestPlatform.Declaration, null, Token)).GetAwaiter().GetResult();
        var first = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(FailoverOutcome.Succeeded, first.Outcome);
        Assert.Equal("FailoverLeaseHeld", second!.ErrorId);
    }

    [Fact]
    public async Task Nothing_is_done_that_the_copy_in_the_cluster_does_not_announce()
    {
        platform.Crew.OnAsked = _ => platform.Standby.IsDown = true;
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("freeze", failover.NextStep);
        Assert.Equal(FailoverOutcome.NotStarted, failover.Outcome);
        Assert.Contains("copy in the standby's cluster", failover.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Active.Changes);
        Assert.NotEmpty(platform.Warnings);
    }

    [Fact]
    public async Task A_standby_that_is_about_to_be_the_primary_is_not_taken_for_one_to_mend()
    {
        platform.Standby.IsStuck = true;
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal(("promote", FailoverOutcome.Incomplete), (stopped.NextStep, stopped.Outcome));

        platform.Measured = lag => lag with { Link = ReplicationLink.Broken, LagTime = null, Detail = "It can't follow; rebuild it." };
        stopped = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.StartsWith("ReplicaUsable: its promotion was begun (expected out of recovery).", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.DoesNotContain("; rebuild it", stopped.HandOver, StringComparison.Ordinal);

        (platform.Standby.IsInRecovery, platform.Standby.Timeline) = (false, 2);
        var ended = await platform.Process().ResumeAsync(Id, null, Token);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
        Assert.Single(platform.Standby.Changes, "promote");
    }

    [Fact]
    public async Task Until_stops_after_a_step_and_a_resumption_goes_on_without_asking_again()
    {
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, "confirm", Token);
        Assert.Contains("as asked", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.DoesNotContain(stopped.Steps, step => step.Detail == stopped.StoppedBecause || step.Outcome != FailoverOutcome.Succeeded);
        Assert.Equal(["freeze", "confirm"], platform.Crew.Asked);
        Assert.Empty(platform.Standby.Changes);
        var ended = await platform.Process(machine: "other").ResumeAsync(Id, null, Token);
        Assert.Equal(FailoverOutcome.Succeeded, ended.Outcome);
        Assert.Equal(9, platform.Crew.Asked.Count);
    }

    [Fact]
    public async Task The_routes_of_a_site_that_was_isolated_once_open_last_of_all_that_it_starts()
    {
        platform.Standby.Cluster.Routes = [.. platform.Standby.Cluster.Routes.Select(route => route with { IsClosed = true })];
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(failover.Outcome == FailoverOutcome.Succeeded, failover.StoppedBecause);
        Assert.Equal(["promote", "scale dapi 2", "ingress dapp True"], platform.Standby.Changes);
    }
}
