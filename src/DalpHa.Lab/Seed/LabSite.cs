using DalpHa.Core.Topology;

namespace DalpHa.Lab.Seed;

/// <summary>One of the lab's two regions.</summary>
/// <param name="Role">Active or standby.</param>
/// <param name="Context">Its kubeconfig context; it says lab, so that nobody takes it for production.</param>
/// <param name="Region">The region that its nodes state.</param>
/// <param name="DatabasePod">Its database's pod.</param>
/// <param name="DatabasePort">Where that database is reached on loopback.</param>
internal sealed record LabSite(SiteRole Role, string Context, string Region, string DatabasePod, int DatabasePort)
{
    /// <summary>The loopback port at which the API reaches its nodes' kubelets; null when it has no need to.</summary>
    public int? KubeletPort { get; init; }

    /// <summary>How many seconds after their start the platform's pods become ready.</summary>
    public int ReadyAfter { get; init; }

    public const string Namespace = "dalp";

    /// <summary>The host names end in <c>.test</c> (RFC 2606): they resolve nowhere.</summary>
    public const string Domain = "dalp.lab.test";

    /// <summary>The CloudNativePG cluster that the database's pod is of.</summary>
    public string DatabaseCluster => DatabasePod[..DatabasePod.LastIndexOf('-')];

    public bool IsActive => Role == SiteRole.Active;
}
