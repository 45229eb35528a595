using DalpHa.Core.Clusters;

namespace DalpHa.Core.Topology;

/// <summary>What DalpHa needs to be allowed on a site's cluster, each with what for. The roles in <c>module/rbac</c> grant this and no more.</summary>
public static class RequiredPermissions
{
    private const string Apps = "apps";
    private const string Batch = "batch";
    private const string Networking = "networking.k8s.io";
    private const string Storage = "storage.k8s.io";
    private const string Coordination = "coordination.k8s.io";
    private const string CloudNativePg = "postgresql.cnpg.io";
    private const string OpenShiftRoutes = "route.openshift.io";

    /// <summary>What a reader needs on a site: everything that the readiness checks look at, and tunnels where the topology forwards.</summary>
    /// <param name="site">The site.</param>
    public static IReadOnlyList<AccessRequest> ForReading(DalpSite site) =>
    [
        .. ForReading(site.Namespace),
        .. site.Database?.Servers.Any(server => server.Forward is not null) == true ? ForTunnels(site.Namespace) : [],
    ];

    /// <summary>What a reader needs: everything that the readiness checks look at.</summary>
    /// <param name="namespace">The namespace that the platform runs in.</param>
    public static IReadOnlyList<AccessRequest> ForReading(string @namespace) =>
    [
        new("get", "", "namespaces", null, @namespace, "tell an absent namespace from an empty one"),
        new("list", "", "pods", null, @namespace, "see which pods run, and their restarts"),
        new("list", Apps, "deployments", null, @namespace, "see what runs and in which version"),
        new("list", Apps, "statefulsets", null, @namespace, "see what runs and in which version"),
        new("list", Apps, "daemonsets", null, @namespace, "see what runs and in which version"),
        new("list", Batch, "cronjobs", null, @namespace, "see what starts by itself"),
        new("get", "", "secrets", null, @namespace, "compare required secrets by digest"),
        new("list", "", "secrets", null, @namespace, "find secrets, certificates and Helm releases"),
        new("list", "", "configmaps", null, @namespace, "compare the configuration, and find Helm releases"),
        new("list", Networking, "ingresses", null, @namespace, "compare the routes"),
        new("list", "", "resourcequotas", null, @namespace, "see whether a quota stops the start"),
        new("list", "", "limitranges", null, @namespace, "see which pods the API server would change or refuse"),
        new("list", "", "persistentvolumeclaims", null, @namespace, "see which storage is needed"),
        new("list", "", "nodes", null, null, "see capacity and failure domains"),
        new("list", "", "pods", null, null, "see how much of the nodes is taken"),
        new("list", Storage, "storageclasses", null, null, "compare the storage classes"),
        new("list", Networking, "ingressclasses", null, null, "compare the ingress classes"),
    ];

    /// <summary>What a reader needs on OpenShift, beside <see cref="ForReading(string)"/>. Elsewhere there are no such things, and nobody asks for them.</summary>
    /// <param name="namespace">The namespace that the platform runs in.</param>
    public static IReadOnlyList<AccessRequest> ForOpenShift(string @namespace) => [new("list", OpenShiftRoutes, "routes", null, @namespace, "compare the routes")];

    /// <summary>What listing recovery points needs beside <see cref="ForReading(string)"/>. Where there is no CloudNativePG, there are no such things, and nobody asks for them.</summary>
    /// <param name="namespace">The namespace that the platform runs in.</param>
    public static IReadOnlyList<AccessRequest> ForRecoveryPoints(string @namespace) =>
    [
        new("list", CloudNativePg, "backups", null, @namespace, "see what the database can be restored from"),
        new("list", "barmancloud.cnpg.io", "objectstores", null, @namespace, "see what the database can be restored from"),
    ];

    /// <summary>What listing Velero's backups needs; only where the topology names its namespace.</summary>
    /// <param name="namespace">The namespace that Velero runs in.</param>
    public static IReadOnlyList<AccessRequest> ForVelero(string @namespace) => [new("list", "velero.io", "backups", null, @namespace, "see what the platform can be restored from")];

    /// <summary>What a failover writes on OpenShift, beside <see cref="ForFailover"/>.</summary>
    /// <param name="namespace">The namespace that the platform runs in.</param>
    public static IReadOnlyList<AccessRequest> ForOpenShiftFailover(string @namespace) =>
    [
        new("get", OpenShiftRoutes, "routes", null, @namespace, "see how a route shares its requests before it is closed"),
        new("patch", OpenShiftRoutes, "routes", null, @namespace, "close and open a site's routes"),
    ];

    /// <summary>What a tunnel to a pod or service needs, beside <see cref="ForReading(string)"/>: only where the topology forwards.</summary>
    /// <remarks>A tunnel over WebSocket is a GET, and so asks for <c>get</c>; API servers from 1.35 on ask for <c>create</c> as well.</remarks>
    /// <param name="namespace">The namespace that the platform runs in.</param>
    public static IReadOnlyList<AccessRequest> ForTunnels(string @namespace) =>
    [
        new("get", "", "services", null, @namespace, "find the pods behind a service"),
        new("get", "", "pods", null, @namespace, "find the pod to tunnel to"),
        new("get", "", "pods", "portforward", @namespace, "reach the database through the API server"),
        new("create", "", "pods", "portforward", @namespace, "reach the database through the API server"),
    ];

    /// <summary>
    /// What it takes to look into a fenced CloudNativePG Cluster, in the pods of its instances only. It is granted by their names, and so nobody asks for it beforehand:
    /// for all pods it is refused.
    /// </summary>
    /// <param name="namespace">The namespace that the platform runs in.</param>
    public static IReadOnlyList<AccessRequest> ForStoppedDatabase(string @namespace) =>
    [
        new("get", "", "pods", "exec", @namespace, "read the files of a stopped database"),
        new("create", "", "pods", "exec", @namespace, "read the files of a stopped database"),
    ];

    /// <summary>What a failover writes, beside <see cref="ForReading(string)"/>.</summary>
    /// <param name="namespace">The namespace that the platform runs in.</param>
    public static IReadOnlyList<AccessRequest> ForFailover(string @namespace) =>
    [
        new("patch", Apps, "deployments", null, @namespace, "start and stop workloads, and remember their counts"),
        new("patch", Apps, "statefulsets", null, @namespace, "start and stop workloads and validators, and remember their counts"),
        new("get", Batch, "cronjobs", null, @namespace, "see whether a CronJob was suspended before DalpHa suspends it"),
        new("patch", Batch, "cronjobs", null, @namespace, "suspend and resume CronJobs, and remember that they were not suspended"),
        new("get", Networking, "ingresses", null, @namespace, "see which class serves a route before it is closed"),
        new("patch", Networking, "ingresses", null, @namespace, "close and open a site's routes"),
        new("get", Coordination, "leases", null, @namespace, "keep a second failover out"),
        new("create", Coordination, "leases", null, @namespace, "keep a second failover out"),
        new("update", Coordination, "leases", null, @namespace, "keep a second failover out"),
        new("get", "", "configmaps", null, @namespace, "keep the journal where another operator finds it"),
        new("create", "", "configmaps", null, @namespace, "keep the journal where another operator finds it"),
        new("update", "", "configmaps", null, @namespace, "keep the journal where another operator finds it"),
        new("get", CloudNativePg, "clusters", null, @namespace, "see the database's role and demotion token"),
        new("patch", CloudNativePg, "clusters", null, @namespace, "promote, demote, freeze and fence the database"),
    ];
}
