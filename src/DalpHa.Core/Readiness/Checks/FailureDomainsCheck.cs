using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>The sites' nodes are in different regions, by the label <c>topology.kubernetes.io/region</c>.</summary>
public sealed class FailureDomainsCheck : IReadinessCheck
{
    private const string Expected = "separate regions";

    /// <inheritdoc/>
    public string Name => "FailureDomains";

    /// <inheritdoc/>
    public string Description => "No region holds nodes of both sites.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (activeRead, standbyRead) = (context.Active.Nodes, context.Standby.Nodes);
        var standby = await standbyRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var active = await activeRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var (left, right) = (Regions(active), Regions(standby));
        var shared = left.Intersect(right).ToList();
        if (shared.Count > 0)
        {
            var zones = Zones(active).Intersect(Zones(standby)).ToList();
            yield return Finding.Fail(
                Finding.BothSites, "regions", $"share {Wording.List(shared, 2)}", Expected,
                zones.Count > 0
                    ? $"Nodes of both sites are in the same region, and even in the same zone ({Wording.List(zones)}): one outage takes both."
                    : "Nodes of both sites are in the same region: an outage of the region takes both.",
                "Move the standby to another region. If the labels are wrong, correct topology.kubernetes.io/region on the nodes.");
            yield break;
        }
        var unlabelled = false;
        foreach (var (site, nodes) in new[] { (context.Active, active), (context.Standby, standby) })
        {
            var without = nodes.Count(node => string.IsNullOrEmpty(node.Region));
            if (without > 0 || nodes.Count == 0)
            {
                unlabelled = true;
                yield return Finding.Unknown(
                    site.Name, "regions", nodes.Count == 0 ? "no nodes" : $"{without} of {nodes.Count} unlabelled", Expected,
                    "Nodes without the label topology.kubernetes.io/region don't tell where they are, so nobody can say that the sites fail apart.",
                    "Label them: kubectl label node NAME topology.kubernetes.io/region=REGION");
            }
        }
        if (!unlabelled)
        {
            yield return Finding.Pass(Finding.BothSites, "regions", $"{Wording.List(left, 2)} / {Wording.List(right, 2)}", Expected);
        }
    }

    private static HashSet<string> Regions(IReadOnlyList<Node> nodes) => nodes.Select(node => node.Region ?? "").Where(region => region != "").ToHashSet(StringComparer.Ordinal);

    private static HashSet<string> Zones(IReadOnlyList<Node> nodes) => nodes.Select(node => node.Zone ?? "").Where(zone => zone != "").ToHashSet(StringComparer.Ordinal);
}
