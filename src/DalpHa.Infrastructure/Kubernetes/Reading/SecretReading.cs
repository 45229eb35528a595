using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DalpHa.Core.Clusters;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Makes digests and certificates of Secrets and ConfigMaps; the values go no further.</summary>
internal static class SecretReading
{
    private static readonly IReadOnlySet<string> ClustersOwn = new HashSet<string>(StringComparer.Ordinal) { "kube-root-ca.crt", "openshift-service-ca.crt" };

    /// <summary>A Secret as digests. Its values are overwritten.</summary>
    public static SecretDigest ToDigest(WireSecret wire, DigestKey key)
    {
        try
        {
            return new SecretDigest(wire.Metadata.Name, wire.Type ?? "Opaque", (wire.Data ?? []).ToDictionary(d => d.Key, d => key.Compute(d.Value)));
        }
        finally
        {
            wire.Erase();
        }
    }

    /// <summary>A ConfigMap as digests; null for one that the cluster itself puts into every namespace, and for Helm's records.</summary>
    public static ConfigMapDigest? ToDigest(WireConfigMap wire, DigestKey key)
    {
        if (ClustersOwn.Contains(wire.Metadata.Name) || HelmReading.IsRecord(wire.Metadata.Name))
        {
            return null;
        }
        var digests = (wire.Data ?? []).ToDictionary(d => d.Key, d => key.Compute(Encoding.UTF8.GetBytes(d.Value ?? "")));
        foreach (var (name, value) in wire.BinaryData ?? [])
        {
            digests[name] = key.Compute(value);
        }
        return new ConfigMapDigest(wire.Metadata.Name, digests);
    }

    /// <summary>The leaf certificate of a TLS Secret. Its values, the private key among them, are overwritten.</summary>
    public static TlsCertificate ToCertificate(WireSecret wire)
    {
        try
        {
            return wire.Data?.GetValueOrDefault("tls.crt") is { Length: > 0 } pem
                ? Read(wire.Metadata.Name, pem)
                : Unread(wire.Metadata.Name, "tls.crt is missing or empty");
        }
        finally
        {
            wire.Erase();
        }
    }

    private static TlsCertificate Read(string secret, byte[] pem)
    {
        try
        {
            // The leaf comes first, its issuers after it.
            using var leaf = X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(pem));
            var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())))
                .ToList();
            return new TlsCertificate(secret, leaf.Subject, names, leaf.NotBefore.ToUniversalTime(), leaf.NotAfter.ToUniversalTime(), null);
        }
        catch (CryptographicException exception)
        {
            return Unread(secret, $"tls.crt holds no readable PEM certificate: {exception.Message}");
        }
    }

    private static TlsCertificate Unread(string secret, string problem) => new(secret, null, [], null, null, problem);
}
