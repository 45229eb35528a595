using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>An operator at a laptop who runs single steps by hand on two sites in memory. He agrees to everything but what a test makes him refuse.</summary>
internal sealed class HandCrew(TestPlatform platform) : IHandCrew
{
    public const string Operator = "operator@laptop";

    /// <summary>How long he gives each outcome.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(40);

    private int shown;

    public List<DalpActionResult> Results { get; } = [];
    public List<DalpCheckResult> Findings { get; } = [];
    public List<string> Warnings { get; } = [];
    public string? Refuses { get; set; }
    public Action<int>? OnShow { get; set; }
    public Action? OnAsked { get; set; }

    /// <summary>What he says that the database is run by. Where a test does not say: by the Cluster of the active site, if it has one.</summary>
    public PromotionProcedure? Promotion { get; set; }

    /// <summary>Both sites as they are now, with what he says.</summary>
    public FailoverWorld World(Attestation? otherIsFenced = null) => platform.World() with
    {
        OtherIsFenced = otherIsFenced,
        Runbook = HandRunbook.Of(Timeout, Promotion ?? (platform.Active.Postgres is { Name: var name }
            ? new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { ActiveCluster = name }
            : new PromotionProcedure(PromotionMethod.SelfRun))),
    };

    public HandJournal Journal(FailoverWorld? world = null) => new(world ?? World(), platform.Folder("steps"), Operator, Warnings.Add);

    /// <summary>Runs a step, as its cmdlet does.</summary>
    public Task<bool> RunAsync(IStepRecipe recipe, SiteRole acts = SiteRole.Active, Attestation? otherIsFenced = null) => RunAsync(recipe, () => World(otherIsFenced), acts);

    /// <summary>Runs a step in a world of the test's own, as it is whenever it is looked at.</summary>
    public async Task<bool> RunAsync(IStepRecipe recipe, Func<FailoverWorld> world, SiteRole acts = SiteRole.Active)
    {
        await using var journal = Journal(world());
        return await new HandRun(this, platform.Time, journal).RunAsync(
            await MeasureAsync(TestContext.Current.CancellationToken), MeasureAsync, TestContext.Current.CancellationToken);

        Task<FailoverStep> MeasureAsync(CancellationToken cancellationToken) => recipe.MeasureAsync(world().Facing(acts), cancellationToken);
    }

    /// <summary>Runs a step that is refused before anything is done.</summary>
    public async Task<DalpException> RefusedAsync(IStepRecipe recipe, SiteRole acts = SiteRole.Active, Attestation? otherIsFenced = null)
    {
        var refused = await Assert.ThrowsAsync<DalpException>(() => RunAsync(recipe, acts, otherIsFenced));
        Assert.Equal("PreconditionUnmet", refused.ErrorId);
        Assert.NotEmpty(refused.RecommendedAction);
        return refused;
    }

    public Task<bool> ConfirmAsync(FailoverAction action, string seen, CancellationToken cancellationToken)
    {
        OnAsked?.Invoke();
        return Task.FromResult(action.Name != Refuses);
    }

    public void Show(string? action, string seen) => OnShow?.Invoke(Interlocked.Increment(ref shown));

    public void Warn(string text) => Warnings.Add(text);

    public void Found(DalpCheckResult finding) => Findings.Add(finding);

    public void Ended(DalpActionResult result)
    {
        lock (Results)
        {
            Results.Add(result);
        }
    }
}
