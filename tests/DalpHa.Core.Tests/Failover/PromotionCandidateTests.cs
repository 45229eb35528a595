using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>Which server may be promoted, and what is said of one that is a primary already or that nothing reaches.</summary>
public sealed class PromotionCandidateTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Theory]
    [InlineData(FailoverKind.Switchover, true)]
    [InlineData(FailoverKind.Switchover, false)]
    [InlineData(FailoverKind.Drill, true)]
    public async Task No_planned_hand_over_goes_to_a_primary_that_follows_nobody(FailoverKind kind, bool isFrozen)
    {
        // The former primary of an earlier failover, before it was made a standby.
        (platform.Kind, platform.Active.Timeline) = (kind, 2);
        (platform.Standby.IsInRecovery, platform.Standby.IsReadOnly) = (false, isFrozen);
        platform.OnChange = () => { };
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("freeze", stopped.NextStep);
        Assert.Contains(isFrozen ? "Restore-DalpStandby" : "both take writes", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Active.Changes);
        Assert.Empty(platform.Standby.Changes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_somebody_else_has_promoted_is_taken_only_when_any_loss_is_accepted(bool isFrozen)
    {
        platform.Active.SetDown(true);
        platform.ActiveIsGone = new Attestation("Head of Operations", "It is without power.");
        (platform.Standby.IsInRecovery, platform.Standby.IsReadOnly) = (false, isFrozen);
        platform.MaxDataLoss = TimeSpan.FromDays(1);
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("confirm", stopped.NextStep);
        Assert.Contains("-MaxDataLoss ([timespan]::MaxValue)", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Empty(platform.Standby.Changes);

        platform.MaxDataLoss = TimeSpan.MaxValue;
        var done = await platform.Process().ResumeAsync(Id, "promote", Token);
        Assert.Equal(FailoverOutcome.Succeeded, done.Steps.Single(step => step.Step == "promote").Outcome);
        Assert.DoesNotContain("promote", platform.Standby.Changes);
        // Once it was taken, whoever goes on need not take it again.
        platform.MaxDataLoss = null;
        Assert.Equal("isolate", (await platform.Process().ResumeAsync(Id, null, Token)).NextStep);
    }

    [Fact]
    public async Task What_this_failover_has_promoted_is_gone_on_with_by_any_machine()
    {
        platform.Crew.Refuses = "workloads";
        Assert.Equal("workloads", (await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token)).NextStep);
        platform.Crew.Refuses = null;
        Assert.Equal(FailoverOutcome.Succeeded, (await platform.Process(machine: "desktop").ResumeAsync(Id, null, Token)).Outcome);
        Assert.Single(platform.Standby.Changes, change => change == "promote");
    }

    [Theory]
    [InlineData("writes", "confirm")]
    [InlineData("frozen", "isolate")]
    [InlineData("silent", "isolate")]
    [InlineData("follows", "isolate")]
    public async Task No_second_server_of_a_site_is_promoted_beside_one_that_takes_writes(string other, string until)
    {
        var database = platform.Standby.Site.Database!;
        platform.Standby.Site = platform.Standby.Site with { Database = database with { Servers = [.. database.Servers, new DatabaseServerSettings { Name = "pg2", Host = "db2.east" }] } };
        var now = new WriteActivity(DateTimeOffset.UnixEpoch, other == "follows", other == "frozen", null, 0, 0, 0, null, 2);
        platform.Standby.OtherServers["pg2"] = other == "silent" ? null : now;
        platform.Runbook = platform.Runbook with { Promotion = platform.Runbook.Promotion with { Server = "pg" } };
        platform.Crew.Refuses = "isolate";
        // Not even who gives up all that the active site has.
        platform.MaxDataLoss = TimeSpan.MaxValue;
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(failover.NextStep == until, $"{failover.NextStep}: {failover.StoppedBecause}");
        Assert.Equal(other != "writes", platform.Standby.Changes.Contains("promote"));
        if (other is "silent" or "frozen")
        {
            var promotion = Records().Single(record => record is { Event: JournalEvent.StepStarted, Step: "promote" });
            Assert.Contains("OthersFollow: pg2", promotion.Data["restsOn"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1000L, 1, "isolate")]
    [InlineData(1000L, 120, "confirm")]
    [InlineData(0L, null, "isolate")]
    [InlineData(null, null, "confirm")]
    public async Task A_standby_that_nothing_reaches_any_more_is_promoted_within_the_loss_that_was_accepted(long? missing, int? minutes, string until)
    {
        platform.Measured = lag => lag with
        {
            Link = ReplicationLink.Broken,
            Status = CheckStatus.Fail,
            ReceiveLagBytes = missing,
            LagTime = null,
            PossibleLoss = minutes is { } some ? TimeSpan.FromMinutes(some) : null,
        };
        platform.Crew.Refuses = "isolate";
        var failover = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(failover.NextStep == until, $"{failover.NextStep}: {failover.StoppedBecause}");
    }

    [Fact]
    public async Task A_server_that_the_runbook_names_and_the_site_lacks_is_named()
    {
        platform.Runbook = platform.Runbook with { Promotion = platform.Runbook.Promotion with { Server = "pg-west" } };
        var refused = (await new PromoteStep().MeasureAsync(platform.World(), Token)).Preconditions.Single(one => one.Name == "ReplicaNamed").Finding;
        Assert.Equal(("pg-west", CheckStatus.Fail), (refused.Target, refused.Status));
        Assert.Contains("promotion.server", refused.Remediation, StringComparison.Ordinal);
    }

    private IReadOnlyList<JournalRecord> Records() => JournalFile.Read(platform.Journals.Single()).Records;
}
