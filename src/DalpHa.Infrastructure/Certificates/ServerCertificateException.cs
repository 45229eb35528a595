namespace DalpHa.Infrastructure.Certificates;

/// <summary>Carries out of a TLS handshake why the server's certificate is refused.</summary>
/// <param name="reason">Why, as the rest of a sentence.</param>
/// <param name="advice">What to do about just that, or null where the adapter knows best.</param>
internal sealed class ServerCertificateException(string reason, string? advice = null) : Exception(reason)
{
    /// <summary>What to do about it, or null.</summary>
    public string? Advice { get; } = advice;
}
