using System.Text.Json.Serialization;

namespace DalpHa.Infrastructure.Kubernetes;

// client.authentication.k8s.io/v1 and v1beta1 (kubernetes.io/docs/reference/config-api/client-authentication.v1): what a plugin is told in
// KUBERNETES_EXEC_INFO, and what it prints.

/// <summary>The one object that goes both ways.</summary>
internal sealed record ExecCredential
{
    /// <summary>The API group of both versions, with its slash.</summary>
    public const string Group = "client.authentication.k8s.io/";

    public string? ApiVersion { get; init; }

    public string? Kind { get; init; }

    public ExecSpec? Spec { get; init; }

    public ExecStatus? Status { get; init; }
}

/// <summary>What the plugin is told.</summary>
internal sealed record ExecSpec
{
    public ExecCluster? Cluster { get; init; }

    public bool Interactive { get; init; }
}

/// <summary>The cluster, when the kubeconfig asks for <c>provideClusterInfo</c>.</summary>
internal sealed record ExecCluster
{
    public string? Server { get; init; }

    [JsonPropertyName("tls-server-name")]
    public string? TlsServerName { get; init; }

    [JsonPropertyName("insecure-skip-tls-verify")]
    public bool SkipTlsVerify { get; init; }

    [JsonPropertyName("certificate-authority-data")]
    public byte[]? CertificateAuthorityData { get; init; }

    [JsonPropertyName("proxy-url")]
    public string? ProxyUrl { get; init; }
}

/// <summary>The credentials: a token, or a client certificate with its key, or both.</summary>
internal sealed record ExecStatus
{
    public DateTimeOffset? ExpirationTimestamp { get; init; }

    public string? Token { get; init; }

    public string? ClientCertificateData { get; init; }

    public string? ClientKeyData { get; init; }

    [JsonIgnore]
    public bool HasCredential => !string.IsNullOrEmpty(Token) || (!string.IsNullOrEmpty(ClientCertificateData) && !string.IsNullOrEmpty(ClientKeyData));

    // A record prints its properties; these are credentials.
    public override string ToString() => nameof(ExecStatus);
}

/// <summary>Serialisation of the above without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExecCredential))]
internal sealed partial class ExecJson : JsonSerializerContext;
