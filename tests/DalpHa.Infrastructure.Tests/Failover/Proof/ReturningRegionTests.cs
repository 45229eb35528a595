using System.Text.Json;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>
/// A region that was vouched to be gone, and was only cut off: its database took writes all the time. It comes back in the middle of the failover.
/// </summary>
[Collection(nameof(FailoverHouse))]
public sealed class ReturningRegionTests(FailoverHouse house)
{
    private const string Gone = "-MaxDataLoss ([timespan]::MaxValue) -ActiveIsGone 'Head of Operations: the provider says that the region is without power'";

    [Fact]
    public async Task One_that_comes_back_before_the_promotion_stops_it_and_is_frozen_before_anything_else()
    {
        await house.ResetAsync();
        await using var watch = new WriterWatch(house.Pair);
        var stopped = await RunUntilItComesBackAsync("confirm");
        Assert.Equal("promote", stopped.GetProperty("NextStep").GetString());
        Assert.Contains("ActiveFenced", stopped.GetProperty("StoppedBecause").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, watch.East);
        Assert.DoesNotContain(house.Gates.Done, write => write.Contains("pg_promote", StringComparison.Ordinal));

        await ResumeAsync();
        Assert.Equal(0, watch.Both);
        var done = house.Gates.Done.ToList();
        Assert.True(done.IndexOf("west pg_reload_conf") < done.IndexOf("east pg_promote"), string.Join('\n', done));
    }

    [Fact]
    public async Task One_that_comes_back_after_the_promotion_lets_nothing_more_begin_until_it_is_frozen()
    {
        await house.ResetAsync();
        await using var watch = new WriterWatch(house.Pair);
        var stopped = await RunUntilItComesBackAsync("promote");
        Assert.Equal("workloads", stopped.GetProperty("NextStep").GetString());
        Assert.Contains("ActiveFenced", stopped.GetProperty("StoppedBecause").GetString(), StringComparison.Ordinal);
        // The word that was given was wrong, and this is what it costs.
        Assert.True(watch.Both > 0);
        Assert.DoesNotContain(house.Gates.Done, write => write.StartsWith("east PATCH", StringComparison.Ordinal));

        await ResumeAsync();
        var frozen = watch.West;
        await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
        Assert.Equal(frozen, watch.West);
        var done = house.Gates.Done.ToList();
        Assert.Single(done, write => write == "east pg_promote");
        Assert.True(done.IndexOf("west pg_reload_conf") < done.FindIndex(write => write.StartsWith("east PATCH", StringComparison.Ordinal)), string.Join('\n', done));
    }

    private async Task<JsonElement> RunUntilItComesBackAsync(string step)
    {
        house.SetCut(true);
        var machine = house.NewMachine();
        house.Gates.OnMoment = _ =>
        {
            // What is on its way to the cluster is on the machine's disk already.
            if (FailoverHouse.JournalsOf(machine).Any(file => File.ReadAllText(file).Contains($"\"event\":\"StepDone\",\"step\":\"{step}\"", StringComparison.Ordinal)))
            {
                house.SetCut(false);
            }
            return Task.CompletedTask;
        };
        await using var process = FailoverProcess.Start(machine, FailoverScripts.Begin(house, Gone));
        return (await process.EndAsync()).Failover;
    }

    private async Task ResumeAsync()
    {
        house.Gates.Open();
        await using var process = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Resume(house));
        Assert.Equal("Succeeded", (await process.EndAsync()).Failover.GetProperty("Outcome").GetString());
    }
}
