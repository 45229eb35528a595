using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>What a step by hand makes of a failover's lease.</summary>
public sealed class BesideFailoverTests : IDisposable
{
    private const string Holder = "20260601-120000-abcd somebody@elsewhere 1234:5678";
    private readonly TestPlatform platform = new();
    private readonly HandCrew crew;
    private Attestation? word;

    public BesideFailoverTests() => crew = new HandCrew(platform);

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task Without_a_failover_nothing_is_said()
    {
        await FreezeAsync();
        Assert.True(await RunAsync(new ResumeWrites(HandCrew.Timeout), releases: true));
        platform.Standby.Leases[FailoverLease.Name] = Lease() with { Holder = null };
        Assert.True(await FreezeAsync());
        Assert.Empty(crew.Warnings);
    }

    [Theory]
    [InlineData(SiteRole.Standby)]
    [InlineData(SiteRole.Active)]
    public async Task What_lets_a_site_write_is_refused_while_one_runs_and_done_on_a_named_persons_word(SiteRole holds)
    {
        await FreezeAsync();
        Hold(holds == SiteRole.Standby ? platform.Standby : platform.Active);
        var before = platform.Active.Changes.Count;
        var refused = await Assert.ThrowsAsync<DalpException>(() => RunAsync(new ResumeWrites(HandCrew.Timeout), releases: true));
        Assert.Equal("PreconditionUnmet", refused.ErrorId);
        Assert.Contains($"held by '{Holder}' since 2026-06-01", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Get-DalpFailover", refused.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("-BesideFailover '<name>: <why>'", refused.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(before, platform.Active.Changes.Count);

        word = new Attestation("Jane Doe", "The failover is given up.");
        Assert.True(await RunAsync(new ResumeWrites(HandCrew.Timeout), releases: true));
        Assert.Contains("Jane Doe has this done beside it: The failover is given up.", Assert.Single(crew.Warnings), StringComparison.Ordinal);
        Assert.Contains(platform.Journals, journal => JournalFile.Read(journal).Records[0].Data.GetValueOrDefault("besideFailover") == "Jane Doe: The failover is given up.");
        Assert.True(platform.Active.TakesWrites);
    }

    [Fact]
    public async Task What_only_stops_something_is_done_with_a_warning()
    {
        Hold(platform.Standby);
        Assert.True(await FreezeAsync());
        Assert.False(platform.Active.TakesWrites);
        Assert.Contains($"held by '{Holder}'", Assert.Single(crew.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_was_broken_off_is_told_and_keeps_nobody()
    {
        await FreezeAsync();
        Hold(platform.Standby);
        platform.Time.Advance(TimeSpan.FromMinutes(20));
        Assert.True(await RunAsync(new ResumeWrites(HandCrew.Timeout), releases: true));
        Assert.Contains("Resume-DalpFailover", Assert.Single(crew.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_standby_that_can_not_be_asked_keeps_nobody_from_freezing(bool hangs)
    {
        platform.Standby.SetDown(!hangs);
        platform.Standby.HangsOnLeases = hangs;
        Assert.True(await FreezeAsync());
        Assert.False(platform.Active.TakesWrites);
        Assert.Contains(crew.Warnings, warning => warning.StartsWith("NoFailoverRuns: east Lease/dalpha-failover: can't be seen.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_begins_while_a_prompt_stands_is_seen()
    {
        await FreezeAsync();
        var before = platform.Active.Changes.Count;
        crew.OnAsked = () =>
        {
            platform.Time.Advance(TimeSpan.FromMinutes(15));
            Hold(platform.Standby);
        };
        Assert.False(await RunAsync(new ResumeWrites(HandCrew.Timeout), releases: true));
        Assert.Equal(before, platform.Active.Changes.Count);
        Assert.Contains(crew.Results, result => result.Detail.Contains("NoFailoverRuns", StringComparison.Ordinal));
    }

    private void Hold(TestSite site) => site.Leases[FailoverLease.Name] = Lease();

    private ClusterLease Lease() => new(FailoverLease.Name, Holder, TimeSpan.FromMinutes(10), platform.Time.GetUtcNow(), platform.Time.GetUtcNow(), 0, "1");

    private Task<bool> FreezeAsync() => RunAsync(new SuspendWrites(), releases: false);

    private Task<bool> RunAsync(IStepRecipe recipe, bool releases) =>
        crew.RunAsync(new BesideFailover(recipe, releases, HandCrew.Operator), () => crew.World() with { BesideFailover = word });
}
