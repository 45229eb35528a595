namespace DalpHa.Core.Failover;

/// <summary>A person who vouches for what the tool can't see.</summary>
/// <param name="Person">Who.</param>
/// <param name="Statement">What he vouches for, and how he knows.</param>
public sealed record Attestation(string Person, string Statement)
{
    /// <summary>Both, as an operator gives them: <c>name: statement</c>.</summary>
    public override string ToString() => $"{Person}: {Statement}";
}
