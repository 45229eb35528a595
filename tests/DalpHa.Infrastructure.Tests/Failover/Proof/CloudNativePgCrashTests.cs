using DalpHa.Core.Lab;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>
/// The same where an operator promotes: whoever dies when the former primary has given its role up leaves two replicas, and a token that promotes once.
/// </summary>
public sealed class CloudNativePgCrashTests
{
    private const string Former = "west PATCH clusters/postgresql-primary";
    private const string Promoted = "east PATCH clusters/postgresql-replica";

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    [Theory]
    [InlineData(LabDatabaseKind.CloudNativePg, Former, 2)]
    [InlineData(LabDatabaseKind.CloudNativePgReplica, Promoted, 1)]
    public async Task Whoever_dies_right_after_a_change_of_roles_is_followed_by_one_that_makes_it_once(LabDatabaseKind kind, string write, int time)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The lab's servers are asked to stop by signals.");
        var seen = 0;
        var run = await PlayAsync(kind, moment => moment.IsAfter && moment.Write == write && ++seen == time);
        Assert.True(run.Killed.Count == 1, string.Join('\n', run.Moments));
        Assert.Single(run.Actions, action => action == Promoted);
        // It is frozen, and then demoted by token, or fenced where there is none.
        Assert.Equal(2, run.Actions.Count(action => action == Former));
    }

    /// <summary>Every moment, and the end must be that of a run without a death: hours, so only where <c>DALPHA_CRASH_MATRIX=full</c> asks for it.</summary>
    [Theory]
    [InlineData(LabDatabaseKind.CloudNativePg)]
    [InlineData(LabDatabaseKind.CloudNativePgReplica)]
    public async Task Whenever_the_process_is_killed_the_next_one_ends_in_the_same_state(LabDatabaseKind kind)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(ProcessCrashTests.Switch) == "full", $"It takes hours: {ProcessCrashTests.Switch}=full runs it.");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The lab's servers are asked to stop by signals.");
        var whole = await PlayAsync(kind, _ => false);
        for (var point = 0; point < whole.Moments.Count; point++)
        {
            var run = await PlayAsync(kind, moment => moment.Number == point);
            var where = $"killed at {string.Join(", ", run.Killed)}";
            Output.WriteLine(where);
            Assert.True(whole.EndState == run.EndState, $"{where}\n{run.EndState}\ninstead of\n{whole.EndState}");
            Assert.Single(run.Actions, action => action == Promoted);
        }
        Output.WriteLine($"{whole.Moments.Count} points of death with {kind}, each resumed on another machine.");
    }

    private static async Task<CrashRun> PlayAsync(LabDatabaseKind kind, Func<WriteMoment, bool> isDeath)
    {
        await using var scene = await GatedLab.StartAsync(kind);
        return await CrashRun.PlayAsync(scene, isDeath);
    }
}
