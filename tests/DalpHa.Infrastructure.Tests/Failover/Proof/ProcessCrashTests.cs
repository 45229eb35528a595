namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>
/// A Runner that is killed (SIGKILL) at a moment at which something outside it changes, and another that takes over with nothing but the copy in the standby's
/// cluster. The moments are those of every write: each journal record before and after it reaches the cluster (before: only the dead machine's disk has it), each
/// action before and after it is done, the lease.
/// </summary>
[Collection(nameof(FailoverHouse))]
public sealed class ProcessCrashTests(FailoverHouse house)
{
    /// <summary>Set to <c>full</c>, every moment is tried (about a quarter of an hour); set to a number, a sample by that seed.</summary>
    internal const string Switch = "DALPHA_CRASH_MATRIX";

    private const int Sample = 4;

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    [Fact]
    public async Task Whenever_the_process_is_killed_the_next_one_ends_in_the_same_state_and_does_nothing_twice()
    {
        var whole = await RunAsync(null);
        Assert.Empty(whole.Killed);
        var points = Choose(whole.Moments.Count);
        foreach (var (index, point) in points.Index())
        {
            var run = await RunAsync(point);
            var where = $"killed at {string.Join(", ", run.Killed)}";
            Output.WriteLine(where);
            Assert.True(run.Killed.Count == 1, $"point {point} of {whole.Moments.Count} was not reached");
            Assert.True(whole.EndState == run.EndState, $"{where}\n{run.EndState}\ninstead of\n{whole.EndState}");
            Assert.True(whole.Actions.SequenceEqual(run.Actions), $"{where}\n{string.Join('\n', run.Actions)}\ninstead of\n{string.Join('\n', whole.Actions)}");
        }
        Output.WriteLine($"{points.Count} of {whole.Moments.Count} points of death, each resumed on another machine.");
    }

    private static IReadOnlyList<int> Choose(int moments)
    {
        var choice = Environment.GetEnvironmentVariable(Switch);
        if (choice == "full")
        {
            return [.. Enumerable.Range(0, moments)];
        }
        var seed = int.TryParse(choice, out var given) ? given : Random.Shared.Next();
        Output.WriteLine($"A sample by seed: {Switch}={seed} repeats it, {Switch}=full tries all {moments}.");
        var all = Enumerable.Range(0, moments).ToArray();
        new Random(seed).Shuffle(all);
        return [.. all.Take(Sample).Order()];
    }

    private async Task<CrashRun> RunAsync(int? killAt)
    {
        await house.ResetAsync();
        return await CrashRun.PlayAsync(house, moment => moment.Number == killAt);
    }
}
