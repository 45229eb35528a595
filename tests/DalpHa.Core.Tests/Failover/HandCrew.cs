using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Tests.Failover;

/// <summary>An operator who agrees to everything but what a test makes him refuse.</summary>
internal sealed class HandCrew : IHandCrew
{
    private int shown;

    public List<DalpActionResult> Results { get; } = [];
    public List<DalpCheckResult> Findings { get; } = [];
    public List<string> Warnings { get; } = [];
    public string? Refuses { get; set; }
    public Action<int>? OnShow { get; set; }
    public Action? OnAsked { get; set; }

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
