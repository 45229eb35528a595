using k8s;
using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>What a cluster has before the platform comes: nodes in one region, classes, the namespace and its quota.</summary>
internal static class ClusterManifests
{
    private const string KubeletVersion = "v1.32.4";
    private const int NodeCount = 3;

    public static IEnumerable<IKubernetesObject<V1ObjectMeta>> For(LabSite site) =>
    [
        new V1Namespace { Metadata = Naming.Cluster(LabSite.Namespace) },
        .. Enumerable.Range(1, NodeCount).Select(number => Node(site, number)),
        new V1StorageClass
        {
            Metadata = Default(Naming.Cluster("fast"), "storageclass.kubernetes.io/is-default-class"),
            Provisioner = "csi.lab.dalpha.dev",
            AllowVolumeExpansion = true,
        },
        new V1IngressClass
        {
            Metadata = Default(Naming.Cluster("nginx"), "ingressclass.kubernetes.io/is-default-class"),
            Spec = new V1IngressClassSpec { Controller = "k8s.io/ingress-nginx" },
        },
        new V1ResourceQuota
        {
            Metadata = Naming.Platform("dalp"),
            Spec = new V1ResourceQuotaSpec
            {
                Hard = new Dictionary<string, ResourceQuantity>
                {
                    ["pods"] = new("60"),
                    ["requests.cpu"] = new("16"),
                    ["requests.memory"] = new("64Gi"),
                },
            },
        },
    ];

    private static V1Node Node(LabSite site, int number)
    {
        var name = $"{site.Context}-{number}";
        var meta = Naming.Cluster(name);
        meta.Labels["kubernetes.io/hostname"] = name;
        meta.Labels["kubernetes.io/os"] = "linux";
        meta.Labels["kubernetes.io/arch"] = "amd64";
        meta.Labels["topology.kubernetes.io/region"] = site.Region;
        meta.Labels["topology.kubernetes.io/zone"] = $"{site.Region}{(char)('a' + number - 1)}";
        var capacity = Naming.Amounts("8", "32Gi");
        capacity["pods"] = new ResourceQuantity("110");
        return new V1Node
        {
            Metadata = meta,
            Status = new V1NodeStatus
            {
                Capacity = capacity,
                Allocatable = capacity,
                Addresses = site.KubeletPort is null ? null : [new V1NodeAddress { Type = "InternalIP", Address = "127.0.0.1" }],
                DaemonEndpoints = site.KubeletPort is { } port ? new V1NodeDaemonEndpoints { KubeletEndpoint = new V1DaemonEndpoint { Port = port } } : null,
                Conditions = [new V1NodeCondition { Type = "Ready", Status = "True", Reason = "KubeletReady" }],
                NodeInfo = new V1NodeSystemInfo
                {
                    KubeletVersion = KubeletVersion,
                    KubeProxyVersion = KubeletVersion,
                    ContainerRuntimeVersion = "containerd://2.0.5",
                    Architecture = "amd64",
                    OperatingSystem = "linux",
                    OsImage = "DalpHa lab",
                    KernelVersion = "none",
                    MachineID = name,
                    SystemUUID = name,
                    BootID = name,
                },
            },
        };
    }

    private static V1ObjectMeta Default(V1ObjectMeta meta, string annotation)
    {
        meta.Annotations = new Dictionary<string, string> { [annotation] = "true" };
        return meta;
    }
}
