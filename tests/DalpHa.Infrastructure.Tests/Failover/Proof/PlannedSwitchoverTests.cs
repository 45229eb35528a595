using DalpHa.Core.Failover;
using DalpHa.Infrastructure.Tests.Postgres;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>A planned hand-over on real servers, under a client that never stops writing: nothing that was acknowledged is lost, or nothing is promoted.</summary>
[Collection(nameof(FailoverHouse))]
public sealed class PlannedSwitchoverTests(FailoverHouse house, ITestOutputHelper output)
{
    [Fact]
    public async Task Every_acknowledged_write_is_on_the_new_primary()
    {
        await house.ResetAsync();
        var machine = house.NewMachine();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var moments = new System.Collections.Concurrent.ConcurrentQueue<string>();
        house.Gates.OnMoment = moment =>
        {
            moments.Enqueue($"{clock.Elapsed.TotalMilliseconds:0} ms: {moment}");
            return Task.CompletedTask;
        };
        await using var watch = new WriterWatch(house.Pair);
        await using var process = FailoverProcess.Start(machine, FailoverScripts.Switch(house));
        var ended = (await process.EndAsync()).Failover;

        Assert.True(ended.GetProperty("Outcome").GetString() == "Succeeded", ended.ToString());
        Assert.Equal("Switchover", ended.GetProperty("Kind").GetString());
        await Poll.UntilAsync(() => Task.FromResult(watch.East > 0), TimeSpan.FromSeconds(10), "the client writes to the new primary");
        var (taken, there) = (watch.West, await watch.EndAsync(house.Pair));
        output.WriteLine($"{taken} writes acknowledged before, {watch.East} after; without an acknowledged write for {watch.Outage?.TotalMilliseconds:0} ms.");
        output.WriteLine(string.Join('\n', moments.SkipWhile(moment => !moment.Contains("ALTER SYSTEM", StringComparison.Ordinal)).TakeWhile(moment => !moment.EndsWith("after east pg_promote", StringComparison.Ordinal))));
        // One more may have been committed when its session was ended, before the client heard of it.
        Assert.InRange(there, taken, taken + 1);
        Assert.Equal(0, watch.Both);
        var drain = Assert.Single(JournalFile.Read(Assert.Single(FailoverHouse.JournalsOf(machine))).Records, record => record is { Event: JournalEvent.Done, Step: "promote" } && record.Action!.StartsWith("Freeze writes", StringComparison.Ordinal));
        Assert.Contains("seen twice", drain.Text, StringComparison.Ordinal);
        Assert.Single(house.Gates.Done, write => write == "east pg_promote");
    }

    [Fact]
    public async Task A_standby_that_does_not_replay_is_not_promoted_and_the_active_site_writes_on_when_it_is_told_to()
    {
        await house.ResetAsync();
        await using var watch = new WriterWatch(house.Pair);
        // From the moment at which the primary is frozen on; before it, the link was well.
        house.Gates.OnMoment = async moment =>
        {
            if (moment is { Write: "west pg_reload_conf", IsAfter: false })
            {
                await house.Pair.Standby.ExecuteAsync("SELECT pg_wal_replay_pause()", CancellationToken.None);
                await house.Pair.Primary.ExecuteAsync("SELECT pg_logical_emit_message(true, 'test', 'to be replayed')", CancellationToken.None);
            }
        };
        await using var process = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Switch(house).Replace(house.Topology, await ImpatientAsync(), StringComparison.Ordinal));
        var stopped = (await process.EndAsync()).Failover;

        Assert.Equal("promote", stopped.GetProperty("NextStep").GetString());
        Assert.Equal("Incomplete", stopped.GetProperty("Outcome").GetString());
        Assert.Contains("to replay", stopped.GetProperty("StoppedBecause").GetString(), StringComparison.Ordinal);
        Assert.Contains("Resume-DalpWrite", stopped.GetProperty("HandOver").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("east pg_promote", house.Gates.Done);
        Assert.Equal(0, watch.East);

        await house.Pair.Standby.ExecuteAsync("SELECT pg_wal_replay_resume()", CancellationToken.None);
        house.Gates.Open();
        var before = watch.West;
        await using var back = FailoverProcess.Start(house.NewMachine(), $"Resume-DalpWrite -Topology '{house.Topology}' -Confirm:$false");
        var resumed = await back.EndAsync();
        Assert.True(resumed.Code == 0, resumed.Output + resumed.Errors);
        await Poll.UntilAsync(() => Task.FromResult(watch.West > before), TimeSpan.FromSeconds(10), "the client writes to the active site again");
        Assert.Equal(0, watch.Both);
    }

