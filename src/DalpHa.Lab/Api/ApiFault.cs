namespace DalpHa.Lab.Api;

/// <summary>How an API endpoint misbehaves.</summary>
public abstract record ApiFault
{
    private ApiFault()
    {
    }

    /// <summary>No fault: the endpoint answers.</summary>
    public static ApiFault None { get; } = new Healthy();

    /// <summary>Connections are accepted and never answered; requests and watches that are open fall silent.</summary>
    public static ApiFault Hang { get; } = new Hung();

    /// <summary>Connections break in the middle of the answer's body, those of open watches too.</summary>
    public static ApiFault Reset { get; } = new Broken();

    /// <summary>Every request gets an error Status, open watches end.</summary>
    /// <param name="StatusCode">500 or 503.</param>
    public sealed record Fail(int StatusCode = 500) : ApiFault;

    /// <summary>Every answer comes late.</summary>
    /// <param name="Delay">How late.</param>
    public sealed record Slow(TimeSpan Delay) : ApiFault;

    /// <summary>Every request gets 429 Too Many Requests with a Retry-After header.</summary>
    /// <param name="RetryAfter">The advice, in whole seconds on the wire.</param>
    public sealed record Throttle(TimeSpan RetryAfter) : ApiFault;

    internal sealed record Healthy : ApiFault;

    internal sealed record Hung : ApiFault;

    internal sealed record Broken : ApiFault;
}
