using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>A failed attempt: what to tell when nothing more is tried, and whether trying again makes sense.</summary>
internal sealed class ApiFault(DalpException failure, bool isTransient = false, TimeSpan? retryAfter = null) : Exception(failure.Message, failure)
{
    /// <summary>What the caller is told.</summary>
    public DalpException Failure { get; } = failure;

    /// <summary>True when the same request may succeed a little later.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>How long the server asked us to wait, or null when it did not.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
