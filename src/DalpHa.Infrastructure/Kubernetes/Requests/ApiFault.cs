using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>A failed attempt: what to tell when nothing more is tried, and whether trying again makes sense.</summary>
internal sealed class ApiFault(DalpException failure, bool isTransient = false, TimeSpan? retryAfter = null, bool isUndone = false) : Exception(failure.Message, failure)
{
    /// <summary>What the caller is told.</summary>
    public DalpException Failure { get; } = failure;

    /// <summary>True when the same request may succeed a little later.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>True when the server has certainly done nothing: it said so, or nothing was sent. Otherwise a write may have had its effect.</summary>
    public bool IsUndone { get; } = isUndone;

    /// <summary>How long the server asked us to wait, or null when it did not.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
