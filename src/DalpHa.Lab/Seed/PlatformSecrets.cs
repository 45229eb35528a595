using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DalpHa.Lab.Postgres;
using k8s;
using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>
/// The platform's secrets and configuration, with values made once and put on both sites: what a pair holds in common is equal.
/// </summary>
internal sealed class PlatformSecrets
{
    private readonly LabCertificate certificate;
    private readonly PairPasswords passwords;
    private readonly TimeProvider time;
    private readonly Dictionary<string, string> keys = Enumerable.Range(1, 4)
        .Select(number => $"validator-{number}")
        .Append("txsigner")
        .ToDictionary(name => name, _ => RandomNumberGenerator.GetHexString(64, lowercase: true), StringComparer.Ordinal);

    private readonly string sessionKey = RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <param name="passwords">Of the database's logins: the platform's own, the one that DalpHa reads with, and the one that it changes with.</param>
    /// <param name="time">The clock, for the certificate's validity.</param>
    public PlatformSecrets(PairPasswords passwords, TimeProvider time)
    {
        this.passwords = passwords;
        this.time = time;
        var now = time.GetUtcNow();
        certificate = LabCertificate.Create(now, now.AddDays(90));
    }

    /// <summary>The Secrets that the standby must hold, equal to the active's.</summary>
    public static IReadOnlyList<string> Required { get; } = ["dalp-db", "dalp-keys", "dalp-session", "dalp-tls", "dalpha-admin", "dalpha-login"];

    public IEnumerable<IKubernetesObject<V1ObjectMeta>> For(LabSite site) =>
    [
        Secret("dalp-db", "Opaque", ("username", "dalp"), ("password", passwords.Owner), ("host", "postgresql-rw"), ("database", "dalp")),
        Secret("dalp-keys", "Opaque", [.. keys.Select(key => (key.Key, key.Value))]),
        Secret("dalp-session", "Opaque", ("key", sessionKey)),
        Secret("dalpha-login", "kubernetes.io/basic-auth", ("username", PostgresPair.MonitorUser), ("password", passwords.Monitor)),
        Secret("dalpha-admin", "kubernetes.io/basic-auth", ("username", PostgresPair.AdminUser), ("password", passwords.Admin)),
        Secret("dalp-tls", "kubernetes.io/tls", ("tls.crt", certificate.CertificatePem), ("tls.key", certificate.KeyPem)),
        HelmRelease(),
        ConfigMap("dalp-config", ("LOG_LEVEL", "info"), ("CHAIN_ID", "53771"), ("RPC_URL", "http://dalp-erpc")),
        ConfigMap("dalp-site", ("REGION", site.Region), ("SITE", site.Context)),
    ];

    private static V1Secret Secret(string name, string type, params (string Key, string Value)[] values) => new()
    {
        Metadata = Naming.Platform(name),
        Type = type,
        Data = values.ToDictionary(value => value.Key, value => Encoding.UTF8.GetBytes(value.Value)),
    };

    private static V1ConfigMap ConfigMap(string name, params (string Key, string Value)[] values) => new()
    {
        Metadata = Naming.Platform(name),
        Data = values.ToDictionary(value => value.Key, value => value.Value),
    };

    // Helm 3's storage driver (helm.sh/helm/v3/pkg/storage/driver): base64 of gzip of JSON, as the value of a Secret, which is base64 once more on the wire.
    private V1Secret HelmRelease()
    {
        const int revision = 3;
        var deployed = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
        var release = new JsonObject
        {
            ["name"] = "dalp",
            ["namespace"] = LabSite.Namespace,
            ["version"] = revision,
            ["info"] = new JsonObject { ["status"] = "deployed", ["first_deployed"] = deployed, ["last_deployed"] = deployed, ["deleted"] = "", ["description"] = "Upgrade complete" },
            ["chart"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = "dalp", ["version"] = "2.4.1", ["appVersion"] = WorkloadManifests.Version, ["apiVersion"] = "v2" },
            },
            ["config"] = new JsonObject
            {
                ["global"] = new JsonObject { ["domain"] = LabSite.Domain },
                ["dapp"] = new JsonObject { ["replicaCount"] = 2 },
            },
            ["manifest"] = "",
        };
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(release.ToJsonString()));
        }
        var secret = Secret($"sh.helm.release.v1.dalp.v{revision}", "helm.sh/release.v1", ("release", Convert.ToBase64String(packed.ToArray())));
        secret.Metadata.Labels["name"] = "dalp";
        secret.Metadata.Labels["owner"] = "helm";
        secret.Metadata.Labels["status"] = "deployed";
        secret.Metadata.Labels["version"] = revision.ToString(CultureInfo.InvariantCulture);
        return secret;
    }
}
