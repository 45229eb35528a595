namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>Two operators on two machines: who begin at the same moment, and one of whom goes by hand beside the other.</summary>
[Collection(nameof(FailoverHouse))]
public sealed class RivalOperatorsTests(FailoverHouse house)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task One_wins_and_the_other_is_told_and_nothing_is_done_twice()
    {
        await house.ResetAsync();
        await using var watch = new WriterWatch(house.Pair);
        await using var one = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Begin(house));
        await using var other = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Begin(house));
        Task<FailoverProcess.Ended>[] ends = [one.EndAsync(), other.EndAsync()];
        var bothAsk = new TaskCompletionSource();
        var asking = 0;
        house.Gates.OnMoment = async moment =>
        {
            // Neither takes the lease before both have seen that it is free, and the winner goes on when the other has heard.
            if (moment is { Write: var write, IsAfter: false } && write.Contains("leases", StringComparison.Ordinal))
            {
                if (Interlocked.Increment(ref asking) == 2)
                {
                    bothAsk.SetResult();
                }
                await bothAsk.Task.WaitAsync(Bound);
            }
            else if (moment.Write.Contains("configmaps", StringComparison.Ordinal))
            {
                await Task.WhenAny(ends).WaitAsync(Bound);
            }
        };
        var loser = await await Task.WhenAny(ends);
        var winner = (await Task.WhenAll(ends)).Single(end => end != loser);

        Assert.Equal("FailoverLeaseHeld", loser.ErrorId);
        Assert.Equal("Succeeded", winner.Failover.GetProperty("Outcome").GetString());
        var actions = house.Gates.Done.Where(write => !write.Contains("leases", StringComparison.Ordinal) && !write.Contains("configmaps", StringComparison.Ordinal)).ToList();
        Assert.Equal(actions.Distinct(), actions);
        Assert.Single(actions, action => action.Contains("pg_promote", StringComparison.Ordinal));
        Assert.Equal(0, watch.Both);
    }

    [Fact]
    public async Task Who_lets_the_active_site_write_by_hand_in_the_middle_of_it_is_refused()
    {
        await house.ResetAsync();
        await using var watch = new WriterWatch(house.Pair);
        FailoverProcess.Ended? thaw = null;
        house.Gates.OnMoment = async moment =>
        {
            // All is measured, the active site is frozen, and the standby follows still: nothing but the lease speaks against it.
            if (moment is { Write: "east pg_promote", IsAfter: false })
            {
                await using var hand = FailoverProcess.Start(house.NewMachine(), $"Resume-DalpWrite -Topology '{house.Topology}' -TimeoutSeconds 5 -Confirm:$false");
                thaw = await hand.EndAsync();
            }
        };
        await using var process = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Begin(house));
        Assert.Equal("Succeeded", (await process.EndAsync()).Failover.GetProperty("Outcome").GetString());
        Assert.NotNull(thaw);
        Assert.Equal("PreconditionUnmet", thaw.ErrorId);
        Assert.Contains("NoFailoverRuns", thaw.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("OtherFenced", thaw.Errors, StringComparison.Ordinal);
        Assert.Equal(0, watch.Both);
    }
}
