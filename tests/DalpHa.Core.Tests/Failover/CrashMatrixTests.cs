using DalpHa.Core.Failover;

namespace DalpHa.Core.Tests.Failover;

/// <summary>A process that dies at any moment at which something outside it changes, before or right after the change, and another that goes on from there.</summary>
public sealed class CrashMatrixTests
{
    private const string Id = "20260601-120000-abcd";

    [Theory]
    [InlineData("laptop")]
    [InlineData("another machine")]
    public async Task Whenever_a_process_dies_the_next_one_ends_in_the_same_state_and_does_nothing_twice(string resumesOn)
    {
        var points = 0;
        for (var at = 0; await DiesAtAsync(at, resumesOn); at++)
        {
            points++;
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{points} points of death, resumed on '{resumesOn}'.");
        Assert.True(points > 60, $"only {points} points");
    }

    // False when the run ends before that moment.
    private static async Task<bool> DiesAtAsync(int at, string resumesOn)
    {
        using var platform = new TestPlatform();
        var crash = new Crash { At = at };
        var token = TestContext.Current.CancellationToken;
        var hasDied = false;
        try
        {
            await platform.Process(crash).BeginAsync(Id, TestPlatform.Declaration, null, token);
        }
        catch (CrashException)
        {
            hasDied = true;
        }
        if (!hasDied && crash.Moments <= at)
        {
            return false;
        }
        DalpFailover ended;
        try
        {
            ended = await platform.Process(machine: resumesOn, takeOver: true).ResumeAsync(Id, null, token);
        }
        catch (Core.Errors.DalpException exception) when (exception.ErrorId == "FailoverNotFound")
        {
            // It died before the declaration was written anywhere that this machine sees: nothing has happened yet.
            Assert.Empty(platform.Active.Changes);
            ended = await platform.Process(machine: resumesOn, takeOver: true).BeginAsync(Id, TestPlatform.Declaration, null, token);
        }
        Assert.True(FailoverOutcome.Succeeded == ended.Outcome, $"at {at}: {ended.StoppedBecause}");
        platform.RequireOneWriter();
        Assert.Equal(["promote", "scale dapi 2"], platform.Standby.Changes);
        Assert.Equal(
            ["ingress dapp False", "readonly True", "scale dapi 0", "scale dapp 0", "scale signer 0", "scale validator 0"], platform.Active.Changes.Order(StringComparer.Ordinal));
        return true;
    }
}
