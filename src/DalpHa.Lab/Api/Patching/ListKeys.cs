namespace DalpHa.Lab.Api.Patching;

/// <summary>
/// By which fields the items of the built-in kinds' lists are told apart: x-kubernetes-patch-merge-key and x-kubernetes-list-map-keys of the API's own
/// OpenAPI document. Lists that are not here are replaced as a whole.
/// </summary>
internal static class ListKeys
{
    private static readonly Dictionary<string, string> MergeKeys = new()
    {
        ["spec.containers"] = "name", ["spec.initContainers"] = "name", ["spec.ephemeralContainers"] = "name", ["spec.volumes"] = "name",
        ["spec.imagePullSecrets"] = "name", ["spec.hostAliases"] = "ip", ["spec.topologySpreadConstraints"] = "topologyKey",
        ["containers.env"] = "name", ["containers.ports"] = "containerPort", ["containers.volumeMounts"] = "mountPath", ["containers.volumeDevices"] = "devicePath",
        ["initContainers.env"] = "name", ["initContainers.ports"] = "containerPort", ["initContainers.volumeMounts"] = "mountPath",
        ["initContainers.volumeDevices"] = "devicePath",
        ["status.conditions"] = "type", ["metadata.ownerReferences"] = "uid",
    };

    private static readonly Dictionary<(string Kind, string Path), string> OfKinds = new()
    {
        [("Service", "spec.ports")] = "port", [("ServiceAccount", ".secrets")] = "name", [("Node", "status.addresses")] = "type", [("Pod", "status.podIPs")] = "ip",
    };

    private static readonly Dictionary<string, string> SecondKeys = new()
    {
        ["containers.ports"] = "protocol", ["initContainers.ports"] = "protocol", ["spec.ports"] = "protocol", ["spec.topologySpreadConstraints"] = "whenUnsatisfiable",
    };

    /// <summary>The field that tells the list's items apart in a strategic merge, or null when the list is replaced.</summary>
    /// <param name="kind">The object's kind.</param>
    /// <param name="parent">The name of the member that holds the list's owner ("containers" for a container's list, empty at the top).</param>
    /// <param name="name">The list's own name.</param>
    public static string? MergeKey(ResourceKind kind, string parent, string name)
    {
        if (kind.Custom)
        {
            return null;
        }
        var path = $"{parent}.{name}";
        return OfKinds.GetValueOrDefault((kind.Kind, path)) ?? MergeKeys.GetValueOrDefault(path);
    }

    /// <summary>The fields that tell the list's items apart for server-side apply; empty when the list has one owner as a whole.</summary>
    public static IReadOnlyList<string> MapKeys(ResourceKind kind, string parent, string name)
    {
        var first = MergeKey(kind, parent, name);
        return first is null ? [] : SecondKeys.TryGetValue($"{parent}.{name}", out var second) ? [first, second] : [first];
    }

    /// <summary>A list of plain values that is merged as a set.</summary>
    public static bool IsSet(ResourceKind kind, string parent, string name) =>
        $"{parent}.{name}" is "metadata.finalizers" || (kind.Kind == "Node" && $"{parent}.{name}" == "spec.podCIDRs");
}
