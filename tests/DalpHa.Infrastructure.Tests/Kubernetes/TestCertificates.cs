using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>A certificate authority for one test run, and certificates of it.</summary>
internal static class TestCertificates
{
    public static readonly X509Certificate2 Authority = MakeAuthority("CN=dalpha-test-ca");
    public static readonly X509Certificate2 OtherAuthority = MakeAuthority("CN=dalpha-other-ca");

    /// <summary>The certificate of a server on loopback.</summary>
    public static readonly X509Certificate2 Loopback = Leaf("127.0.0.1");

    /// <summary>A server certificate of the authority, with a validity of its own.</summary>
    public static X509Certificate2 Leaf(string name, DateTimeOffset from, DateTimeOffset to) => Make(name, Authority, from, to);

    /// <summary>A server certificate.</summary>
    /// <param name="name">The DNS name or address that it is for.</param>
    /// <param name="authority">Its issuer; null for <see cref="Authority"/>.</param>
    /// <param name="days">How many days from now it ends; negative for an expired one.</param>
    public static X509Certificate2 Leaf(string name, X509Certificate2? authority = null, int days = 30)
    {
        var now = TimeProvider.System.GetUtcNow();
        return Make(name, authority ?? Authority, now.AddDays(-60), now.AddDays(days));
    }

    /// <summary>The certificate's private key as PEM text.</summary>
    public static string PrivateKeyPem(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    private static X509Certificate2 Make(string name, X509Certificate2 authority, DateTimeOffset from, DateTimeOffset to)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = request.Create(authority, from, to, RandomNumberGenerator.GetBytes(8));
        using var joined = certificate.CopyWithPrivateKey(key);
        // A key that only lives in memory serves on every platform after a round through PKCS#12.
        return X509CertificateLoader.LoadPkcs12(joined.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private static X509Certificate2 MakeAuthority(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-90), now.AddDays(365));
    }
}
