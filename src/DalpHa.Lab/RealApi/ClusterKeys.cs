using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DalpHa.Lab.Processes;

namespace DalpHa.Lab.RealApi;

/// <summary>
/// The keys of one control plane, made for it alone: an authority, one certificate by which all its servers know each other, and the key that signs
/// service accounts' tokens. They lie in its folder, readable by its owner only.
/// </summary>
internal sealed class ClusterKeys
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);
    private readonly string folder;

    private ClusterKeys(string folder, string authorityPem)
    {
        this.folder = folder;
        AuthorityPem = authorityPem;
    }

    public string AuthorityPem { get; }

    public string Authority => Path.Combine(folder, "authority.crt");

    public string Certificate => Path.Combine(folder, "server.crt");

    public string Key => Path.Combine(folder, "server.key");

    public string AccountKey => Path.Combine(folder, "accounts.key");

    public string AccountPublicKey => Path.Combine(folder, "accounts.pub");

    public string Tokens => Path.Combine(folder, "tokens.csv");

    public string ControllerManagerKubeconfig => Path.Combine(folder, "controller-manager.kubeconfig");

    /// <summary>Makes the keys and writes them into a folder, which is made.</summary>
    public static ClusterKeys Create(string folder, string name, TimeProvider time)
    {
        OwnerOnly.CreateFolder(folder);
        var (from, to) = (time.GetUtcNow() - ClockSkew, time.GetUtcNow() + Lifetime);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest(CommonName($"{name} authority"), authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        authorityRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authorityRequest.PublicKey, critical: false));
        using var authority = authorityRequest.CreateSelfSigned(from, to);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = ServerRequest(name, key, authority).Create(authority, from, to, RandomNumberGenerator.GetBytes(16));
        using var accounts = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var keys = new ClusterKeys(folder, authority.ExportCertificatePem());
        OwnerOnly.WriteFile(keys.Authority, keys.AuthorityPem);
        OwnerOnly.WriteFile(keys.Certificate, certificate.ExportCertificatePem());
        OwnerOnly.WriteFile(keys.Key, key.ExportECPrivateKeyPem());
        OwnerOnly.WriteFile(keys.AccountKey, accounts.ExportECPrivateKeyPem());
        OwnerOnly.WriteFile(keys.AccountPublicKey, accounts.ExportSubjectPublicKeyInfoPem());
        return keys;
    }

    private static CertificateRequest ServerRequest(string name, ECDsa key, X509Certificate2 authority)
    {
        var request = new CertificateRequest(CommonName(name), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        foreach (var host in (string[])["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"])
        {
            names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        return request;
    }

    private static X500DistinguishedName CommonName(string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name);
        return builder.Build();
    }
}
