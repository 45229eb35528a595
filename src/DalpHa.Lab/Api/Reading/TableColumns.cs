using System.Globalization;
using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Reading;

/// <summary>One column: its heading and where its cells come from. Priority 1 is shown in wide output only.</summary>
internal sealed record TableColumn(string Name, string Type, Func<StoredObject, JsonNode?> Cell, int Priority = 0);

/// <summary>Which columns each kind is printed with.</summary>
internal static class TableColumns
{
    private static readonly TableColumn Name = new("Name", "string", stored => stored.Name);

    // kubectl turns a creation time into an age itself only for custom columns; in tables the server tells the age.
    private static readonly TableColumn Age = new("Age", "string", stored => AgeOf(stored.Metadata.Text("creationTimestamp")));

    private static readonly Dictionary<string, TableColumn[]> Known = new()
    {
        ["Pod"] =
        [
            new("Ready", "string", PodReady), new("Status", "string", PodStatus), new("Restarts", "integer", PodRestarts), Age,
            Text("IP", "status.podIP", 1), Text("Node", "spec.nodeName", 1),
        ],
        ["Deployment"] =
        [
            new("Ready", "string", stored => $"{Number(stored, "status.readyReplicas")}/{Number(stored, "spec.replicas")}"),
            Count("Up-to-date", "status.updatedReplicas"), Count("Available", "status.availableReplicas"), Age,
        ],
        ["StatefulSet"] = [new("Ready", "string", stored => $"{Number(stored, "status.readyReplicas")}/{Number(stored, "spec.replicas")}"), Age],
        ["ReplicaSet"] = [Count("Desired", "spec.replicas"), Count("Current", "status.replicas"), Count("Ready", "status.readyReplicas"), Age],
        ["DaemonSet"] = [Count("Desired", "status.desiredNumberScheduled"), Count("Current", "status.currentNumberScheduled"), Count("Ready", "status.numberReady"), Age],
        ["Job"] = [new("Completions", "string", stored => $"{Number(stored, "status.succeeded")}/{Number(stored, "spec.completions")}"), Age],
        ["CronJob"] = [Text("Schedule", "spec.schedule"), Text("Suspend", "spec.suspend"), Age],
        ["Secret"] = [Text("Type", "type"), new("Data", "integer", stored => (stored.Value["data"] as JsonObject)?.Count ?? 0), Age],
        ["ConfigMap"] = [new("Data", "integer", stored => (stored.Value["data"] as JsonObject)?.Count ?? 0), Age],
        ["Service"] = [Text("Type", "spec.type"), Text("Cluster-IP", "spec.clusterIP"), new("Port(s)", "string", ServicePorts), Age],
        ["Namespace"] = [Text("Status", "status.phase"), Age],
        ["Node"] = [new("Status", "string", NodeStatus), new("Roles", "string", NodeRoles), Age, Text("Version", "status.nodeInfo.kubeletVersion")],
        ["PersistentVolumeClaim"] = [Text("Status", "status.phase"), Text("Volume", "spec.volumeName"), Text("Capacity", "status.capacity.storage"), Text("StorageClass", "spec.storageClassName"), Age],
        ["PersistentVolume"] = [Text("Capacity", "spec.capacity.storage"), Text("Status", "status.phase"), Text("StorageClass", "spec.storageClassName"), Age],
        ["StorageClass"] = [Text("Provisioner", "provisioner"), Text("ReclaimPolicy", "reclaimPolicy"), Age],
        ["Ingress"] = [Text("Class", "spec.ingressClassName"), new("Hosts", "string", IngressHosts), Age],
        ["Lease"] = [Text("Holder", "spec.holderIdentity"), Age],
        ["Event"] = [Text("Type", "type"), Text("Reason", "reason"), Text("Message", "message"), Age],
    };

