using DalpHa.Core.Failover;

namespace DalpHa.Core.Tests.Failover;

/// <summary>A process that dies at any moment at which something outside it changes, before or right after the change, and another that goes on from there.</summary>
public sealed class CrashMatrixTests
{
    private const string Id = "20260601-120000-abcd";

    [Theory]
    [InlineData(FailoverKind.Failover, "laptop")]
    [InlineData(FailoverKind.Failover, "another machine")]
    [InlineData(FailoverKind.Switchover, "laptop")]
    [InlineData(FailoverKind.Switchover, "another machine")]
    public async Task Whenever_a_process_dies_the_next_one_ends_in_the_same_state_and_does_nothing_twice(FailoverKind kind, string resumesOn)
    {
        var points = 0;
        for (var at = 0; await DiesAtAsync(at, kind, resumesOn); at++)
        {
            points++;
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{points} points of death of a {kind}, resumed on '{resumesOn}'.");
        Assert.True(points > 60, $"only {points} points");
    }

    [Fact]
    public async Task A_second_writer_fails_its_test_although_the_engine_takes_it_for_a_failure_of_the_site()
    {
        var platform = new TestPlatform();
        // Somebody lets it write again in the moment in which the other one is promoted.
        platform.OnChange = () =>
        {
            platform.Active.IsReadOnly &= platform.Standby.IsInRecovery;
            platform.RequireOneWriter();
        };
        await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, TestContext.Current.CancellationToken);
        Assert.Throws<Xunit.Sdk.FalseException>(platform.Dispose);
    }

    // False when the run ends before that moment.
    private static async Task<bool> DiesAtAsync(int at, FailoverKind kind, string resumesOn)
    {
        using var platform = new TestPlatform { Kind = kind };
        // Whoever dies before he has ended them leaves sessions that still write on a database that is read-only.
        platform.Active.OlderSessions = 3;
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
        // Whoever goes on does not say again what it is for.
        platform.Kind = FailoverKind.Failover;
        DalpFailover ended;
        try
        {
            ended = await platform.Process(machine: resumesOn, takeOver: true).ResumeAsync(Id, null, token);
        }
        catch (Core.Errors.DalpException exception) when (exception.ErrorId == "FailoverNotFound")
        {
            // It died before the declaration was written anywhere that this machine sees: nothing has happened yet.
            Assert.Empty(platform.Active.Changes);
            platform.Kind = kind;
            ended = await platform.Process(machine: resumesOn, takeOver: true).BeginAsync(Id, TestPlatform.Declaration, null, token);
        }
        Assert.True(FailoverOutcome.Succeeded == ended.Outcome, $"at {at}: {ended.StoppedBecause}");
        Assert.Equal(kind, ended.Kind);
        Assert.Equal(0, platform.Active.OlderSessions);
        platform.RequireOneWriter();
        Assert.Equal(["promote", "scale dapi 2"], platform.Standby.Changes);
        Assert.Equal(
            ["ingress dapp False", "scale dapi 0", "scale dapp 0", "scale signer 0", "scale validator 0"],
            platform.Active.Changes.Where(change => change != "readonly True").Order(StringComparer.Ordinal));
        // Sessions that were not ended before the death are ended by freezing once more.
        Assert.InRange(platform.Active.Changes.Count(change => change == "readonly True"), 1, 2);
        return true;
    }
}