    [Fact]
    public async Task A_superusers_transaction_that_began_before_the_freeze_and_stays_keeps_the_standby_from_being_promoted_and_is_named()
    {
        await house.ResetAsync();
        await using var superuser = new NpgsqlConnection(house.Pair.Primary.ConnectionString("postgres", house.Pair.Passwords.Superuser) + ";Application Name=batch");
        house.Gates.OnMoment = async moment =>
        {
            if (moment is { Write: "west pg_reload_conf", IsAfter: false })
            {
                await superuser.OpenAsync(CancellationToken.None);
                await RunAsync(superuser, "BEGIN; SELECT 1");
            }
        };
        await using var process = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Switch(house).Replace(house.Topology, await ImpatientAsync(), StringComparison.Ordinal));
        var stopped = (await process.EndAsync()).Failover;

        Assert.Equal("promote", stopped.GetProperty("NextStep").GetString());
        Assert.Contains($"process {superuser.ProcessID} (user postgres, application 'batch')", stopped.GetProperty("StoppedBecause").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("east pg_promote", house.Gates.Done);
        // What it was waited for: it can write, and commits.
        await RunAsync(superuser, "SELECT pg_logical_emit_message(true, 'test', 'older than the freeze'); COMMIT");
    }

    [Fact]
    public async Task What_is_committed_on_the_former_primary_after_the_drain_stops_it_when_the_other_one_is_proven()
    {
        await house.ResetAsync();
        house.Gates.OnMoment = async moment =>
        {
            if (moment is { Write: "east pg_promote", IsAfter: false })
            {
                await using var stubborn = new NpgsqlConnection(house.Pair.Primary.ConnectionString("postgres", house.Pair.Passwords.Superuser));
                await stubborn.OpenAsync(CancellationToken.None);
                await RunAsync(stubborn, "SET default_transaction_read_only = off");
                await RunAsync(stubborn, "CREATE TABLE lost (x int)");
            }
        };
        await using var process = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Switch(house));
        var stopped = (await process.EndAsync()).Failover;

        Assert.Equal("promote", stopped.GetProperty("NextStep").GetString());
        Assert.Equal("Incomplete", stopped.GetProperty("Outcome").GetString());
        Assert.Contains("was written to after it was drained", stopped.GetProperty("StoppedBecause").GetString(), StringComparison.Ordinal);
        Assert.Contains("Compare-DalpDatabase", stopped.GetProperty("HandOver").GetString(), StringComparison.Ordinal);
        Assert.Equal(false, await house.Pair.Standby.ExecuteAsync("SELECT pg_is_in_recovery()", CancellationToken.None));
    }

    private async Task<string> ImpatientAsync()
    {
        var topology = house.Topology + ".impatient.yaml";
        await File.WriteAllTextAsync(topology, (await File.ReadAllTextAsync(house.Topology, TestContext.Current.CancellationToken)).Replace("lagWarn: 30s", "lagWarn: 3s", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        return topology;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_failover_is_refused_that_calls_itself_planned()
    {
        await house.ResetAsync();
        await using var lossy = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Plan(house, "-Kind Drill -MaxDataLoss 00:01:00"));
        Assert.Equal("PlannedLosesNothing", (await lossy.EndAsync()).ErrorId);

        house.SetCut(true);
        await using var process = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Switch(house));
        var ended = await process.EndAsync();
        Assert.Equal("FailoverPlanBlocked", ended.ErrorId);
        Assert.Contains("BothSitesWell", ended.Errors, StringComparison.Ordinal);
        Assert.Empty(house.Gates.Done);
    }
}
