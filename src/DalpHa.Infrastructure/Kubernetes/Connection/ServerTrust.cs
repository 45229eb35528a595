using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Certificates;
using DalpHa.Infrastructure.Configuration;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Decides whether the API server is the one that the kubeconfig means, and says why not. KubernetesClient's own check forgets the name as
/// soon as a certificate authority is given: any certificate of that authority, a node's or a user's, would pass for the server.
/// </summary>
internal sealed class ServerTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection? authorities;
    private readonly bool skip;

    private ServerTrust(X509Certificate2Collection? authorities, bool skip)
    {
        this.authorities = authorities;
        this.skip = skip;
    }

    /// <summary>Reads the cluster's certificate authority; without one the platform's own are trusted.</summary>
    /// <exception cref="DalpException">The authority can't be read.</exception>
    public static ServerTrust Of(KubeconfigEntry entry)
    {
        if (ReadAuthorityPem(entry) is not { } pem)
        {
            return new ServerTrust(null, entry.Cluster.SkipTlsVerify);
        }
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(System.Text.Encoding.UTF8.GetString(pem));
        }
        catch (CryptographicException exception)
        {
            throw Unreadable(entry, $"is damaged: {exception.Message}", exception);
        }
        return authorities.Count > 0 ? new ServerTrust(authorities, entry.Cluster.SkipTlsVerify) : throw Unreadable(entry, "holds no PEM certificate");
    }

    /// <summary>The certificate authority's PEM text, from the kubeconfig or from the file that it names; null when it names none.</summary>
    /// <exception cref="DalpException">It can't be read.</exception>
    public static byte[]? ReadAuthorityPem(KubeconfigEntry entry)
    {
        try
        {
            if (!string.IsNullOrEmpty(entry.Cluster.CertificateAuthorityData))
            {
                return Convert.FromBase64String(entry.Cluster.CertificateAuthorityData);
            }
            if (entry.Cluster.CertificateAuthority is not { } path)
            {
                return null;
            }
            BoundedFile.RequireRegular(path);
            return File.ReadAllBytes(path);
        }
        catch (FormatException exception)
        {
            throw Unreadable(entry, "is not base64", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(entry, $"can't be read: {exception.Message}", exception);
        }
    }

    /// <summary>For <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>.</summary>
    /// <exception cref="ServerCertificateException">The certificate is refused, with the reason.</exception>
    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // Where the kubeconfig names an authority, only that one counts: the machine may also trust a proxy that reads along.
        if (skip || (errors == SslPolicyErrors.None && authorities is null))
        {
            return true;
        }
        if (certificate is null || chain is null)
        {
            throw new ServerCertificateException("the server showed no certificate");
        }
        using var leaf = new X509Certificate2(certificate);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            throw new ServerCertificateException($"its certificate is for {Names(leaf)}, not for the name that it was called by");
        }
        if (authorities is null)
        {
            throw Explain(leaf, chain, "no certificate authority that this machine trusts");
        }
        return IsIssuedByAuthority(leaf, chain);
    }

    private bool IsIssuedByAuthority(X509Certificate2 leaf, X509Chain received)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities!);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        // What the server sent along, and an authority that is itself issued by another: kubectl trusts that as it stands.
        chain.ChainPolicy.ExtraStore.AddRange(received.ChainPolicy.ExtraStore);
        chain.ChainPolicy.ExtraStore.AddRange(authorities!);
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        var isSound = chain.Build(leaf);
        var end = chain.ChainElements[^1].Certificate;
        if (!authorities!.Any(a => a.RawDataMemory.Span.SequenceEqual(end.RawDataMemory.Span)))
        {
            throw new ServerCertificateException($"its certificate is issued by '{leaf.Issuer}', which is not the certificate authority of the kubeconfig");
        }
        return isSound ? true : throw Explain(leaf, chain, "the certificate authority of the kubeconfig");
    }

    private static ServerCertificateException Explain(X509Certificate2 leaf, X509Chain chain, string authority)
    {
        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        if (CertificateValidity.Refusal(leaf, chain) is { } outside)
        {
            return outside;
        }
        return new ServerCertificateException((status & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) != 0
            ? $"its certificate is issued by '{leaf.Issuer}', and that is {authority}"
            : $"its certificate chain is not sound: {status}");
    }

    private static string Names(X509Certificate2 leaf)
    {
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())))
            .Take(12)
            .ToList();
        return names.Count == 0 ? $"no name at all ({leaf.Subject})" : string.Join(", ", names);
    }

    private static DalpException Unreadable(KubeconfigEntry entry, string cause, Exception? inner = null) => new(
        "CertificateAuthorityUnreadable",
        FaultKind.InvalidInput,
        $"The certificate authority of context '{entry.Context}' ({entry.Cluster.CertificateAuthority ?? "certificate-authority-data"}) {cause}.",
        "Fetch the kubeconfig again, or correct its certificate-authority.",
        entry.Context,
        inner);
}
