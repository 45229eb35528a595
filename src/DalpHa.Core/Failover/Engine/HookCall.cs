namespace DalpHa.Core.Failover;

/// <summary>A script of the runbook's, as it is to be run.</summary>
/// <param name="Path">The script.</param>
/// <param name="Purpose">What it is for.</param>
public sealed record HookCall(string Path, string Purpose)
{
    /// <summary>What else it is told, by parameter name.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();
}
