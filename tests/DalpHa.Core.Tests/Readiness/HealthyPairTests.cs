using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Tests.Readiness;

public sealed class HealthyPairTests
{
    [Fact]
    public async Task A_healthy_pair_is_warm_in_20_to_30_lines()
    {
        var given = new Given();

        var results = await given.Run();

        Assert.All(results, result => Assert.True(result.Status == CheckStatus.Pass, result.ToString()));
        Assert.InRange(results.Count, 18, 30);
        Assert.Equal(ReadinessChecks.All.Select(check => check.Name).Order(), results.Select(result => result.Check).Distinct().Order());
        Assert.Equal(Verdict.Warm, VerdictRule.Decide("p", results, [], TimeSpan.Zero, Given.Now).Verdict);
        Assert.All(results, result => Assert.Equal(Given.Now, result.At));
        Assert.All(results, result => Assert.True(
            result.Target.Length <= 27 && result.Observed.Length <= 28 && result.Expected.Length <= 26, $"Too wide for the table: {result}"));
    }

    [Fact]
    public async Task What_is_not_declared_is_unknown_and_says_so()
    {
        var given = new Given();
        given.Topology = given.Topology with
        {
            Active = given.Topology.Active with { Database = null, Validators = null },
            Standby = given.Topology.Standby with { Database = null, Validators = null },
        };
        given.ActiveServers.Clear();
        given.StandbyServers.Clear();
        given.Lags.Clear();

        var results = await given.Run("Database", "ReplicationLag", "ReplicationSlots", "Validators");

        Assert.Equal(5, results.Count);
        Assert.All(results, result => Assert.Equal((CheckStatus.Unknown, "not declared"), (result.Status, result.Observed)));
        Assert.All(results, result => Assert.Contains("Declare", result.Remediation));
    }

    [Fact]
    public void An_unknown_check_is_a_clear_error() =>
        Assert.Equal("UnknownCheck", Assert.Throws<DalpException>(() => ReadinessChecks.Select(["ImageParity", "Nonsense"])).ErrorId);

    [Fact]
    public void Names_are_taken_in_any_case() => Assert.Equal("ImageParity", Assert.Single(ReadinessChecks.Select(["imageparity"])).Name);
}
