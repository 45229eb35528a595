using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DalpHa.Lab.Seed;

/// <summary>A real certificate for the lab's host names, signed by itself.</summary>
/// <param name="CertificatePem">The certificate.</param>
/// <param name="KeyPem">Its private key.</param>
internal sealed record LabCertificate(string CertificatePem, string KeyPem)
{
    public static LabCertificate Create(DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={LabSite.Domain}, O=DalpHa lab", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(LabSite.Domain);
        names.AddDnsName($"*.{LabSite.Domain}");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        using var certificate = request.CreateSelfSigned(notBefore, notAfter);
        return new LabCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Keeps the key out of whatever prints this.</summary>
    public override string ToString() => nameof(LabCertificate);
}
