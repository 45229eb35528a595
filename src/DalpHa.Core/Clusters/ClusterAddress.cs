namespace DalpHa.Core.Clusters;

/// <summary>Where a cluster's API is found: a context of the operator's kubeconfig.</summary>
/// <param name="Context">Name of the kubeconfig context; null for the current one.</param>
/// <param name="KubeconfigPath">One kubeconfig file; null for KUBECONFIG (which may list several) or <c>~/.kube/config</c>.</param>
public sealed record ClusterAddress(string? Context, string? KubeconfigPath = null)
{
    /// <summary>The context.</summary>
    public override string ToString() => Context ?? "the current context";
}

/// <summary>What <c>/version</c> says.</summary>
/// <param name="Major">Major version.</param>
/// <param name="Minor">Minor version; a provider's trailing <c>+</c> is dropped.</param>
/// <param name="GitVersion">The full version, as <c>v1.32.4</c>.</param>
public sealed record ClusterVersion(int Major, int Minor, string GitVersion);
