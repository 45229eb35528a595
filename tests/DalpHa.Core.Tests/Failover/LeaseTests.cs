using System.Globalization;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;

namespace DalpHa.Core.Tests.Failover;

/// <summary>Who gets the lease of a failover that did not give it back, and after which wait.</summary>
public sealed class LeaseTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new();

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task A_process_of_this_machine_that_is_dead_is_not_waited_for_but_taken_over_by_name()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere nothing tells this machine from a copy of it, and so everybody waits.");
        var dead = FailoverRunner.Here(null) with { Process = Dead(FailoverRunner.Here(null).Process) };
        Hold(dead);
        Assert.Equal("FailoverLeaseExpired", (await Assert.ThrowsAsync<DalpException>(() => TakeAsync(FailoverRunner.Here(null)))).ErrorId);
        var before = platform.Time.GetUtcNow();
        await using var lease = await TakeAsync(FailoverRunner.Here("Second Operator"));
        Assert.Equal(before, platform.Time.GetUtcNow());
    }

    [Theory]
    [InlineData("of this machine, and alive")]
    [InlineData("of another machine")]
    [InlineData("of another container, where ids mean something else")]
    [InlineData("of another user, whose processes may be hidden")]
    [InlineData("not told in a way that is known")]
    public async Task A_process_that_is_not_seen_to_be_dead_keeps_it_until_it_runs_out(string who)
    {
        var here = FailoverRunner.Here(null);
        var dead = Dead(here.Process);
        Hold(who switch
        {
            "of this machine, and alive" => here,
            "of another machine" => here with { Process = dead.Replace(here.Process.Split(':')[1], Guid.NewGuid().ToString(), StringComparison.Ordinal) },
            "of another container, where ids mean something else" => here with { Process = $"{dead.Split('@')[0]}@1:{dead.Split(':', 2)[1]}" },
            "of another user, whose processes may be hidden" => here with { Operator = "somebody@" + Environment.MachineName, Process = dead },
            _ => here with { Process = "1234:5678" },
        });
        var held = await Assert.ThrowsAsync<DalpException>(() => TakeAsync(FailoverRunner.Here(null)));
        Assert.Equal("FailoverLeaseHeld", held.ErrorId);
        Assert.Contains("-TakeOver", held.RecommendedAction, StringComparison.Ordinal);
        Assert.Empty(platform.Warnings);
        await TakenAfterAWatchAsync();
    }

    [Theory]
    [InlineData(-120)]
    [InlineData(-2)]
    [InlineData(0)]
    [InlineData(120)]
    public async Task Whatever_its_holders_clock_said_a_dead_one_is_taken_over_when_nobody_was_seen_to_renew_it(int minutesAhead)
    {
        Hold(Elsewhere, TimeSpan.FromMinutes(minutesAhead));
        await TakenAfterAWatchAsync();
    }

    [Theory]
    [InlineData(-120)]
    [InlineData(120)]
    public async Task A_holder_whose_beats_were_lost_for_most_of_a_minute_keeps_it_whatever_his_clock_says(int minutesAhead)
    {
        Hold(Elsewhere, TimeSpan.FromMinutes(minutesAhead));
        var start = platform.Time.GetUtcNow();
        platform.Standby.OnReached = () =>
        {
            if (platform.Time.GetUtcNow() - start > TimeSpan.FromSeconds(58))
            {
                platform.Standby.Leases[FailoverLease.Name] = platform.Standby.Leases[FailoverLease.Name] with { Version = "2" };
            }
        };
        var held = await Assert.ThrowsAsync<DalpException>(() => TakeAsync(FailoverRunner.Here("Second Operator")));
        Assert.Equal("FailoverLeaseHeld", held.ErrorId);
        Assert.Contains("has just renewed", held.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_given_back_while_it_is_watched_is_taken_at_once()
    {
        Hold(Elsewhere);
        var start = platform.Time.GetUtcNow();
        platform.Standby.OnReached = () =>
        {
            if (platform.Time.GetUtcNow() - start > TimeSpan.FromSeconds(10) && platform.Standby.Leases[FailoverLease.Name].Version == "1")
            {
                platform.Standby.Leases[FailoverLease.Name] = platform.Standby.Leases[FailoverLease.Name] with { Holder = null, Version = "2" };
            }
        };
        await (await TakeAsync(FailoverRunner.Here("Second Operator"))).DisposeAsync();
        Assert.InRange(platform.Time.GetUtcNow() - start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_second_run_in_the_same_process_is_kept_out_and_takes_nothing_from_the_first()
    {
        var runner = FailoverRunner.Here(null);
        await using (var first = await TakeAsync(runner))
        {
            Assert.Equal("FailoverLeaseHeld", (await Assert.ThrowsAsync<DalpException>(() => TakeAsync(runner))).ErrorId);
            await first.RequireAsync(isFinal: false, TestContext.Current.CancellationToken);
            Assert.NotNull(platform.Standby.Leases[FailoverLease.Name].Holder);
        }
        await (await TakeAsync(runner)).DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_not_renewed_while_the_machine_slept_is_renewed_before_anything_rests_on_it(bool isTaken)
    {
        await using var lease = await TakeAsync(FailoverRunner.Here(null));
        platform.Time.Sleep(TimeSpan.FromMinutes(10));
        var there = platform.Standby.Leases[FailoverLease.Name];
        if (isTaken)
        {
            platform.Standby.Leases[FailoverLease.Name] = there with { Holder = "another second@office 7:0", Version = "999" };
            Assert.Equal("FailoverLeaseLost", (await Assert.ThrowsAsync<DalpException>(() => lease.RequireAsync(isFinal: false, TestContext.Current.CancellationToken))).ErrorId);
        }
        else
        {
            await lease.RequireAsync(isFinal: false, TestContext.Current.CancellationToken);
            Assert.Equal(platform.Time.GetUtcNow(), platform.Standby.Leases[FailoverLease.Name].RenewedAt);
        }
    }

    [Fact]
    public async Task What_can_not_be_undone_is_done_only_by_a_lease_that_is_renewed_just_then()
    {
        await using var lease = await TakeAsync(FailoverRunner.Here(null));
        var version = platform.Standby.Leases[FailoverLease.Name].Version;
        await lease.RequireAsync(isFinal: false, TestContext.Current.CancellationToken);
        Assert.Equal(version, platform.Standby.Leases[FailoverLease.Name].Version);
        await lease.RequireAsync(isFinal: true, TestContext.Current.CancellationToken);
        Assert.NotEqual(version, platform.Standby.Leases[FailoverLease.Name].Version);
        platform.Standby.SetDown(true);
        await lease.RequireAsync(isFinal: false, TestContext.Current.CancellationToken);
        Assert.Equal("FailoverLeaseLost", (await Assert.ThrowsAsync<DalpException>(() => lease.RequireAsync(isFinal: true, TestContext.Current.CancellationToken))).ErrorId);
    }

    // The same id, of a process that started a tick later or earlier: this one's predecessor under it.
    private static string Dead(string process)
    {
        var ticks = process.LastIndexOf(':') + 1;
        return process[..ticks] + (long.Parse(process[ticks..], CultureInfo.InvariantCulture) - 1).ToString(CultureInfo.InvariantCulture);
    }

    private static FailoverRunner Elsewhere => new("somebody@office", "1234:5678", null);

    // Longer than its holder may go on without having renewed it, and said so to who waits.
    private async Task TakenAfterAWatchAsync()
    {
        var before = platform.Time.GetUtcNow();
        await (await TakeAsync(FailoverRunner.Here("Second Operator"))).DisposeAsync();
        Assert.InRange(platform.Time.GetUtcNow() - before, TimeSpan.FromSeconds(75), TimeSpan.FromSeconds(90));
        Assert.Contains("75 s", Assert.Single(platform.Warnings), StringComparison.Ordinal);
    }

    private void Hold(FailoverRunner runner, TimeSpan ahead = default) => platform.Standby.Leases[FailoverLease.Name] = new ClusterLease(
        FailoverLease.Name, $"another {runner.Operator} {runner.Process}", TimeSpan.FromSeconds(60), platform.Time.GetUtcNow() + ahead, platform.Time.GetUtcNow() + ahead, 0, "1");

    private Task<FailoverLease> TakeAsync(FailoverRunner runner) => FailoverLease.TakeAsync(
        platform.World().Standby.Control, "dalp", Id, runner, platform.Warnings.Add, platform.Time, TestContext.Current.CancellationToken);
}
