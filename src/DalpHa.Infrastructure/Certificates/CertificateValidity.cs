using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace DalpHa.Infrastructure.Certificates;

/// <summary>Tells a server certificate that is refused for its time: whether the certificate or the clock is wrong nobody here knows, so both are named.</summary>
internal static class CertificateValidity
{
    private const string Advice = "Compare this machine's clock with the server's and set it right; if it is right, renew the server's certificate.";

    /// <summary>For who trusts the authorities of this machine: lets through what the platform lets through, and says of the rest why not.</summary>
    /// <exception cref="ServerCertificateException">The certificate is refused.</exception>
    public static bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => errors == SslPolicyErrors.None
        ? true
        : throw Refusal(certificate, chain) ?? new ServerCertificateException($"its certificate is not trusted here: {errors} {string.Join(", ", (chain?.ChainStatus ?? []).Select(status => status.Status).Distinct())}".TrimEnd());

    /// <summary>The refusal of a certificate whose chain is outside its validity by this machine's clock; null when it is not.</summary>
    /// <param name="certificate">The server's own.</param>
    /// <param name="chain">The chain, built.</param>
    public static ServerCertificateException? Refusal(X509Certificate? certificate, X509Chain? chain)
    {
        if (certificate is null)
        {
            return null;
        }
        using var leaf = new X509Certificate2(certificate);
        DateTimeOffset from = leaf.NotBefore.ToUniversalTime(), to = leaf.NotAfter.ToUniversalTime(), now = TimeProvider.System.GetUtcNow();
        return now < from || now > to || chain?.ChainStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) == true
            ? new ServerCertificateException(
                $"its certificate chain is outside its validity (the server's own: {from:u} to {to:u}; this machine's clock: {now:u}); an expired certificate, one that is not valid yet, or a wrong clock", Advice)
            : null;
    }
}
