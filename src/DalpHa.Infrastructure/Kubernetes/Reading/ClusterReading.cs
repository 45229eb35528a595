using System.Globalization;
using DalpHa.Core.Clusters;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Makes DalpHa's nodes, quotas, claims, classes and routes of what the API says.</summary>
internal static class ClusterReading
{
    /// <summary>The names under which a quota limits what a pod needs to start. The short ones mean requests as well.</summary>
    private static readonly IReadOnlyDictionary<string, string> QuotaNames = new Dictionary<string, string>
    {
        ["pods"] = "pods",
        ["count/pods"] = "pods",
        ["cpu"] = "requests.cpu",
        ["memory"] = "requests.memory",
        ["requests.cpu"] = "requests.cpu",
        ["requests.memory"] = "requests.memory",
        ["limits.cpu"] = "limits.cpu",
        ["limits.memory"] = "limits.memory",
    };

    /// <summary>The server's version; a provider's trailing <c>+</c> is dropped.</summary>
    public static ClusterVersion? ToVersion(WireVersion wire) =>
        Number(wire.Major) is { } major && Number(wire.Minor) is { } minor && wire.GitVersion is { Length: > 0 } version
            ? new ClusterVersion(major, minor, version)
            : null;

    /// <summary>A node.</summary>
    public static Node ToNode(WireNode wire) => new(
        wire.Metadata.Name,
        wire.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true,
        wire.Spec?.Unschedulable == true,
        [.. (wire.Spec?.Taints ?? []).Where(t => t.Effect is "NoSchedule" or "NoExecute").Select(t => string.IsNullOrEmpty(t.Value) ? $"{t.Key}:{t.Effect}" : $"{t.Key}={t.Value}:{t.Effect}")],
        Quantities.Amounts(wire.Status?.Allocatable),
        (int)Quantities.Amount(wire.Status?.Allocatable, "pods"),
        wire.Metadata.Labels?.GetValueOrDefault("topology.kubernetes.io/region"),
        wire.Metadata.Labels?.GetValueOrDefault("topology.kubernetes.io/zone"),
        wire.Status?.NodeInfo?.KubeletVersion ?? "");

    /// <summary>A quota, with the amounts that can stop a pod from starting.</summary>
    public static ResourceQuota ToQuota(WireQuota wire) => new(wire.Metadata.Name, Limits(wire.Status?.Hard), Limits(wire.Status?.Used));

    /// <summary>A limit range's items. The API server has filled the defaults that follow from the other amounts (k8s.io/api core/v1: LimitRangeItem).</summary>
    public static IReadOnlyList<LimitRange> ToLimitRanges(WireLimitRange wire) =>
    [
        .. (wire.Spec?.Limits ?? []).Where(limits => limits.Type is "Pod" or "Container").Select(limits => new LimitRange(
            wire.Metadata.Name,
            limits.Type == "Pod",
            Quantities.Amounts(limits.DefaultRequest),
            Quantities.Amounts(limits.Default),
            Quantities.Amounts(limits.Min),
            Quantities.Amounts(limits.Max))),
    ];

    /// <summary>A volume claim.</summary>
    public static VolumeClaim ToClaim(WireClaim wire) => new(wire.Metadata.Name, wire.Spec?.StorageClassName, wire.Status?.Phase ?? "Unknown");

    /// <summary>A storage class.</summary>
    public static ClusterClass ToClass(WireStorageClass wire) => new(
        wire.Metadata.Name,
        wire.Provisioner ?? "",
        wire.Metadata.HasTrueAnnotation("storageclass.kubernetes.io/is-default-class") || wire.Metadata.HasTrueAnnotation("storageclass.beta.kubernetes.io/is-default-class"));

    /// <summary>An ingress class.</summary>
    public static ClusterClass ToClass(WireIngressClass wire) => new(
        wire.Metadata.Name, wire.Spec?.Controller ?? "", wire.Metadata.HasTrueAnnotation("ingressclass.kubernetes.io/is-default-class"));

    /// <summary>An ingress. A rule without a host, and an ingress without rules, answers for every host.</summary>
    public static IngressRoute ToRoute(WireIngress wire)
    {
        var hosts = (wire.Spec?.Rules ?? []).Select(r => string.IsNullOrEmpty(r.Host) ? "*" : r.Host).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var classes = IngressClasses.Of(wire);
        return new IngressRoute("Ingress", wire.Metadata.Name, classes.Effective, hosts.Count > 0 ? hosts : ["*"])
        {
            IsClosed = classes.IsClosed,
            Certificates = [.. (wire.Spec?.Tls ?? []).Select(tls => new RouteCertificate(tls.Hosts ?? [], string.IsNullOrEmpty(tls.SecretName) ? null : tls.SecretName))],
        };
    }

    /// <summary>An OpenShift route.</summary>
    public static IngressRoute ToRoute(WireRoute wire) =>
        new("Route", wire.Metadata.Name, null, string.IsNullOrEmpty(wire.Spec?.Host) ? [] : [wire.Spec.Host]) { IsClosed = RouteWeights.Of(wire).IsClosed };

    // Where a quota has an amount under both names, the tighter one decides.
    private static Dictionary<string, decimal> Limits(IReadOnlyDictionary<string, string>? amounts) => (amounts ?? new Dictionary<string, string>())
        .Where(a => QuotaNames.ContainsKey(a.Key))
        .GroupBy(a => QuotaNames[a.Key], a => Quantities.Parse(a.Value))
        .ToDictionary(g => g.Key, g => g.Min());

    private static int? Number(string? text) =>
        int.TryParse(text.AsSpan().TrimEnd('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
