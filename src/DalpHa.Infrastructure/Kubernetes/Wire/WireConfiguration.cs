using System.Text.Json;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary><c>v1 Secret</c>. Whoever reads one ends with <see cref="Erase"/>.</summary>
internal sealed record WireSecret(WireMetadata Metadata, string? Type, Dictionary<string, byte[]?>? Data)
{
    /// <summary>Overwrites the values.</summary>
    public void Erase()
    {
        foreach (var value in Data?.Values ?? Enumerable.Empty<byte[]?>())
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(value);
        }
    }

    // A record prints its properties; these are secrets.
    public override string ToString() => $"Secret {Metadata.Name}";
}

/// <summary><c>v1 ConfigMap</c>.</summary>
internal sealed record WireConfigMap(WireMetadata Metadata, Dictionary<string, string?>? Data, Dictionary<string, byte[]?>? BinaryData)
{
    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = "ConfigMap";
}

/// <summary><c>coordination.k8s.io/v1 Lease</c>.</summary>
internal sealed record WireLease(WireMetadata Metadata, WireLeaseSpec? Spec)
{
    public string ApiVersion { get; init; } = "coordination.k8s.io/v1";

    public string Kind { get; init; } = "Lease";
}

/// <summary>Who holds a lease, and until when; the times are MicroTime: RFC 3339 with exactly six decimals.</summary>
internal sealed record WireLeaseSpec
{
    public string? HolderIdentity { get; init; }

    public int? LeaseDurationSeconds { get; init; }

    public string? AcquireTime { get; init; }

    public string? RenewTime { get; init; }

    public int? LeaseTransitions { get; init; }
}

/// <summary>Helm 3's record of a release (helm.sh/helm/v3/pkg/release: Release): what a Secret of type <c>helm.sh/release.v1</c> holds.</summary>
internal sealed record WireHelmRelease
{
    public string? Name { get; init; }

    public int Version { get; init; }

    public WireHelmChart? Chart { get; init; }

    /// <summary>The values that the user gave; absent when none were.</summary>
    public JsonElement? Config { get; init; }
}

/// <summary>The release's chart.</summary>
internal sealed record WireHelmChart(WireHelmChartMetadata? Metadata);

/// <summary>The chart's name and versions.</summary>
internal sealed record WireHelmChartMetadata(string? Name, string? Version, string? AppVersion);