    public static IReadOnlyList<TableColumn> Of(ResourceKind kind)
    {
        if (kind.PrinterColumns is { Count: > 0 } declared)
        {
            return [Name, .. declared.OfType<JsonObject>().Select(Declared)];
        }
        return [Name, .. !kind.Custom && Known.TryGetValue(kind.Kind, out var columns) ? columns : [Age]];
    }

    private static TableColumn Declared(JsonObject column)
    {
        var path = (column.Text("jsonPath") ?? "").TrimStart('.');
        var date = column.Text("type") == "date";
        return new TableColumn(column.Text("name") ?? "", date ? "date" : column.Text("type") ?? "string",
            stored => date ? AgeOf(stored.Value.Text(path)) : stored.Value.At(path)?.DeepClone(), (int)(column.Number("priority") ?? 0));
    }

    private static TableColumn Text(string name, string path, int priority = 0) => new(name, "string", stored => stored.Value.Text(path) ?? "<none>", priority);

    private static TableColumn Count(string name, string path) => new(name, "integer", stored => Number(stored, path));

    private static long Number(StoredObject stored, string path) => stored.Value.Number(path) ?? 0;

    private static JsonNode PodReady(StoredObject pod)
    {
        var ready = (pod.Value.At("status.containerStatuses") as JsonArray ?? []).Count(status => status.Text("ready") == "true");
        return $"{ready}/{(pod.Value.At("spec.containers") as JsonArray ?? []).Count}";
    }

    private static JsonNode PodStatus(StoredObject pod)
    {
        var waiting = (pod.Value.At("status.containerStatuses") as JsonArray ?? [])
            .Select(status => status.Text("state.waiting.reason") ?? status.Text("state.terminated.reason")).FirstOrDefault(reason => reason is not null);
        return pod.Deleting ? "Terminating" : waiting ?? pod.Value.Text("status.reason") ?? pod.Value.Text("status.phase") ?? "Unknown";
    }

    private static JsonNode PodRestarts(StoredObject pod) =>
        (pod.Value.At("status.containerStatuses") as JsonArray ?? []).Sum(status => status.Number("restartCount") ?? 0);

    private static JsonNode ServicePorts(StoredObject service) =>
        string.Join(',', service.Value.Child("spec").Items("ports").Select(port => $"{port.Text("port")}/{port.Text("protocol")}"));

    private static JsonNode NodeStatus(StoredObject node)
    {
        var ready = (node.Value.At("status.conditions") as JsonArray ?? []).FirstOrDefault(condition => condition.Text("type") == "Ready").Text("status");
        var status = ready switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        return node.Value.Text("spec.unschedulable") == "true" ? status + ",SchedulingDisabled" : status;
    }

    private static JsonNode NodeRoles(StoredObject node)
    {
        const string prefix = "node-role.kubernetes.io/";
        var roles = (node.Metadata["labels"] as JsonObject ?? []).Where(label => label.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(label => label.Key[prefix.Length..]);
        return string.Join(',', roles) is { Length: > 0 } text ? text : "<none>";
    }

    private static JsonNode IngressHosts(StoredObject ingress) =>
        string.Join(',', (ingress.Value.At("spec.rules") as JsonArray ?? []).Select(rule => rule.Text("host") ?? "*"));

    private static JsonNode AgeOf(string? since)
    {
        if (!DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var created))
        {
            return "<unknown>";
        }
        var age = TimeProvider.System.GetUtcNow() - created;
        return age switch
        {
            { TotalSeconds: < 120 } => $"{Math.Max(0, (int)age.TotalSeconds)}s",
            { TotalMinutes: < 10 } => age.Seconds == 0 ? $"{(int)age.TotalMinutes}m" : $"{(int)age.TotalMinutes}m{age.Seconds}s",
            { TotalHours: < 3 } => $"{(int)age.TotalMinutes}m",
            { TotalHours: < 48 } => $"{(int)age.TotalHours}h",
            _ => $"{(int)age.TotalDays}d",
        };
    }
}
