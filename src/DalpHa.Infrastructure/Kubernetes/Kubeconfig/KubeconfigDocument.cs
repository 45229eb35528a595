using YamlDotNet.Serialization;

namespace DalpHa.Infrastructure.Kubernetes;

// The kubeconfig format (kubernetes.io/docs/reference/config-api/kubeconfig.v1). KubernetesClient's own models lack proxy-url, tokenFile and
// the list form of as-user-extra, and to ignore those would mean to connect elsewhere, or as somebody else, than kubectl does.

/// <summary>One kubeconfig file, or several merged.</summary>
internal sealed class KubeconfigDocument
{
    [YamlMember(Alias = "current-context")]
    public string? CurrentContext { get; set; }

    [YamlMember(Alias = "contexts")]
    public List<NamedContext>? Contexts { get; set; }

    [YamlMember(Alias = "clusters")]
    public List<NamedCluster>? Clusters { get; set; }

    [YamlMember(Alias = "users")]
    public List<NamedUser>? Users { get; set; }
}

/// <summary>An entry with the name by which others refer to it.</summary>
internal abstract class NamedEntry
{
    [YamlMember(Alias = "name")]
    public string? Name { get; set; }
}

/// <summary>A context: which cluster, as which user.</summary>
internal sealed class NamedContext : NamedEntry
{
    [YamlMember(Alias = "context")]
    public ContextSettings? Settings { get; set; }
}

/// <inheritdoc cref="NamedContext"/>
internal sealed class ContextSettings
{
    [YamlMember(Alias = "cluster")]
    public string? Cluster { get; set; }

    [YamlMember(Alias = "user")]
    public string? User { get; set; }
}

/// <summary>A cluster: where it is, and how its certificate is trusted.</summary>
internal sealed class NamedCluster : NamedEntry
{
    [YamlMember(Alias = "cluster")]
    public ClusterSettings? Settings { get; set; }
}

/// <inheritdoc cref="NamedCluster"/>
internal sealed class ClusterSettings
{
    [YamlMember(Alias = "server")]
    public string? Server { get; set; }

    [YamlMember(Alias = "tls-server-name")]
    public string? TlsServerName { get; set; }

    [YamlMember(Alias = "insecure-skip-tls-verify")]
    public bool SkipTlsVerify { get; set; }

    [YamlMember(Alias = "certificate-authority")]
    public string? CertificateAuthority { get; set; }

    [YamlMember(Alias = "certificate-authority-data")]
    public string? CertificateAuthorityData { get; set; }

    [YamlMember(Alias = "proxy-url")]
    public string? ProxyUrl { get; set; }
}

/// <summary>A user: how to prove who one is.</summary>
internal sealed class NamedUser : NamedEntry
{
    [YamlMember(Alias = "user")]
    public UserSettings? Settings { get; set; }
}

/// <inheritdoc cref="NamedUser"/>
internal sealed class UserSettings
{
    [YamlMember(Alias = "client-certificate")]
    public string? ClientCertificate { get; set; }

    [YamlMember(Alias = "client-certificate-data")]
    public string? ClientCertificateData { get; set; }

    [YamlMember(Alias = "client-key")]
    public string? ClientKey { get; set; }

    [YamlMember(Alias = "client-key-data")]
    public string? ClientKeyData { get; set; }

    [YamlMember(Alias = "token")]
    public string? Token { get; set; }

    [YamlMember(Alias = "tokenFile")]
    public string? TokenFile { get; set; }

    [YamlMember(Alias = "username")]
    public string? UserName { get; set; }

    [YamlMember(Alias = "password")]
    public string? Password { get; set; }

    [YamlMember(Alias = "as")]
    public string? Impersonate { get; set; }

    [YamlMember(Alias = "as-uid")]
    public string? ImpersonateUid { get; set; }

    [YamlMember(Alias = "as-groups")]
    public List<string>? ImpersonateGroups { get; set; }

    [YamlMember(Alias = "as-user-extra")]
    public Dictionary<string, List<string>>? ImpersonateExtra { get; set; }

    [YamlMember(Alias = "auth-provider")]
    public AuthProviderSettings? AuthProvider { get; set; }

    [YamlMember(Alias = "exec")]
    public ExecSettings? Exec { get; set; }
}

/// <summary>The legacy way to name a credential provider; only its name is of use, for the error.</summary>
internal sealed class AuthProviderSettings
{
    [YamlMember(Alias = "name")]
    public string? Name { get; set; }
}

/// <summary>A credential plugin: a program that prints credentials.</summary>
internal sealed class ExecSettings
{
    [YamlMember(Alias = "apiVersion")]
    public string? ApiVersion { get; set; }

    [YamlMember(Alias = "command")]
    public string? Command { get; set; }

    [YamlMember(Alias = "args")]
    public List<string>? Arguments { get; set; }

    [YamlMember(Alias = "env")]
    public List<ExecVariable>? Environment { get; set; }

    [YamlMember(Alias = "installHint")]
    public string? InstallHint { get; set; }

    [YamlMember(Alias = "interactiveMode")]
    public string? InteractiveMode { get; set; }

    [YamlMember(Alias = "provideClusterInfo")]
    public bool ProvideClusterInfo { get; set; }
}

/// <summary>An environment variable for the plugin.</summary>
internal sealed class ExecVariable
{
    [YamlMember(Alias = "name")]
    public string? Name { get; set; }

    [YamlMember(Alias = "value")]
    public string? Value { get; set; }
}
