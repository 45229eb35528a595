using k8s;
using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>The platform's routes, the same on both sites.</summary>
internal static class RouteManifests
{
    public static IReadOnlyList<(string Name, string Host)> Hosts { get; } =
        [("dapp", LabSite.Domain), ("dapi", $"api.{LabSite.Domain}"), ("erpc", $"rpc.{LabSite.Domain}")];

    public static V1Ingress Ingress() => new()
    {
        Metadata = Naming.Platform("dalp"),
        Spec = new V1IngressSpec
        {
            IngressClassName = "nginx",
            Tls = [new V1IngressTLS { Hosts = [.. Hosts.Select(route => route.Host)], SecretName = "dalp-tls" }],
            Rules = [.. Hosts.Select(Rule)],
        },
    };

    private static V1IngressRule Rule((string Name, string Host) route) => new()
    {
        Host = route.Host,
        Http = new V1HTTPIngressRuleValue
        {
            Paths =
            [
                new V1HTTPIngressPath
                {
                    Path = "/",
                    PathType = "Prefix",
                    Backend = new V1IngressBackend
                    {
                        Service = new V1IngressServiceBackend { Name = $"dalp-{route.Name}", Port = new V1ServiceBackendPort { Name = "http" } },
                    },
                },
            ],
        },
    };
}
