namespace DalpHa.Infrastructure.Tests.LabApi;

/// <summary>An API server that the conformance suite speaks to: the lab's, or a real one.</summary>
public interface IApiServerUnderTest
{
    Uri Address { get; }

    /// <summary>The authority that signed the server's certificate, as PEM.</summary>
    string AuthorityPem { get; }

    /// <summary>A token of system:masters.</summary>
    string AdminToken { get; }

    /// <summary>A token of the user "nobody", who has no role of his own.</summary>
    string LimitedToken { get; }

    /// <summary>Why the suite can't run here, or null when it can.</summary>
    string? SkipReason { get; }
}
