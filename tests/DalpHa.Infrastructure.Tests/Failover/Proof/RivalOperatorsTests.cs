namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>Two operators on two machines who begin at the same moment.</summary>
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
}
